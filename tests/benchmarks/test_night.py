"""The speed benchmark: that each step's rows a second are of the rows that it worked on."""

import duckdb
import pytest
from checked_warehouse import N_TRACKS, build, fill

from benchmarks.night import Measured, count_rows, to_row


@pytest.mark.parametrize(
    ("name", "n_rows", "row"),
    [
        ("score", 2_000, ["score", "2,000", "8.0", "10.5", "250", "657"]),
        ("check", None, ["check", "", "8.0", "10.5", "", "657"]),
        # the headline has three seeds below 50,000 rows, and one above
        ("train", 20_000, ["train (6 fits)", "20,000", "8.0", "10.5", "2,500", "657"]),
        ("train", 200_000, ["train (4 fits)", "200,000", "8.0", "10.5", "25,000", "657"]),
    ],
)
def test_rows_a_second_are_of_the_steps_own_rows(name: str, n_rows: int | None, row: list[str]) -> None:
    assert to_row(Measured(name, seconds=8.0, cpu_seconds=10.5, peak_mb=657.2), n_rows) == row


def test_a_step_has_the_rows_that_it_worked_on(con: duckdb.DuckDBPyConnection) -> None:
    fill(con)
    con.execute("update ledger.snapshots set n_rows = 120, n_rejected = 3 where entity = 'tracks'")
    con.execute("insert into ledger.scores by name select * replace ('earlier' as run_id) from ledger.scores limit 5")
    build(con)

    # of each of the other three files it is one row
    assert count_rows(con) == {"sample": 126, "load": 123, "train": N_TRACKS, "score": 12, "export": 12}
