"""What the search of the web page finds: by every word, in any case and without accents, the likeliest first."""

from datetime import date

import pytest
from checked_warehouse import make_settings
from served import publish

from songpop.web import searching
from songpop.web.published_reader import PublishedReader

_NAMED = (
    "update marts.releases set artist_name = 'Björk' where track_id = 'newTrack00000000000011'",
    "update marts.releases set artist_name = 'Nina Simone' where album_id = 'newAlbum1'",
    "update marts.releases set artist_name = 'Artist ' || right(track_id, 1)::int % 5 where album_id = 'newAlbum2'",
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> PublishedReader:
    """Read a small published file, in which a new release is of Björk, and one album of one artist."""
    settings = make_settings(tmp_path_factory.mktemp("home"))
    publish(settings, *_NAMED)
    return PublishedReader(settings)


def test_a_track_is_found_by_words_of_title_and_artist_in_any_case_and_without_accents(reader: PublishedReader) -> None:
    found = searching.find_tracks(reader, "BJORK  títle")

    assert found == [
        {
            "track_id": "newTrack00000000000011",
            "track_name": "New title 11",
            "artist_name": "Björk",
            "genre": "rock",
            "release_date": date(2026, 11, 20),
            "is_date_assumed": False,
            "is_release": True,
        }
    ]


def test_titles_that_begin_with_the_text_come_first_then_new_releases_then_high_scores(reader: PublishedReader) -> None:
    def ids(text: str) -> list[str]:
        return [row["track_id"] for row in searching.find_tracks(reader, text, 3)]

    assert ids("title 11") == ["oldTrack00000000000111", "oldTrack00000000000118", "oldTrack00000000000113"]
    assert ids("new title") == ["newTrack00000000000011", "newTrack00000000000010", "newTrack00000000000009"]
    assert ids("oldTrack00000000000007") == ["oldTrack00000000000007"]


def test_an_album_is_found_with_the_number_of_its_songs_the_new_ones_first(reader: PublishedReader) -> None:
    found = searching.find_albums(reader, "NEW simone")

    assert found == [
        {
            "album_id": "newAlbum1",
            "album_name": "New album",
            "artist_name": "Nina Simone",
            "release_date": date(2026, 11, 20),
            "is_release": True,
            "n_songs": 3,
        }
    ]
    assert [row["album_id"] for row in searching.find_albums(reader, "album3")] == ["album3"]


def test_of_artists_with_as_many_songs_of_an_album_the_first_by_name_is_shown(reader: PublishedReader) -> None:
    # its songs are of Artist 2, Artist 1 and Artist 0, in this order
    assert searching.find_albums(reader, "newAlbum2")[0]["artist_name"] == "Artist 0"


def test_an_artist_of_just_that_name_comes_before_better_known_ones(reader: PublishedReader) -> None:
    found = searching.find_artists(reader, "artist", 2)

    known = {"popularity_source": "artists_file", "n_tracks": 13}
    assert found == [
        {"artist_name": "Artist 8", "artist_popularity": 28.0, **known},
        {"artist_name": "Artist 7", "artist_popularity": 27.0, **known},
    ]
    assert searching.find_artists(reader, "ARTIST 3")[0]["artist_name"] == "Artist 3"


def test_without_a_word_nothing_is_found(reader: PublishedReader) -> None:
    assert searching.find_tracks(reader, " ") == searching.find_albums(reader, "") == []
