"""Tell somebody of a night that failed or was degraded: a command that reads JSON, or a webhook that is sent it."""

import json
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from songpop import __version__
from songpop.findings import Finding
from songpop.settings import Settings

# seconds that a command or a webhook may take; a night must not hang on it
TIMEOUT = 10.0
_SHOWN_FINDINGS = 20


def describe_night(
    as_of_date: date,
    *,
    run_id: str | None,
    failure: str | None,
    findings: Sequence[Finding] = (),
    steps: Sequence[tuple[str, float, str]] = (),
    report: str | None = None,
) -> dict[str, Any] | None:
    """Describe a night for whom it may concern; None where all went well.

    Args:
        as_of_date: the day that it speaks for.
        run_id: None where not even its run could be opened.
        failure: why it failed, None where it did not.
        findings: what was found and is not acknowledged; notes are told to nobody, of the others the first 20.
        steps: name, seconds and outcome of each step done.
        report: path of the night's report.

    Returns:
        `event` (failed or degraded), `text` (one paragraph, under the name that chat services read), and all of the
        above as JSON's own types.
    """
    findings = [finding for finding in findings if finding.severity != "note"]
    if failure is None and not findings:
        return None
    event = "degraded" if failure is None else "failed"
    text = f"songpop night of {as_of_date} {'was degraded' if failure is None else 'failed'}: "
    text += failure or "; ".join(finding.message for finding in findings[:3])
    if failure is None and len(findings) > 3:
        text += f"; and {len(findings) - 3} more"
    return {
        "event": event,
        "text": text,
        "run_id": run_id,
        "as_of_date": as_of_date.isoformat(),
        "failure": failure,
        "n_findings": len(findings),
        "findings": [
            {name: getattr(finding, name) for name in ("severity", "check_name", "message", "table_name", "n_rows")}
            for finding in findings[:_SHOWN_FINDINGS]
        ],
        "steps": [{"step": name, "seconds": round(seconds, 1), "outcome": outcome} for name, seconds, outcome in steps],
        "report": report,
        "songpop_version": __version__,
    }


def notify(settings: Settings, event: Mapping[str, Any], *, timeout: float = TIMEOUT) -> list[str]:
    """Hand an event to the command and the webhook that the settings name; never raise.

    The command is run without a shell and gets the JSON on its standard input; the webhook gets it by POST. An address
    may be a secret, so no message shows it.

    Returns:
        What did not work, in words; empty where all did, or nothing is set.
    """
    body = json.dumps(event, ensure_ascii=False)
    messages = []
    if settings.notify_command:
        messages.append(_run(settings.notify_command, body, timeout))
    if settings.notify_url:
        messages.append(_post(settings.notify_url, body, timeout))
    return [message for message in messages if message]


def _run(command: str, body: str, timeout: float) -> str:
    must = "SONGPOP_NOTIFY_COMMAND must take the event and end well, however"
    try:
        arguments = shlex.split(command)
        done = subprocess.run(arguments, input=body, text=True, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return f"{must} it did not end within {timeout:g} s."
    except (OSError, ValueError) as error:
        return f"{must} it can't be run ({type(error).__name__}: {error})."
    if done.returncode:
        last_line = f": {done.stderr.strip().splitlines()[-1][:200]}" if done.stderr.strip() else ""
        return f"{must} it ended with {done.returncode}{last_line}."
    return ""


def _post(url: str, body: str, timeout: float) -> str:
    import requests

    must = "The webhook of SONGPOP_NOTIFY_URL must accept the event, however"
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": f"songpop/{__version__}"}
    try:
        response = requests.post(url, data=body.encode(), headers=headers, timeout=timeout, allow_redirects=False)
    except (requests.RequestException, ValueError) as error:
        return f"{must} it could not be reached ({type(error).__name__})."
    return "" if response.ok and not response.is_redirect else f"{must} it answered {response.status_code}."
