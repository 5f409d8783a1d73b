"""A night that failed or was degraded is told to a command or a webhook, and never made worse by that."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from songpop.errors import SourceError, WarehouseError
from songpop.findings import Finding
from songpop.pipeline import night
from songpop.pipeline.load import Inputs
from songpop.reporting import notifications
from songpop.run import open_run
from songpop.settings import Settings
from songpop.sources.loopback import LoopbackServer, Reply

_DAY = date(2026, 11, 23)
_FINDING = Finding("a_rule", "warning", "Björk must be there, however she is not.", "marts.artists", n_rows=1)


def _settings(home: Path, **environ: str) -> Settings:
    named = {f"SONGPOP_NOTIFY_{name.upper()}": value for name, value in environ.items()}
    return Settings.from_env(named, home=home, threads=1, memory_limit="1GB")


def _python(code: str) -> str:
    return f'{sys.executable} -c "{code}"'


def _event(**facts: Any) -> dict[str, Any]:
    event = notifications.describe_night(
        _DAY, **{"run_id": "nightly-1", "failure": None, "findings": [_FINDING], **facts}
    )
    assert event is not None
    return event


def test_a_good_night_is_told_to_nobody() -> None:
    assert notifications.describe_night(_DAY, run_id="nightly-1", failure=None) is None


def test_an_event_says_in_words_and_in_data_what_happened() -> None:
    degraded = _event(steps=[("load", 1.26, "2 rows")], report="reports/nightly-1.md")

    assert degraded["event"] == "degraded"
    assert degraded["text"] == f"songpop night of 2026-11-23 was degraded: {_FINDING.message}"
    assert degraded["findings"] == [
        {"severity": "warning", "check_name": "a_rule", "message": _FINDING.message, "table_name": "marts.artists",
         "n_rows": 1}
    ]  # fmt: skip
    assert degraded["steps"] == [{"step": "load", "seconds": 1.3, "outcome": "2 rows"}]
    many = _event(findings=[_FINDING] * 30)
    assert (many["n_findings"], len(many["findings"]), many["text"][-13:]) == (30, 20, "; and 27 more")
    note = Finding("read_otherwise", "note", "A date was read as one.")
    assert _event(findings=[note, _FINDING])["n_findings"] == 1
    assert notifications.describe_night(_DAY, run_id="nightly-1", failure=None, findings=[note]) is None
    failed = _event(failure="No file.", findings=[])
    assert (failed["event"], failed["text"]) == ("failed", "songpop night of 2026-11-23 failed: No file.")


def test_a_command_gets_the_event_on_its_standard_input(tmp_path: Path) -> None:
    out = tmp_path / "event.json"
    settings = _settings(tmp_path, command=f"tee '{out}'")

    assert notifications.notify(settings, _event()) == []
    assert json.loads(out.read_text("utf-8")) == _event()


def test_a_webhook_gets_the_event_by_post(tmp_path: Path) -> None:
    with LoopbackServer(lambda request: Reply(204, b"")) as server:
        problems = notifications.notify(_settings(tmp_path, url=f"{server.url}/hook"), _event())

    assert problems == []
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["Content-Type"].startswith("application/json")
    assert json.loads(request.body) == _event()


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_refuses_is_said_without_its_address(tmp_path: Path, status: int) -> None:
    with LoopbackServer(lambda request: Reply(status, b"", {"Location": "/elsewhere"})) as server:
        (problem,) = notifications.notify(_settings(tmp_path, url=f"{server.url}/a-secret"), _event())

    assert problem == f"The webhook of SONGPOP_NOTIFY_URL must accept the event, however it answered {status}."
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a-secret", "a-secret", "http://[a-secret"])
def test_a_webhook_that_is_not_there_is_said_without_its_address(tmp_path: Path, url: str) -> None:
    (problem,) = notifications.notify(_settings(tmp_path, url=url), _event())

    assert problem.startswith(
        "The webhook of SONGPOP_NOTIFY_URL must accept the event, however it could not be reached ("
    )
    assert "a-secret" not in problem


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (_python("import sys; sys.exit('no mail today')"), "it ended with 1: no mail today."),
        (_python("import time; time.sleep(30)"), "it did not end within 0.5 s."),
        ("no-such-command-anywhere --x", "it can't be run (FileNotFoundError"),
        ("mail 'unfinished", "it can't be run (ValueError: No closing quotation)"),
    ],
)
def test_a_command_that_fails_is_said(tmp_path: Path, command: str, reason: str) -> None:
    (problem,) = notifications.notify(_settings(tmp_path, command=command), _event(), timeout=0.5)

    assert problem.startswith("SONGPOP_NOTIFY_COMMAND must take the event and end well, however ")
    assert reason in problem


def test_a_webhook_that_hangs_holds_no_night_up(tmp_path: Path) -> None:
    with LoopbackServer(lambda request: Reply(200, b"", {"Content-Length": "5"})) as server:
        (problem,) = notifications.notify(_settings(tmp_path, url=server.url), _event(), timeout=0.5)

    assert "it could not be reached (" in problem


def test_a_night_that_fails_tells_and_still_fails_for_its_own_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with LoopbackServer(lambda request: Reply(500, b"")) as server:
        settings = _settings(tmp_path, url=server.url)
        with pytest.raises(SourceError, match="An input file must exist"):
            night.run_night(settings, Inputs(releases=tmp_path / "none.csv"), as_of_date=_DAY)

    event = json.loads(server.requests[0].body)
    assert (event["event"], event["as_of_date"]) == ("failed", "2026-11-23")
    assert "An input file must exist" in event["text"]
    assert event["run_id"].startswith("nightly-")
    assert Path(event["report"]).is_file()
    assert "The webhook of SONGPOP_NOTIFY_URL must accept the event, however it answered 500" in capsys.readouterr().err


def test_a_night_that_cannot_begin_tells_too(tmp_path: Path) -> None:
    with LoopbackServer(lambda request: Reply(200, b"")) as server:
        settings = _settings(tmp_path, url=server.url)
        with (
            open_run(settings, "score", as_of_date=_DAY),
            pytest.raises(WarehouseError, match="Only one run may write"),
        ):
            night.run_night(settings, Inputs(), as_of_date=_DAY)

    assert json.loads(server.requests[0].body)["run_id"] is None
