"""The night's report as one HTML page that needs nothing else, in light and dark, on a screen and on paper."""

import html

from songpop import __version__
from songpop.reporting.report import SYNTHETIC, Report, Table

# texts up to this length stay on one line
_SHORT = 16
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--line:#d5dae0;--card:#f6f8fa;--page:#fff;
--done:#17653a;--degraded:#8a5300;--failed:#b3261e;--bar:#9db8d9}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#a0a9b4;--line:#343b44;--card:#1b2027;--page:#12161b;
--done:#5cc98a;--degraded:#e3a84b;--failed:#ff8a80;--bar:#3d5f8a}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:13px/1.4 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1440px;margin:auto;padding:16px 24px}
header{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;margin-bottom:12px}
h1{font-size:22px;margin:0}h2{font-size:13px;margin:0 0 6px;color:var(--soft);font-weight:600}
header code,footer{color:var(--soft);font-size:12px}
.outcome{font-weight:700;padding:1px 10px;border:1.5px solid;border-radius:99px}
.done{color:var(--done)}.degraded{color:var(--degraded)}.failed{color:var(--failed)}
.why{border-left:4px solid var(--failed);padding:6px 12px;margin:0 0 14px;background:var(--card);overflow-wrap:anywhere}
.made-up{color:var(--degraded);font-weight:600;margin:0 0 12px}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:10px;margin:0 0 16px}
dl div{background:var(--card);border-radius:8px;padding:8px 12px}dt{color:var(--soft);font-size:12px}dd{margin:0}
.columns{columns:2 520px;column-gap:32px}section{break-inside:avoid;overflow-x:auto;margin-bottom:14px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:2px 10px 2px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600;font-size:12px;color:var(--soft)}.n{text-align:right}.n,.s{white-space:nowrap}
.critical{color:var(--failed);font-weight:600}.warning{color:var(--degraded);font-weight:600}p{margin:0;color:var(--soft)}
.bar{display:block;height:3px;background:var(--bar);border-radius:2px}
footer{margin-top:6px}a{color:inherit}@media print{main{padding:0}}
"""


def render(report: Report) -> str:
    """Write a report as an HTML page; every value is escaped."""
    made_up = f'<p class="made-up">{SYNTHETIC}</p>' if report.is_synthetic else ""
    why = f'<p class="why">{html.escape(report.failure)}</p>' if report.failure else ""
    facts = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(words)}</dd></div>" for name, words in report.facts
    )
    title = html.escape(report.title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}: {report.outcome}</title><style>{_STYLE}</style></head><body><main>"
        f'<header><h1>{title}</h1><span class="outcome {report.outcome}">{report.outcome}</span>'
        f"<code>{html.escape(report.run_id)}</code></header>{made_up}{why}<dl>{facts}</dl>"
        f'<div class="columns">{"".join(_section(table) for table in report.tables)}</div>'
        f'<footer>songpop {__version__} · <a href="data_docs/index.html">what was checked</a></footer>'
        "</main></body></html>\n"
    )


def _section(table: Table) -> str:
    if table.rows is None:
        body = "<p>Not built yet.</p>"
    elif not table.rows:
        body = f"<p>{html.escape(table.nothing)}</p>"
    else:
        body = _table(table)
    return f"<section><h2>{html.escape(table.title)}</h2>{body}</section>"


def _table(table: Table) -> str:
    rows = table.rows or []
    is_number = [
        all(isinstance(value, (int, float, type(None))) for value in values) for values in zip(*rows, strict=True)
    ]
    longest = {
        number: max((float(str(row[number])) for row in rows), default=0.0)
        for number, name in enumerate(table.columns)
        if name == "seconds"
    }
    head = "".join(
        f'<th scope="col"{_align(right)}>{html.escape(name.replace("_", " "))}</th>'
        for name, right in zip(table.columns, is_number, strict=True)
    )
    body = "".join(f"<tr>{''.join(map(_cell, row, is_number, map(longest.get, range(len(row)))))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _align(right: bool) -> str:
    return ' class="n"' if right else ""


def _cell(value: object, right: bool, longest: float | None) -> str:
    text = "–" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    if text in ("critical", "warning"):
        return f'<td class="{text}">{text}</td>'
    kind = "n" if right else "s" if len(text) <= _SHORT else ""
    bar = ""
    if longest and isinstance(value, float):
        bar = f'<span class="bar" style="width:{max(100 * value / longest, 1):.0f}%"></span>'
    return f'<td class="{kind}">{html.escape(text)}{bar}</td>'
