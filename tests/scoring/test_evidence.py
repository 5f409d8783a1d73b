"""How much a score rests on: sound, artist and genre, as the model sees a song."""

from typing import Any

import polars as pl
import pytest
from planted_model import planted_model
from small_frames import planted_frame

from songpop.features import ANALYSIS
from songpop.scoring.evidence import evidence_of
from songpop.scoring.explain import little_known

_NO_SOUND: dict[str, Any] = dict.fromkeys((*ANALYSIS, "duration_ms"))
_NO_ARTIST = {"artist_name": "Nobody", "artist_key": "nobody", "artist_popularity": None}


@pytest.mark.parametrize(
    ("without", "evidence"),
    [
        ({}, "full"),
        ({"genre": None}, "some"),
        (_NO_SOUND, "some"),
        (_NO_ARTIST, "some"),
        # a popularity is enough to know an artist, and so is a record
        (_NO_SOUND | _NO_ARTIST | {"artist_popularity": 40.0}, "some"),
        (_NO_SOUND | {"artist_popularity": None}, "some"),
        (_NO_SOUND | _NO_ARTIST, "little"),
        # a failed analysis is none
        (_NO_ARTIST | dict.fromkeys(ANALYSIS, 0), "little"),
    ],
)
def test_a_song_has_full_evidence_with_sound_artist_and_genre_and_little_with_neither_sound_nor_artist(
    without: dict[str, Any], evidence: str
) -> None:
    frame = planted_frame(1)
    song = frame.with_columns(pl.lit(value, frame.schema[name]).alias(name) for name, value in without.items())
    rows = planted_model().encoder.transform(song)

    assert evidence_of(rows) == [evidence]
    assert little_known(rows) == [evidence == "little"]
