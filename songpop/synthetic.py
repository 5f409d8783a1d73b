"""Synthetic data: how their files are named, and what is said wherever their figures are shown."""

import duckdb

# what the names of the files of `songpop sample` begin with
PREFIX = "synthetic_"
# heads a page or a report; the sentence below stands where there is room for more
BANNER = "Synthetic sample: every artist, song and figure here is made up."
MADE_UP = "A synthetic sample: its artists and tracks are made up, and its figures are of nothing real."


def is_synthetic(con: duckdb.DuckDBPyConnection) -> bool:
    """Say whether tracks of the readers' file are made up, so that no figure of theirs is of the world."""
    query = "select coalesce(bool_or(starts_with(file_name, ?)), false) from ledger.snapshots"
    return bool(con.execute(query, [PREFIX]).fetchall()[0][0])
