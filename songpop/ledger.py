"""The ledger: which runs there were, what they loaded, found, fitted, decided and scored."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import polars as pl

from songpop import __version__, resources
from songpop.errors import SettingsError, WarehouseError
from songpop.findings import MAX_EXAMPLES, Finding


def open_run(con: duckdb.DuckDBPyConnection, run_id: str, flow: str, *, as_of_date: date, now: datetime) -> None:
    """Write the row of a run that begins."""
    con.execute(
        "insert into ledger.runs values (?, ?, 'running', null, ?, ?, ?, null)",
        [run_id, flow, __version__, as_of_date, now],
    )


def close_run(
    con: duckdb.DuckDBPyConnection, run_id: str, status: str, *, now: datetime, message: str | None = None
) -> None:
    """Close a run as `done`, `degraded` or `failed`, with a sentence on why where there is one."""
    con.execute(
        "update ledger.runs set status = ?, message = ?, finished_at = ? where run_id = ? and finished_at is null",
        [status, message, now, run_id],
    )


def save_findings(con: duckdb.DuckDBPyConnection, run_id: str, findings: Sequence[Finding], *, now: datetime) -> None:
    """Append the findings of a run."""
    before = con.execute("select count(*) from ledger.findings where run_id = ?", [run_id]).fetchall()[0][0]
    rows = [
        [
            f"{run_id}-{before + number}",
            run_id,
            finding.check_name,
            finding.severity,
            finding.table_name,
            finding.column_name,
            finding.message,
            finding.n_rows,
            [str(key) for key in finding.example_keys[:MAX_EXAMPLES]],
            now,
        ]
        for number, finding in enumerate(findings, start=1)
    ]
    if rows:
        con.executemany("insert into ledger.findings values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def read_findings(con: duckdb.DuckDBPyConnection, run_id: str | None = None) -> list[dict[str, Any]]:
    """Read what was found, of one run or of all, the newest run first and the gravest findings first in it.

    It runs the query of marts.findings anew, so that what was found or acknowledged since the last build is there.

    Returns:
        Columns of marts.findings; without what a file of an earlier version can't tell, it has no row.
    """
    query = resources.sql_path("marts", "findings").read_text()
    gravest = "list_position(['critical', 'warning', 'note'], found.severity)"
    try:
        cursor = con.execute(
            f"select found.* from ({query}) as found inner join ledger.runs as runs on found.run_id = runs.run_id "
            f"where found.run_id = coalesce(?, found.run_id) order by runs.started_at desc, found.run_id, {gravest}, "
            "length(found.finding_id), found.finding_id",
            [run_id],
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        return []
    columns = [column[0] for column in cursor.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def save_acknowledgement(
    con: duckdb.DuckDBPyConnection, run_id: str, finding_id: str, note: str, *, now: datetime
) -> dict[str, Any]:
    """Append that a finding is known and may be; return it, as in marts.findings.

    Args:
        con: the writer's connection.
        run_id: the run that writes this down.
        finding_id: of the finding, or the name of its check, of which the newest finding is meant.
        note: why it may be.
        now: UTC.

    Raises:
        SettingsError: there is no such finding, it is critical, or the note is blank.
    """
    if not note.strip():
        raise SettingsError("An acknowledgement must say why, however its note is blank. Add --note TEXT.")
    rows = [row for row in read_findings(con) if finding_id in (row["finding_id"], row["check_name"])]
    if not rows:
        raise SettingsError(
            f"A finding must be one of the ledger, by its id or its check, however none is '{finding_id}'. "
            "`songpop findings` lists them."
        )
    if rows[0]["severity"] == "critical":
        raise SettingsError(
            f"Only a warning or a note can be acknowledged, however {rows[0]['finding_id']} is critical and stops "
            "every night. Mend what it names."
        )
    row = rows[0]
    con.execute(
        "insert into ledger.acknowledgements values (?, ?, ?, ?, ?)",
        [f"{run_id}-{row['finding_id']}", run_id, row["finding_id"], note.strip(), now],
    )
    return row


def champion_version(con: duckdb.DuckDBPyConnection) -> str | None:
    """Return the model version that scores releases, as the newest promotion says, or None before the first.

    It runs the query of marts.champion anew, so that a step that promotes and then scores needs no build in between.
    """
    query = resources.sql_path("marts", "champion").read_text()
    rows = con.execute(f"select model_version from ({query})").fetchall()
    return rows[0][0] if rows else None


def save_model(
    con: duckdb.DuckDBPyConnection,
    version: dict[str, Any],
    metrics: Sequence[dict[str, Any]],
    measures: Sequence[dict[str, Any]] = (),
    single_records: Sequence[dict[str, Any]] = (),
) -> None:
    """Append a model version, its metrics, measures by slice and record of singles, mappings of the ledger's columns.

    The role of a family stands once, with its metrics.
    """
    _insert(con, "model_versions", [version])
    _insert(con, "model_metrics", metrics)
    _insert(con, "single_records", [{"model_version": version["model_version"], **row} for row in single_records])
    if measures:
        rows = pl.DataFrame(measures, infer_schema_length=None).with_columns(
            pl.lit(version["model_version"]).alias("model_version")
        )
        rows = rows.drop("role", strict=False)
        con.register("new_measures", rows)
        try:
            con.execute("insert into ledger.model_measures by name select * from new_measures")
        finally:
            con.unregister("new_measures")


def save_drift(con: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> None:
    """Append how a run's releases and scores lie beside the training reference; columns of ledger.drift, any order."""
    con.register("new_drift", rows)
    try:
        con.execute("insert into ledger.drift by name select * from new_drift")
    finally:
        con.unregister("new_drift")


def save_scored_list(con: duckdb.DuckDBPyConnection, scored_list: dict[str, Any]) -> None:
    """Append whether a run's list can be trusted, a mapping of the ledger's columns."""
    _insert(con, "scored_lists", [scored_list])


def save_recalibration(con: duckdb.DuckDBPyConnection, recalibration: dict[str, Any]) -> None:
    """Append that a recalibration was taken or undone, a mapping of the ledger's columns."""
    _insert(con, "recalibrations", [recalibration])


def save_promotion(con: duckdb.DuckDBPyConnection, promotion: dict[str, Any]) -> None:
    """Append a promotion decision, a mapping of the ledger's columns."""
    _insert(con, "promotions", [promotion])


def save_scores(con: duckdb.DuckDBPyConnection, scores: pl.DataFrame) -> None:
    """Append a run's scores; the frame has the columns of ledger.scores, in any order.

    Raises:
        WarehouseError: the run has scored one of these tracks already.
    """
    con.register("new_scores", scores)
    try:
        clashes = con.execute(
            "select count(*), min(new_scores.track_id) from new_scores "
            "semi join ledger.scores on ledger.scores.run_id = new_scores.run_id "
            "and ledger.scores.track_id = new_scores.track_id"
        ).fetchall()[0]
        if clashes[0]:
            raise WarehouseError(
                f"A run must score a track once, however {clashes[0]:,} were scored before (first: {clashes[1]})."
            )
        con.execute("insert into ledger.scores by name select * from new_scores")
    finally:
        con.unregister("new_scores")


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    known = [
        column
        for (column,) in con.execute(
            "select column_name from duckdb_columns() where schema_name = 'ledger' and table_name = ? "
            "and database_name = current_database()",
            [table],
        ).fetchall()
    ]
    for row in rows:
        columns = [column for column in known if column in row]
        marks = ", ".join("?" for _ in columns)
        con.execute(
            f"insert into ledger.{table} ({', '.join(columns)}) values ({marks})",
            [row[column] for column in columns],
        )
