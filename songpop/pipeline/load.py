"""The step that loads files, and builds what is derived from them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from songpop import console, ledger, synthetic
from songpop.checking import sql_checks
from songpop.errors import SettingsError
from songpop.run import Run

if TYPE_CHECKING:
    from songpop.loading.load import LoadResult


@dataclass(frozen=True)
class Inputs:
    """The files that a run is pointed at; None where there is none.

    Attributes:
        columns: declared column to header name, where a header is not understood by itself.
    """

    tracks: Path | None = None
    artists: Path | None = None
    albums: Path | None = None
    releases: Path | None = None
    observed: Path | None = None
    watchlist: Path | None = None
    pins: Path | None = None
    kaggle: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to load."""
        return not any(value for name, value in asdict(self).items() if name != "columns")


def load(run: Run, inputs: Inputs) -> "LoadResult":
    """Load the files into raw and build what is derived from them; say by hand at once what is odd about them."""
    from songpop.loading.load import load

    with run.warehouse() as con:
        _refuse_mixture(con, run, inputs)
        result = load(
            con,
            run.settings,
            **asdict(inputs),
            run_id=run.run_id,
            as_of_date=run.as_of_date,
            now=run.clock(),
            progress=console.progress,
        )
        run.build(con)
        # a night checks its files in a step of its own, and fails there
        odd = [] if run.flow == "nightly" else sql_checks.check_new_files(con, run.settings, run.run_id, run.as_of_date)
        ledger.save_findings(con, run.run_id, odd, now=run.clock())
    run.note_findings([*result.findings, *odd])
    return result


def _refuse_mixture(con: duckdb.DuckDBPyConnection, run: Run, inputs: Inputs) -> None:
    """Keep tracks of two origins apart: a model would learn from both, and nobody would see it."""
    if inputs.kaggle and inputs.tracks:
        raise SettingsError("A run must load one tracks file, however --kaggle and --tracks name two.")
    if not (inputs.kaggle or inputs.tracks):
        return
    name = inputs.tracks.name if inputs.tracks else "the Kaggle file"
    is_synthetic = name.startswith(synthetic.PREFIX)
    others = con.execute(
        "select file_name from ledger.snapshots where entity = 'tracks' and starts_with(file_name, ?) <> ? limit 1",
        [synthetic.PREFIX, is_synthetic],
    ).fetchall()
    if others:
        raise SettingsError(
            f"Synthetic and real tracks must have a warehouse each, however {run.settings.warehouse} holds "
            f"{others[0][0]} and is to load {name}. Give one of them another folder, as in --home demo."
        )
