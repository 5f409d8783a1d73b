"""Songs of a list that the readers' file knows: by which of their names they are found, and what they bring."""

from datetime import date
from typing import Any

import checked_warehouse
import pytest
from click.testing import CliRunner

from songpop import albums, warehouse
from songpop.albums.read_album import AlbumInput
from songpop.cli import songpop
from songpop.settings import Settings
from songpop.web import create_app

_DAY = date(2026, 11, 22)
# of the readers' file: a track by its id, its title twice on other albums, and a release with a code
_HIT, _CODED = "oldTrack00000000000007", "newTrack00000000000005"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Publish a small warehouse in which some tracks have titles that a list can name."""
    settings = checked_warehouse.make_settings(tmp_path_factory.mktemp("home"))
    titles = {7: "Low Tide", 8: "Twice", 16: "Twice", 24: "Café del Mar (feat. Nobody)", 15: "Salt - Live", 33: "Intro"}
    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        for number, title in titles.items():
            con.execute(
                "update raw.files__tracks set track_name = ?, artist_name = 'Ida Fenn', popularity = ? "
                "where track_id like 'oldTrack%' and right(track_id, 3) = lpad(?::varchar, 3, '0')",
                [title, number, number],
            )
        con.execute("update raw.files__releases set isrc = 'USRC17607839' where track_id = ?", [_CODED])
        checked_warehouse.promote(con)
        warehouse.publish(con, settings.published)
    return settings


def _read(settings: Settings, *lines: str, header: str = "artist_name,track_name") -> AlbumInput:
    return albums.read_album_file(settings, "\n".join([header, *lines, ""]).encode(), today=_DAY)


def _values(album: AlbumInput, *names: str) -> list[tuple[Any, ...]]:
    return album.frame.select(names).rows()


def test_a_known_song_brings_its_sound_genre_and_popularity(published: Settings) -> None:
    album = _read(published, "Ida Fenn,Low Tide,0.9", "Ida Fenn,Unheard,", header="artist_name,track_name,danceability")

    (known, unheard) = _values(album, "danceability", "energy", "popularity")
    assert known[0] == 0.9  # what the list says wins
    assert known[1] is not None
    assert known[2] == 7
    assert unheard == (None, None, None)
    # an album shares its genre
    assert album.frame["genre"].n_unique() == 1
    # the date of what is known is not that of the album
    assert album.frame["is_date_assumed"].to_list() == [True, True]
    assert album.notes[0] == (
        "1 of 2 songs is known: 'Low Tide' (popularity 7); what the list does not say of their sound and genre is "
        "taken from there."
    )


def test_a_song_is_found_by_its_id_then_by_its_code_then_by_its_name(published: Settings) -> None:
    album = _read(
        published,
        f"{_HIT},,ida fenn,Lowe Tyde",
        ",US-RC1-76-07839,Someone,Other Name",
        ",,IDA FENN,cafe del mar",
        header="track_id,isrc,artist_name,track_name",
    )

    assert [value is not None for (value,) in _values(album, "energy")] == [True, True, True]
    assert album.frame["popularity"].to_list() == [7, None, 24]
    known = "3 of 3 songs are known: 'Lowe Tyde' (popularity 7), 'Other Name', 'cafe del mar'"
    assert any(note.startswith(known) for note in album.notes)


@pytest.mark.parametrize(
    "line",
    [
        # an id of the list's own that happens to be that of another song
        f"{_HIT},Somebody Else,Another Song",
        # a remix or the studio recording is another one, and so is another artist's song
        ",Ida Fenn,Low Tide (Remix)",
        ",Ida Fenn,Salt",
        ",Somebody Else,Low Tide",
        # an artist has many of these
        ",Ida Fenn,Intro",
    ],
)
def test_another_song_is_not_taken_for_a_known_one(published: Settings, line: str) -> None:
    album = _read(published, line, ",Ida Fenn,Unheard", header="track_id,artist_name,track_name")

    assert album.frame["popularity"].to_list() == [None, None]
    assert not any("songs are known" in note or "songs is known" in note for note in album.notes)


def test_a_title_of_several_known_songs_is_not_taken_but_on_the_album_of_one(published: Settings) -> None:
    album = _read(published, "Ida Fenn,Twice", "Ida Fenn,Unheard")

    assert album.frame["popularity"].to_list() == [None, None]
    assert "'Twice' may be any of 2 known songs, so none of them is taken." in album.notes
    with warehouse.open_file(published.published, published, read_only=True) as con:
        rows = con.execute("select album_id, popularity from marts.tracks where track_name = 'Twice'").fetchall()
    assert len({album_id for album_id, _ in rows}) == 2
    for album_id, popularity in rows:
        one = _read(
            published, f"Ida Fenn,Twice,{album_id}", f"Ida Fenn,Unheard,{album_id}",
            header="artist_name,track_name,album_id",
        )  # fmt: skip
        assert one.frame["popularity"].to_list() == [popularity, None]


def test_two_lines_are_never_one_known_song(published: Settings) -> None:
    both = _read(published, "Ida Fenn,Low Tide", "Ida Fenn,Low Tide (feat. Nobody)")
    sure = _read(
        published, f"{_HIT},Ida Fenn,Low Tide", ",Ida Fenn,Low Tide (feat. X)", header="track_id,artist_name,track_name"
    )

    assert both.frame["popularity"].to_list() == [None, None]
    assert sure.frame["popularity"].to_list() == [7, None]


def test_a_part_of_a_known_album_is_a_fragment(published: Settings) -> None:
    with warehouse.open_file(published.published, published, read_only=True) as con:
        album_id, n_tracks = con.execute(
            "select album_id, n_album_tracks from marts.album_sizes order by n_album_tracks desc, album_id limit 1"
        ).fetchall()[0]
    album = _read(published, f"X,One,{album_id}", f"X,Two,{album_id}", header="artist_name,track_name,album_id")

    assert n_tracks > 2
    assert album.frame["n_album_tracks"].to_list() == [n_tracks, n_tracks]
    assert _read(published, "X,One", "X,Two").frame["n_album_tracks"].to_list() == [2, 2]


def test_command_and_page_recognise_the_same_songs(published: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from served import plant_model

    plant_model(monkeypatch)
    text = "artist_name,track_name\nIda Fenn,Low Tide\nIda Fenn,Unheard\n"
    file = published.home / "list.csv"
    file.write_text(text)

    done = CliRunner().invoke(songpop, ["single", "--csv", str(file), "--home", str(published.home)])
    page = create_app(published).test_client().post("/single", data={"songs": text}).get_data(as_text=True)

    assert done.exit_code == 0
    assert "1 of 2 songs is known: 'Low Tide' (popularity 7)" in done.stderr
    assert "1 of 2 songs is known: &#39;Low Tide&#39; (popularity 7)" in page
    assert "popularity 7</span>" in page
