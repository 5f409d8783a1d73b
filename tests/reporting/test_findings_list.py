"""`songpop findings`: what was found, by run and by kind, and what somebody says may be."""

import json
from datetime import date, datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from songpop import ledger, warehouse
from songpop.cli import songpop
from songpop.findings import Finding
from songpop.reporting import status
from songpop.run import open_run
from songpop.settings import Settings

_NOTE = Finding("read_otherwise", "note", "Seconds were read as such.", "raw.files__tracks")
_WARNING = Finding("a_rule", "warning", "It must hold, however it does not.", "marts.tracks", n_rows=4)
_OTHER = Finding("another_rule", "warning", "That must hold, however it does not.")
_WORST = Finding("the_worst", "critical", "This must hold, however it does not.")
_FIRST = datetime(2026, 11, 20, 3)


@pytest.fixture
def nights(settings: Settings) -> Settings:
    """Return the settings of a warehouse of two nights with findings."""
    for day, found in enumerate(([_WARNING, _WORST], [_NOTE, _WARNING, _OTHER])):
        moment = _FIRST + timedelta(days=day)
        with open_run(settings, "nightly", as_of_date=moment.date(), clock=lambda moment=moment: moment) as run:  # type: ignore[misc]
            run.save_findings(found)
    return settings


def _run(settings: Settings, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(songpop, ["findings", *arguments, "--home", str(settings.home)])
    assert result.exit_code == code, result.exception
    return result


def _checks(settings: Settings, *arguments: str) -> list[str]:
    return [row["check_name"] for row in json.loads(_run(settings, "--json", *arguments).stdout)]


def test_findings_of_the_last_run_are_shown_with_since_when_and_notes_apart(nights: Settings) -> None:
    shown = _run(nights).stdout

    found, _, notes = shown.partition("Notes\n")
    assert "a_rule  since 2026-11-20, 2 runs in a row\n  It must hold" in found
    assert "another_rule  new on 2026-11-21" in found
    assert "read_otherwise" in notes
    assert "the_worst" not in shown


def test_findings_say_of_which_run_they_are_and_which_newer_one_found_nothing(nights: Settings) -> None:
    second = "Of nightly-20261121T030000000000Z, for 2026-11-21, which was degraded."
    assert _run(nights).stdout.startswith(f"{second}\n")
    moment = _FIRST + timedelta(days=2)
    with open_run(nights, "nightly", as_of_date=moment.date(), clock=lambda: moment):
        pass

    newer = "nightly-20261122T030000000000Z, for 2026-11-22, came after it, and found nothing."
    assert _run(nights).stdout.startswith(f"{second} {newer}\n")
    assert "came after" not in _run(nights, "--run", "nightly-20261121T030000000000Z").stdout
    by_kind = _run(nights, "--by-kind").stdout
    assert "Of nightly" not in by_kind
    assert "the_worst  new on 2026-11-20, last found for 2026-11-20\n" in by_kind


def test_findings_are_chosen_by_run_kind_check_and_severity(nights: Settings) -> None:
    first = "nightly-20261120T030000000000Z"
    assert _checks(nights, "--run", first) == ["the_worst", "a_rule"]
    assert _checks(nights, "--run", "all", "--check", "a_rule") == ["a_rule", "a_rule"]
    assert _checks(nights, "--by-kind") == ["a_rule", "another_rule", "read_otherwise", "the_worst"]
    assert _checks(nights, "--severity", "note", "--severity", "critical", "--run", "all") == [
        "read_otherwise",
        "the_worst",
    ]
    assert _checks(nights, "--limit", "1") == ["a_rule"]
    result = CliRunner().invoke(songpop, ["findings", "--run", "none", "--home", str(nights.home)])
    assert "--run must name a run, however none is 'none'" in str(result.exception)


def test_what_is_acknowledged_is_listed_and_leads_nothing(nights: Settings) -> None:
    before = status.read_status(nights, now=_FIRST + timedelta(days=1, hours=1))["trouble"]
    assert before["title"] == "The night for 2026-11-21 was degraded, with 2 findings"

    _run(nights, "--acknowledge", "a_rule", "--note", "known since spring")
    _run(nights, "--acknowledge", "nightly-20261121T030000000000Z-3", "--note", "so be it")

    assert status.read_status(nights, now=_FIRST + timedelta(days=1, hours=1))["trouble"] is None
    assert _checks(nights, "--open") == []
    assert "acknowledged " in _run(nights).stdout
    assert ": known since spring" in _run(nights).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--acknowledge", "a_rule"), "--acknowledge ID and --note TEXT must be given together"),
        (("--acknowledge", "a_rule", "--note", " "), "must say why, however its note is blank"),
        (("--acknowledge", "no_rule", "--note", "x"), "by its id or its check, however none is 'no_rule'"),
        (("--acknowledge", "the_worst", "--note", "x"), "is critical and stops every night. Mend what it names."),
    ],
)
def test_what_can_not_be_acknowledged_is_said(nights: Settings, arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(songpop, ["findings", *arguments, "--home", str(nights.home)])

    assert message in str(result.exception)
    with warehouse.open_file(nights.warehouse, nights, read_only=True) as con:
        assert con.execute("select count(*) from ledger.acknowledgements").fetchall() == [(0,)]


def test_a_warehouse_of_an_earlier_version_has_no_findings_to_show(settings: Settings) -> None:
    with warehouse.connect(settings) as con:
        ledger.open_run(con, "run", "nightly", as_of_date=date(2026, 11, 20), now=_FIRST)
        ledger.save_findings(con, "run", [_WARNING], now=_FIRST)
        con.execute("drop table ledger.acknowledgements")

    assert _run(settings).stdout == "Nothing was found.\n"
    assert status.read_status(settings, now=_FIRST)["findings"][0]["check_name"] == "a_rule"
