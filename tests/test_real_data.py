"""Whole nights on the real files; slow, and skipped where the files are missing."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from songpop import warehouse
from songpop.pipeline import night
from songpop.pipeline.load import Inputs
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
