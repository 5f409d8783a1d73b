"""One album in the forms that people bring it in: every door reads it as its owner meant it."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from checked_warehouse import AS_OF, make_settings
from toy_network import ToyNetwork

from songpop import albums, warehouse
from songpop.evaluation import contestants
from songpop.pipeline.load import Inputs, load
from songpop.pipeline.publish import publish
from songpop.pipeline.score import score
from songpop.run import open_run
from songpop.settings import Settings

_PLAIN = """artist_name,track_name,album_name,release_date,genre,danceability,energy,loudness,tempo,duration_ms
Artist 3,Anchor,Low Tide,2026-12-04,rock,0.61,0.72,-5.2,118.5,222000
Artist 3,Salt,Low Tide,2026-12-04,rock,0.3,0.05,-9,96,187000
Artist 3,Driftwood,Low Tide,2026-12-04,rock,0.45,0.5,-7.5,140,201000
"""

_BROUGHT = {
    "exportify": """Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Genres,\
Danceability,Energy,Loudness,Tempo
,Anchor,Low Tide,ARTIST 3,2026-12-04,222000,"Rock,polka",0.61,0.72,-5.2,118.5
,Salt,Low Tide, artist 3 ,2026-12-04,187000,rock,0.3,0.05,-9,96
,Driftwood,Low Tide,Artist\u00a03,2026-12-04,201000,ROCK,0.45,0.5,-7.5,140
""",
    "a spreadsheet": """sep=;
Artist;Song title;Album;Released;Genre;Danceability;Energy;Loudness (dB);BPM;Length
Artist 3;Anchor;Low Tide;04.12.2026;Rock;0,61;0,72;-5,2;118,5;3:42
Artist 3;Salt;Low Tide;04.12.2026;rock;0,3;0,05;-9;96;3:07
Artist 3;Driftwood;Low Tide;04.12.2026;rock;0,45;0,5;-7,5;140;3:21
;;;;;;;;;
""",
    "a program's": """artists,name,album_id,album_name,release_date,track_genre,\
danceability,energy,loudness,tempo,duration_ms
['Artist 3'],Anchor,NA,Low Tide,2026-12-04 00:00:00,['rock'],61,72,-5.2,118.5,222
"['Artist 3', 'Nobody']",Salt,NA,Low Tide,2026-12-04T00:00:00Z,['rock'],30,5,-9,96,187
['artist 3'],Driftwood,None,Low Tide,2026-12-04,['rock'],45,50,-7.5,140,201
""",
}  # fmt: skip
_COMPARED = (
    "track_name", "artist_key", "album_name", "release_date", "release_date_precision", "genre", "year", "danceability",
    "energy", "loudness", "tempo", "duration_ms", "artist_popularity", "n_album_tracks",
)  # fmt: skip


def _in_batch(settings: Settings, path: Path) -> tuple[pl.DataFrame, list[Any]]:
    """Score a file as a night does, and return what its songs are to the models, and the run's findings."""
    with open_run(settings, "score", as_of_date=AS_OF) as run:
        load(run, Inputs(releases=path))
        score(run)
        with run.warehouse() as con:
            frame = warehouse.read_frame(con, "releases")
        publish(run)
    return frame.sort("track_name"), run.findings


@pytest.fixture(scope="module")
def meant(toy_home: Path, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Return what the songs of the plain file are to the models."""
    folder = tmp_path_factory.mktemp("meant")
    shutil.copytree(toy_home, folder / "home")
    (folder / "plain.csv").write_text(_PLAIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contestants, "NETWORK", ToyNetwork)
        return _in_batch(make_settings(folder / "home"), folder / "plain.csv")[0]


@pytest.mark.parametrize("form", _BROUGHT)
def test_an_album_is_the_same_in_whatever_form_it_is_brought(
    toy: Settings, meant: pl.DataFrame, tmp_path: Path, form: str
) -> None:
    brought = tmp_path / "brought.csv"
    brought.write_text(_BROUGHT[form])

    read, findings = _in_batch(toy, brought)
    alone = albums.read_album_file(toy, brought, today=AS_OF)

    assert read.select(_COMPARED).equals(meant.select(_COMPARED))
    assert alone.frame.sort("track_name").select(_COMPARED).equals(meant.select(_COMPARED)), "one song a form less"
    assert read["album_id"].n_unique() == 1
    assert read["artist_popularity"].to_list() == [23.0] * 3
    told = {finding.check_name for finding in findings if finding.severity == "note"}
    assert "headers_are_read_as_meant" in told
    assert len(alone.notes) >= len(told) - 1, "a file alone is told of as a night is"


def test_the_files_own_words_stay_in_raw(toy: Settings, tmp_path: Path) -> None:
    path = tmp_path / "brought.csv"
    path.write_text(_BROUGHT["a program's"])
    _in_batch(toy, path)

    with warehouse.connect(toy) as con:
        rows = con.execute(
            "select artist_name, genre, album_id, as_written from raw.files__releases "
            "where track_name = 'Salt' order by snapshot_id desc limit 1"
        ).fetchall()
    assert rows[0][:3] == ("['Artist 3', 'Nobody']", "['rock']", None)
    assert '"duration_ms":"187"' in rows[0][3].replace(" ", "")
    assert '"album_id":"NA"' in rows[0][3].replace(" ", "")
