"""The command that shows findings, and writes down which of them may be."""

from typing import Any

import click

from songpop import console
from songpop.cli.options import json_option, print_json, settings_options
from songpop.clock import utc_now
from songpop.errors import SettingsError
from songpop.findings import SEVERITIES
from songpop.settings import Settings


@click.command("findings")
@click.option("--run", "run_id", metavar="RUN", default="latest", show_default=True, help="Of this run; all for every")
@click.option("--by-kind", is_flag=True, help="The newest finding of each kind, of all runs")
@click.option("--check", "check_name", metavar="NAME", help="Only of this check")
@click.option("--severity", type=click.Choice(SEVERITIES), multiple=True, help="Only these; may be given again")
@click.option("--open", "is_open", is_flag=True, help="Only what nobody acknowledged, and no notes")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most")
@click.option("--acknowledge", "finding_id", metavar="ID", help="Say of this warning that it may be")
@click.option("--note", metavar="TEXT", help="Why it may be")
@settings_options
@json_option
def findings_command(
    settings: Settings,
    run_id: str,
    by_kind: bool,
    check_name: str | None,
    severity: tuple[Any, ...],
    is_open: bool,
    limit: int,
    finding_id: str | None,
    note: str | None,
    as_json: bool,
) -> None:
    """Show what checks found, since when, and what was acknowledged.

    A warning that may be is acknowledged by its ID (or by its check, whose newest finding is meant) with a note. It
    is then listed, but pages nobody and leads no page, until it goes away or more than twice as many rows break the
    rule. What is critical stops a night and can't be acknowledged.
    """
    from songpop.reporting import findings_list

    if (finding_id is None) != (note is None):
        raise SettingsError("--acknowledge ID and --note TEXT must be given together, however one is missing.")
    if finding_id is not None and note is not None:
        row = findings_list.acknowledge(settings, finding_id, note, now=utc_now())
        if as_json:
            print_json(row | {"is_acknowledged": True, "note": note})
        else:
            console.say(f"Acknowledged {row['finding_id']} ({row['check_name']}): {row['message']}")
        return
    filters = findings_list.FindingFilters(
        run_id=None if by_kind or run_id == "all" else run_id,
        check_name=check_name,
        severities=severity,
        is_open=is_open,
        by_kind=by_kind,
        limit=limit,
    )
    rows = findings_list.read_findings(settings, filters)
    if as_json:
        print_json(rows)
        return
    if heading := findings_list.describe_run(settings, filters, rows):
        click.echo(f"{heading}\n")
    if not rows:
        click.echo("Nothing was found.")
    notes = [row for row in rows if row["severity"] == "note"]
    for title, shown in (("Findings", [row for row in rows if row["severity"] != "note"]), ("Notes", notes)):
        if shown:
            click.echo(f"{title}\n")
        for row in shown:
            last = f", last found for {row['as_of_date']}" if by_kind else ""
            click.echo(f"{row['severity']}  {row['finding_id']}  {row['check_name']}  {_since(row)}{last}")
            click.echo(f"  {console.one_line(row['message'])}")
            if row["is_acknowledged"]:
                click.echo(f"  acknowledged {row['acknowledged_at']:%Y-%m-%d}: {console.one_line(row['note'])}")
            click.echo()


def _since(row: dict[str, Any]) -> str:
    n = row["n_nights"]
    return f"since {row['first_seen_date']}, {n} runs in a row" if n > 1 else f"new on {row['first_seen_date']}"
