"""That a file counts in every mart or in none: not where it was withdrawn, nor before it was known."""

import re
from datetime import timedelta

import duckdb
import pytest
from checked_warehouse import AS_OF, build, fill

from songpop import resources, warehouse

# what the rows of another file of each entity say: the same keys with another value, and new keys
_OTHER_ROWS = {
    "tracks": "track_id || {suffix} as track_id, popularity + 1 as popularity",
    "artists": "artist_name || {suffix} as artist_name, popularity + 1 as popularity",
    "albums": "track_id || {suffix} as track_id, 'newAlbum1' as album_id",
    "releases": "track_id || {suffix} as track_id, 'Other' as track_name",
}
# what a model learned from stays so, though the file was withdrawn since: the version names its snapshots
_NAMED_BY_THE_MODEL = {("score_backtest", "learned_tracks")}
# what a name means where it is written: a name of a file that does not count stands in no other mart
_EVERY_NAME = {"artist_keys", "genre_keys"}


def _marts(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    return {
        name: con.execute(f"from marts.{name} order by all").fetchall()
        for name in warehouse.BUILD_ORDER
        if name not in _EVERY_NAME
    }


@pytest.mark.parametrize("reason", ["withdrawn", "known only later"])
def test_a_file_that_does_not_count_changes_no_mart(con: duckdb.DuckDBPyConnection, reason: str) -> None:
    fill(con)
    before = _marts(con)
    day = AS_OF if reason == "withdrawn" else AS_OF + timedelta(days=1)
    for entity, changes in _OTHER_ROWS.items():
        for suffix, n_lines in (("''", 900), ("'x'", 1800)):
            con.execute(
                f"insert into raw.files__{entity} by name select * replace ('{entity}-2' as snapshot_id, "
                f"line + {n_lines} as line, {changes.format(suffix=suffix)}) "
                f"from raw.files__{entity} where snapshot_id = '{entity}-1'"
            )
    con.execute(
        "insert into raw.files__watchlist (snapshot_id, line, artist_name) values ('watchlist-2', 2, 'Somebody')"
    )
    con.execute(
        "insert into raw.files__pins (snapshot_id, line, artist_name, artist_id) "
        "values ('pins-2', 2, 'Artist 1', 'her-id')"
    )
    for entity in (*_OTHER_ROWS, "watchlist", "pins"):
        con.execute(
            "insert into ledger.snapshots values (?, ?, 'other.csv', 'bb', 'other', 1, 0, [], ?, '2026-11-20')",
            [f"{entity}-2", entity, day],
        )
        con.execute("insert into ledger.loads values ('other', ?, ?, true, '2026-11-20')", [f"{entity}-2", entity])
        if reason == "withdrawn":
            con.execute("insert into ledger.withdrawals values (?, 'other', 'spoilt', '2026-11-21')", [f"{entity}-2"])
    build(con)

    assert _marts(con) == before


def test_every_mart_reads_files_through_the_snapshots_that_count() -> None:
    """Whoever reads a file's rows joins marts.snapshots to them in the same step."""
    reads = []
    for path in resources.sql_paths("marts"):
        step = ""
        lines = [line.strip() for line in path.read_text().splitlines() if not line.startswith("--")]
        for number, line in enumerate(lines):
            step = found[1] if (found := re.match(r"^(\w+) as \($", line)) else step
            if not (read := re.search(r"staging\.files__\w+( as (\w+))?", line)):
                continue
            reads.append((path.stem, step))
            if (path.stem, step) not in _NAMED_BY_THE_MODEL:
                join = f"inner join marts.snapshots as snapshots on {read[2]}.snapshot_id = snapshots.snapshot_id"
                following = " ".join(lines[number + 1 : number + 3])
                assert following.startswith(join), f"sql/marts/{path.name} reads {read[0]} whole"

    assert set(reads) >= _NAMED_BY_THE_MODEL | {("album_ids", "newest_albums"), ("tracks", "newest_tracks")}
