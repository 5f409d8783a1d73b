"""Whole nights on the real files, and lists told apart by them; slow, and skipped where the files are missing."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from songpop import warehouse
from songpop.features import FeatureEncoder, conform
from songpop.pipeline import night
from songpop.pipeline.load import Inputs
from songpop.scoring.drift import build_reference, measure_drift
from songpop.scoring.worlds import find_other_world
from songpop.settings import Settings

_CASES: dict[str, tuple[dict[str, str], int]] = {
    "kaggle sample": ({"tracks": "kaggle_sample", "releases": "kaggle_sample_unlabelled"}, 2_500),
    "spotify tracks": ({"tracks": "spotify_tracks", "albums": "track_albums", "releases": "new_releases"}, 5_361),
}


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("case", _CASES)
def test_a_night_on_real_files_scores_every_release(case: str, real_data: Path, tmp_path: Path) -> None:
    files, n_releases = _CASES[case]
    files = files | {"artists": "artist_popularity"}
    settings = Settings.from_env({}, home=tmp_path)
    paths: dict[str, Any] = {name: real_data / f"{file}.csv" for name, file in files.items()}

    night.run_night(
        settings,
        Inputs(**paths),
        as_of_date=date(2026, 11, 23),
    )

    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        assert con.execute(
            "select count(*), count(score), count(distinct track_id) from marts.ranked_releases"
        ).fetchall() == [(n_releases, n_releases, n_releases)]
        assert con.execute("select count(*) from ledger.findings where severity = 'critical'").fetchall() == [(0,)]
        assert con.execute(
            "select network.mae < median.mae * 0.8 and network.spearman > 0.5 from marts.model_scoreboard as network "
            "inner join marts.model_scoreboard as median on network.split = median.split and median.family = 'median' "
            "where network.family = 'keras' and network.split = 'temporal'"
        ).fetchall() == [(True,)]


def _frame_of(folder: Path, name: str) -> pl.DataFrame:
    """Read a real file as a model frame, with the artists' popularity."""
    artists = pl.read_csv(folder / "artist_popularity.csv").rename({"popularity": "artist_popularity"})
    frame = pl.read_csv(folder / f"{name}.csv", infer_schema_length=None).join(artists, on="artist_name", how="left")
    if name == "spotify_tracks":
        frame = frame.join(pl.read_csv(folder / "track_albums.csv"), on="track_id", how="left")
    if "release_date" in frame.columns:
        frame = frame.with_columns(pl.col("release_date").str.to_date("%Y-%m-%d", strict=False))
    return conform(frame)


def _worlds_of(learned: pl.DataFrame, lists: dict[str, pl.DataFrame]) -> dict[str, str | None]:
    """Return by what each list is told to be of another world than the learned tracks."""
    encoder, _ = FeatureEncoder.fit(learned, 0)
    reference = build_reference(learned, encoder.genres, learned.clear(), seed=0)
    found: dict[str, str | None] = {}
    for name, releases in lists.items():
        moved = measure_drift(releases, pl.Series("score", [0.0] * releases.height), reference, encoder, seed=0)
        world = find_other_world(releases, moved, encoder, np.zeros(0))
        found[name] = world and world.basis
    return found


@pytest.mark.real_data
def test_only_lists_of_another_world_are_told_as_such(real_data: Path) -> None:
    names = ("kaggle_sample", "kaggle_sample_unlabelled", "spotify_tracks", "new_releases")
    kaggle, kaggle_list, spotify, spotify_list = (_frame_of(real_data, name) for name in names)

    def parts(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
        genres = {str(genre): rows for (genre,), rows in frame.drop_nulls("genre").group_by("genre") if rows.height > 9}
        few = {f"{n} songs": frame.sample(n, seed=n) for n in (12, 60)}
        often = frame["artist_name"].value_counts().sort("count", "artist_name", descending=True)["artist_name"][0]
        return {"all": frame, "one artist": frame.filter(pl.col("artist_name") == often), **few, **genres}

    for learned, releases in ((kaggle, kaggle_list), (spotify, spotify_list)):
        found = _worlds_of(learned, parts(releases))
        assert set(found.values()) == {None}, found
    shared = spotify.filter(pl.col("genre") == "rock")
    assert _worlds_of(kaggle, {"all": spotify, "rock": shared}) == {"all": "genres", "rock": "inputs"}
    assert _worlds_of(spotify, {"all": kaggle_list}) == {"all": "genres"}
