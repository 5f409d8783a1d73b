"""Data Docs: pages about what was checked and found; they need no network and name no path of the machine."""

import html
import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from songpop.checking.sql_checks import CheckOutcome
from songpop.findings import Finding

# runs that keep their pages
_KEPT_RUNS = 7
_STATE = "results.json"

# Great Expectations' pages load styles, scripts and a logo from seven hosts; none is needed to read them
_REMOTE = re.compile(
    r'<script\b[^>]*\bsrc="https?:[^"]*"[^>]*>\s*</script>|<link\b[^>]*\bhref="(?:https?:|[^"]*static/)[^"]*"[^>]*>'
    r"|<script\b[^>]*>.*?</script>|<img\b[^>]*>|<footer\b.*?</footer>|<style>.*?</style>|<title>.*?</title>",
    re.DOTALL,
)
_UP = re.compile(r'href="(?:\.\./)+index\.html"')
_OTHER_PAGES = re.compile(r'<a[^>]*href="(?:\.\./)+expectations/[^"]*"[^>]*>(.*?)</a>', re.DOTALL)
_ACTIONS = re.compile(
    r'<div class="card mb-3">\s*<div class="card-header p-2">\s*<strong>Actions.*?'
    r'(?=<div class="card d-md-block)',
    re.DOTALL,
)
_ICONS = re.compile(r'<i class="[^"]*fa-(check|times|exclamation)[^"]*"[^>]*>\s*</i>')
_MARKS = {"check": "✓", "times": "✗", "exclamation": "!"}


@dataclass(frozen=True)
class SuiteReport:
    """What one suite gave: counts, findings and Great Expectations' page."""

    table: str
    n_expectations: int
    n_held: int
    findings: list[Finding] = field(repr=False)
    page: str = field(repr=False)


def write_docs(
    folder: Path,
    *,
    run_id: str,
    now: datetime,
    as_of_date: date,
    phase: str,
    findings: Sequence[Finding],
    suites: Sequence[SuiteReport],
    skipped: Sequence[str],
    checks: Sequence[CheckOutcome],
) -> Path:
    """Write the pages of a run, and a first page about it; return the first page's path.

    A run's phases share its pages. The newest seven runs are kept. Each file is replaced whole, the first
    page last, so a reader never meets half of one.
    """
    home = folder / run_id
    home.mkdir(parents=True, exist_ok=True)
    for suite in suites:
        if suite.page:
            _replace(home / f"{suite.table}.html", _suite_page(suite, run_id))
    state = _merge(
        _read_state(home),
        {
            "run_id": run_id,
            "now": f"{now:%Y-%m-%d %H:%M} UTC",
            "order": now.isoformat(),
            "as_of_date": as_of_date.isoformat(),
            "phases": {
                phase: {
                    "findings": [
                        [finding.severity, finding.check_name, finding.table_name or "", finding.message]
                        for finding in findings
                    ],
                    "suites": [[suite.table, suite.n_expectations, suite.n_held, bool(suite.page)] for suite in suites],
                    "skipped": list(skipped),
                    "checks": [_check_row(outcome) for outcome in checks],
                }
            },
        },
    )
    _replace(home / _STATE, json.dumps(state, ensure_ascii=False))
    _replace(home / "index.html", _run_page(state, "", []))
    earlier = _prune(folder, run_id)
    first_page = folder / "index.html"
    _replace(first_page, _run_page(state, f"{run_id}/", earlier))
    return first_page


def _check_row(outcome: CheckOutcome) -> list[Any]:
    finding = outcome.finding
    check = outcome.check
    return [check.name, check.rule, check.severity, check.table, finding is None, finding and finding.n_rows]


