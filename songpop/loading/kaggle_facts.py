"""Compare a loaded Kaggle file with what is known of the real one."""

import duckdb

from songpop.findings import Finding

# facts of the full file, version 1, as counted by public notebooks
_KNOWN_COUNTS = (
    ("rows", 1_159_764, "count(*)"),
    ("genres", 82, "count(distinct genre)"),
    ("rows of genre garage", 17_123, "count(*) filter (genre = 'garage')"),
    ("rows of Prince in 2001", 35, "count(*) filter (artist_name = 'Prince' and \"year\" = 2001)"),
    (
        "rows of Coldplay with popularity 75 or more",
        9,
        "count(*) filter (artist_name = 'Coldplay' and popularity >= 75)",
    ),
    (
        "rows of 200,000 to 250,000 ms with speechiness above 0.75",
        2_153,
        "count(*) filter (duration_ms between 200000 and 250000 and speechiness > 0.75)",
    ),
    (
        "rows 'Temptation to Exist' by New York Dolls",
        1,
        "count(*) filter (track_name = 'Temptation to Exist' and artist_name = 'New York Dolls')",
    ),
)
_KNOWN_CORRELATION = -0.0570
_CORRELATION_TOLERANCE = 0.00005


def check_kaggle_tracks(con: duckdb.DuckDBPyConnection, snapshot_id: str) -> list[Finding]:
    """Return a warning for each known figure of the Kaggle file that a snapshot in raw.files__tracks misses."""
    queries = ", ".join(query for _, _, query in _KNOWN_COUNTS)
    *counts, is_there, correlation = con.execute(
        f"select {queries}, count(*) filter (artist_name = '!!!') > 0, corr(popularity, liveness) "
        "from raw.files__tracks where snapshot_id = ?",
        [snapshot_id],
    ).fetchall()[0]
    findings = [
        _finding(snapshot_id, f"{known:,} {what}", f"there are {seen:,}")
        for (what, known, _), seen in zip(_KNOWN_COUNTS, counts, strict=True)
        if seen != known
    ]
    if not is_there:
        findings.append(_finding(snapshot_id, "an artist called '!!!'", "there is none"))
    if correlation is None or not abs(correlation - _KNOWN_CORRELATION) <= _CORRELATION_TOLERANCE:
        seen = "can't be computed" if correlation is None else f"is {correlation:.4f}"
        findings.append(
            _finding(snapshot_id, f"a popularity-liveness correlation of {_KNOWN_CORRELATION:.4f}", f"it {seen}")
        )
    return findings


def check_kaggle_sha256(con: duckdb.DuckDBPyConnection, snapshot_id: str) -> list[Finding]:
    """Return a warning where the pinned file was loaded before with other bytes."""
    rows = con.execute(
        "select other.snapshot_id, other.sha256, this.sha256 from ledger.snapshots as other "
        "inner join ledger.snapshots as this on this.snapshot_id = ? and this.file_name = other.file_name "
        "and this.sha256 <> other.sha256 order by other.loaded_at, other.snapshot_id limit 1",
        [snapshot_id],
    ).fetchall()
    return [
        Finding(
            "the_kaggle_file_keeps_its_sha256",
            "warning",
            f"A pinned version of the Kaggle file must not change, however its sha256 is {now_seen} and was {seen} "
            f"in {other}.",
            table_name="ledger.snapshots",
            example_keys=(snapshot_id, other),
        )
        for other, seen, now_seen in rows
    ]


def _finding(snapshot_id: str, known: str, seen: str) -> Finding:
    return Finding(
        "the_kaggle_file_is_the_known_one",
        "warning",
        f"The Kaggle file must have {known}, however {seen} in {snapshot_id}. It may be another version or cut short.",
        table_name="raw.files__tracks",
        example_keys=(snapshot_id,),
    )
