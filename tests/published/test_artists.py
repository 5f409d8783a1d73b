"""Artists of the readers' file, looked up by the names that a person writes."""

import checked_warehouse
import duckdb

from songpop.published.artists import find_artists


def test_artists_are_found_in_any_case_and_without_accents(con: duckdb.DuckDBPyConnection) -> None:
    checked_warehouse.fill(con)
    con.execute("insert into raw.files__artists by name select 'artists-1' as snapshot_id, 99 as line, "
                "'ARTIST 3' as artist_name, 90 as popularity")  # fmt: skip

    found = find_artists(con, ["ártist 7", " Artist 3 ", "artist 3", "Nobody"])

    assert found.select("asked_name", "artist_name", "artist_popularity").rows() == [
        (" Artist 3 ", "Artist 3", 23.0), ("artist 3", "Artist 3", 23.0), ("ártist 7", "Artist 7", 27.0),
    ]  # fmt: skip


def test_a_popularity_that_models_may_not_read_is_unknown(con: duckdb.DuckDBPyConnection) -> None:
    checked_warehouse.fill(con)
    con.execute("update marts.artist_sources set popularity_for_models = null where artist_name = 'Artist 7'")

    assert find_artists(con, ["artist 7"])["artist_popularity"].to_list() == [None]