def _merge(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return {**new, "phases": {**old.get("phases", {}), **new["phases"]}}


def _read_state(home: Path) -> dict[str, Any]:
    try:
        state = json.loads((home / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _prune(folder: Path, run_id: str) -> list[dict[str, Any]]:
    """Remove the pages of old runs; return the states of the earlier ones that are kept, newest first."""
    states = [(path.parent, _read_state(path.parent)) for path in folder.glob(f"*/{_STATE}")]
    earlier = [entry for entry in states if entry[1].get("run_id", run_id) != run_id]
    earlier.sort(key=lambda entry: entry[1]["order"], reverse=True)
    for home, _ in earlier[_KEPT_RUNS - 1 :]:
        shutil.rmtree(home)
    return [state for _, state in earlier[: _KEPT_RUNS - 1]]


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _suite_page(suite: SuiteReport, run_id: str) -> str:
    """Make Great Expectations' page of one suite stand by itself."""
    page = _ACTIONS.sub("", suite.page)
    page = _REMOTE.sub("", page)
    page = _UP.sub('href="../index.html"', page)
    page = _OTHER_PAGES.sub(r"\1", page)
    page = _ICONS.sub(lambda match: f'<b class="{match[1]}">{_MARKS[match[1]]}</b>', page)
    head = f"<title>{html.escape(suite.table)} · {html.escape(run_id)}</title><style>{_STYLE}</style>"
    page = page.replace("</head>", f"{head}</head>", 1)
    own = _findings_table([[f.severity, f.check_name, f.table_name, f.message] for f in suite.findings])
    top = (
        f'<header><p><a href="../index.html">Data Docs</a> · {html.escape(run_id)}</p>'
        f"<h1>{html.escape(suite.table)}</h1>{own}</header>"
    )
    return re.sub(r"<nav class=\"navbar.*?</nav>\s*</div>\s*</nav>", lambda _: top, page, count=1, flags=re.DOTALL)


def _run_page(state: dict[str, Any], prefix: str, earlier: Sequence[dict[str, Any]]) -> str:
    """Make the page of one run: findings first, then suites, then SQL checks, then earlier runs."""
    phases = list(state["phases"].values())
    findings = [row for phase in phases for row in phase["findings"]]
    suites = [row for phase in phases for row in phase["suites"]]
    skipped = [table for phase in phases for table in phase["skipped"]]
    checks = [row for phase in phases for row in phase["checks"]]
    parts = [
        f"<header><h1>Data Docs {_badge(findings)}</h1>",
        f"<p>Run <code>{html.escape(state['run_id'])}</code>, checked {state['now']}, "
        f"as of {state['as_of_date']}.</p></header>",
        "<h2>Findings</h2>",
        _findings_table(findings) if findings else "<p>Every expectation and check held.</p>",
        "<h2>Tables</h2>",
        _suites_table(suites, skipped, prefix),
        "<h2>SQL checks</h2>",
        _checks_table(checks),
    ]
    if earlier:
        items = "".join(
            f'<li><a href="{html.escape(old["run_id"])}/index.html">{html.escape(old["run_id"])}</a>, '
            f"{old['now']} {_badge([row for phase in old['phases'].values() for row in phase['findings']])}</li>"
            for old in earlier
        )
        parts.append(f"<h2>Earlier runs</h2><ul>{items}</ul>")
    parts.append("<footer>The pages of the tables are made by Great Expectations.</footer>")
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>songpop Data Docs</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _badge(findings: Sequence[Sequence[Any]]) -> str:
    n_critical = sum(row[0] == "critical" for row in findings)
    n_warnings = len(findings) - n_critical
    if n_critical:
        return f'<span class="badge critical">{n_critical} critical</span>'
    if n_warnings:
        return f'<span class="badge warning">{n_warnings} {"warning" if n_warnings == 1 else "warnings"}</span>'
    return '<span class="badge held">all held</span>'


def _findings_table(rows: Sequence[Sequence[Any]]) -> str:
    if not rows:
        return ""
    lines = "".join(
        f'<tr><td><span class="badge {severity}">{severity}</span></td><td>{html.escape(message)}</td></tr>'
        for severity, _, _, message in rows
    )
    return f'<table class="findings"><thead><tr><th>Severity</th><th>What was seen</th></tr></thead>{lines}</table>'


def _suites_table(suites: Sequence[Sequence[Any]], skipped: Sequence[str], prefix: str) -> str:
    lines = [
        f"<tr><td>{_suite_link(table, prefix) if has_page else html.escape(table)}</td>"
        f"<td class=n>{n_expectations}</td><td class=n>{n_held}</td>"
        f"<td>{_mark(has_page and n_held == n_expectations)}</td></tr>"
        for table, n_expectations, n_held, has_page in suites
    ]
    lines += [
        f"<tr><td>{html.escape(table)}</td><td colspan=3>skipped: nothing was ever loaded or scored for it</td></tr>"
        for table in skipped
    ]
    head = "<tr><th>Table</th><th class=n>Expectations</th><th class=n>Held</th><th></th></tr>"
    return f"<table><thead>{head}</thead>{''.join(lines)}</table>"


def _suite_link(table: str, prefix: str) -> str:
    return f'<a href="{html.escape(prefix + table)}.html">{html.escape(table)}</a>'


def _checks_table(checks: Sequence[Sequence[Any]]) -> str:
    lines = "".join(
        f"<tr><td><code>{html.escape(name)}</code><br>{html.escape(rule)}</td><td>{html.escape(table)}</td>"
        f"<td>{severity}</td><td class=n>{0 if held else (n_rows if n_rows is not None else '')}</td>"
        f"<td>{_mark(held)}</td></tr>"
        for name, rule, severity, table, held, n_rows in checks
    )
    head = "<tr><th>Check</th><th>Table</th><th>Severity</th><th class=n>Rows</th><th></th></tr>"
    return f"<table><thead>{head}</thead>{lines}</table>"


def _mark(held: bool) -> str:
    return '<b class="check">✓</b>' if held else '<b class="times">✗</b>'


_STYLE = """
:root { color-scheme: light dark; --line: #d8dce2; --soft: #f4f5f7; --ink: #1c2430; --quiet: #5c6673;
  --good: #157347; --bad: #b42318; --warn: #8a5300; --link: #0b57c2; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #3a424d; --soft: #232a33; --ink: #e6e9ee;
  --quiet: #9aa5b1; --good: #4cc38a; --bad: #ff7b6e; --warn: #e5a84b; --link: #7db2ff; --paper: #161b22; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1180px; margin: 0 auto; padding: 24px; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 32px 0 8px; }
h3, h4, h5, h6 { font-size: 16px; margin: 16px 0 6px; }
p { margin: 4px 0 12px; } header p, footer { color: var(--quiet); } footer { margin-top: 40px; }
table { border-collapse: collapse; width: 100%; margin: 4px 0 16px; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 13px; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
code { font: 13px ui-monospace, monospace; }
.badge { font-size: 13px; font-weight: 600; padding: 1px 9px; border-radius: 10px; background: var(--soft);
  white-space: nowrap; vertical-align: middle; }
.critical, .times { color: var(--bad); } .warning, .exclamation { color: var(--warn); }
.held, .check { color: var(--good); } .findings td:first-child { width: 90px; }
.container-fluid .row { display: block; } .sticky ul { list-style: none; padding: 0; margin: 0;
  display: flex; flex-wrap: wrap; gap: 4px 14px; } .card { border: 0; }
.card-header, .lead, .cooltip .top, .modal, [data-toggle="collapse"], #section-1 .collapse { display: none; }
.ge-section { border-top: 1px solid var(--line); margin-top: 18px; padding-top: 8px; overflow-x: auto; }
.ge-section th { text-transform: none; } .show-scrollbars { overflow: auto; max-height: 320px; }
.collapse { margin: 6px 0; }
"""
