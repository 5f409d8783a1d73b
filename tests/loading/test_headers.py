import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songpop.errors import SettingsError, SourceError
from songpop.loading import headers
from songpop.loading.header_names import ALIASES, LAYOUTS, UNUSED
from songpop.loading.input_schemas import ALBUMS, ARTISTS, ENTITIES, OBSERVED, PINS, RELEASES, TRACKS, WATCHLIST, Entity

_SOUND = {
    *("danceability", "energy", "key", "loudness", "mode", "speechiness", "acousticness", "instrumentalness"),
    *("liveness", "valence", "tempo", "duration_ms", "time_signature"),
}
_NO_METER = _SOUND - {"time_signature"}
_SHARED = "danceability,energy,key,loudness,mode,speechiness,acousticness,instrumentalness,liveness,valence,tempo"

# the header of each layout as its files have it, what it is loaded as, and what is read of it
_HEADERS: dict[str, tuple[str, Entity, set[str]]] = {
    "Kaggle, Spotify 1 Million Tracks": (
        f",artist_name,track_name,track_id,popularity,year,genre,{_SHARED},duration_ms,time_signature",
        TRACKS,
        {"artist_name", "track_name", "track_id", "popularity", "year", "genre", *_SOUND},
    ),
    "Kaggle, Spotify Tracks of 114 genres": (
        f",track_id,artists,album_name,track_name,popularity,duration_ms,explicit,{_SHARED},time_signature,track_genre",
        TRACKS,
        {"track_id", "artist_name", "album_name", "track_name", "popularity", "genre", *_SOUND},
    ),
    "Kaggle, Spotify 1921-2020": (
        "id,name,popularity,duration_ms,explicit,artists,id_artists,release_date,danceability,energy,key,loudness,mode,"
        "speechiness,acousticness,instrumentalness,liveness,valence,tempo,time_signature",
        TRACKS,
        {"track_id", "track_name", "popularity", "artist_name", "release_date", *_SOUND},
    ),
    "Kaggle, SpotifyFeatures (232k)": (
        "genre,artist_name,track_name,track_id,popularity,acousticness,danceability,duration_ms,energy,"
        "instrumentalness,key,liveness,loudness,mode,speechiness,tempo,time_signature,valence",
        TRACKS,
        {"genre", "artist_name", "track_name", "track_id", "popularity", *_SOUND},
    ),
    "Kaggle, Top Songs in 73 Countries": (
        "spotify_id,name,artists,daily_rank,daily_movement,weekly_movement,country,snapshot_date,popularity,"
        f"is_explicit,duration_ms,album_name,album_release_date,{_SHARED},time_signature",
        TRACKS,
        {"track_id", "track_name", "artist_name", "popularity", "album_name", "release_date", *_SOUND},
    ),
    "Kaggle, Most Streamed Songs 2023": (
        "track_name,artist(s)_name,artist_count,released_year,released_month,released_day,in_spotify_playlists,"
        "in_spotify_charts,streams,in_apple_playlists,bpm,key,mode,danceability_%,valence_%,energy_%,acousticness_%,"
        "instrumentalness_%,liveness_%,speechiness_%",
        RELEASES,
        {"track_name", "artist_name", "year", *_NO_METER} - {"loudness", "duration_ms"},
    ),
    "Kaggle, Top 200 Charts 2020-2021": (
        "Index,Highest Charting Position,Number of Times Charted,Week of Highest Charting,Song Name,Streams,Artist,"
        "Artist Followers,Song ID,Genre,Release Date,Weeks Charted,Popularity,Danceability,Energy,Loudness,"
        "Speechiness,Acousticness,Liveness,Tempo,Duration (ms),Valence,Chord",
        TRACKS,
        {"track_name", "artist_name", "track_id", "genre", "release_date", "popularity", *_NO_METER}
        - {"key", "mode", "instrumentalness"},
    ),
    "Kaggle, Top Hits 2000-2019": (
        f"artist,song,duration_ms,explicit,year,popularity,{_SHARED},genre",
        RELEASES,
        {"artist_name", "track_name", "year", "genre", *_NO_METER},
    ),
    "Kaggle, Spotify Hit Predictor": (
        f"track,artist,uri,{_SHARED},duration_ms,time_signature,chorus_hit,sections,target",
        RELEASES,
        {"track_name", "artist_name", "track_id", *_SOUND},
    ),
    "Kaggle, song_data": (
        "artist_name,song_name,song_popularity,song_duration_ms,acousticness,danceability,energy,instrumentalness,key,"
        "liveness,loudness,audio_mode,speechiness,tempo,time_signature,audio_valence",
        RELEASES,
        {"artist_name", "track_name", *_SOUND},
    ),
    "TidyTuesday, spotify_songs": (
        "track_id,track_name,track_artist,track_popularity,track_album_id,track_album_name,track_album_release_date,"
        f"playlist_name,playlist_id,playlist_genre,playlist_subgenre,{_SHARED},duration_ms",
        TRACKS,
        {"track_id", "track_name", "artist_name", "popularity", "album_id", "album_name", "release_date", "genre"}
        | _NO_METER,
    ),
    "exportify": (
        "Track URI,Track Name,Artist URI(s),Artist Name(s),Album URI,Album Name,Album Artist URI(s),"
        "Album Artist Name(s),Album Release Date,Album Image URL,Disc Number,Track Number,Track Duration (ms),"
        "Track Preview URL,Explicit,Popularity,ISRC,Added By,Added At,Artist Genres,Danceability,Energy,Key,Loudness,"
        "Mode,Speechiness,Acousticness,Instrumentalness,Liveness,Valence,Tempo,Time Signature,Album Genres,Label,"
        "Copyrights",
        TRACKS,
        {"track_id", "track_name", "artist_name", "album_id", "album_name", "release_date", "popularity", "isrc"}
        | {"genre", *_SOUND},
    ),
    "exportify, with a Spotify ID": (
        "Spotify ID,Artist IDs,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Added By,"
        "Added At,Genres,Danceability,Energy,Key,Loudness,Mode,Speechiness,Acousticness,Instrumentalness,Liveness,"
        "Valence,Tempo,Time Signature",
        TRACKS,
        {"track_id", "track_name", "artist_name", "album_name", "release_date", "popularity", "genre", *_SOUND},
    ),
    "TuneMyMusic": (
        "Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id",
        RELEASES,
        {"track_name", "artist_name", "album_name", "isrc", "track_id"},
    ),
    "Soundiiz": ("title,artist,album,isrc", RELEASES, {"track_name", "artist_name", "album_name", "isrc"}),
    "Chosic, playlist analyzer": (
        "#,Song,Artist,Popularity,BPM,Genres,Parent Genres,Album,Album Date,Time,Dance,Energy,Acoustic,Instrumental,"
        "Happy,Speech,Live,Loud (Db),Key,Time Signature,Added At,Spotify Track Id,Album Label,Camelot,"
        "Spotify Track Img,Song Preview",
        TRACKS,
        {"track_name", "artist_name", "popularity", "genre", "album_name", "release_date", "track_id", *_SOUND}
        - {"mode"},
    ),
    "Spotify Charts, weekly or daily": (
        "rank,uri,artist_names,track_name,source,peak_rank,previous_rank,weeks_on_chart,streams",
        RELEASES,
        {"track_id", "artist_name", "track_name"},
    ),
    "Spotify Charts before 2021": (
        "Position,Track Name,Artist,Streams,URL",
        RELEASES,
        {"track_name", "artist_name", "track_id"},
    ),
    "Top 50": (
        ",Track.Name,Artist.Name,Genre,Beats.Per.Minute,Energy,Danceability,Loudness..dB..,Liveness,Valence.,Length.,"
        "Acousticness..,Speechiness.,Popularity",
        RELEASES,
        {"track_name", "artist_name", "genre", *_NO_METER} - {"key", "mode", "instrumentalness"},
    ),
    "Top 10 by year": (
        "title,artist,top genre,year,bpm,nrgy,dnce,dB,live,val,dur,acous,spch,pop",
        RELEASES,
        {"track_name", "artist_name", "genre", "year", *_NO_METER} - {"key", "mode", "instrumentalness"},
    ),
    "Kaggle, Spotify and YouTube": (
        ",Artist,Url_spotify,Track,Album,Album_type,Uri,Danceability,Duration_ms,Url_youtube,Title,Channel,Views",
        RELEASES,
        {"artist_name", "track_name", "album_name", "track_id", "danceability", "duration_ms"},
    ),
    "Music (iTunes), a list as text": (
        "Name,Artist,Composer,Album,Genre,Size,Time,Disc Number,Year,Date Added,Bit Rate,BPM,Comments",
        RELEASES,
        {"track_name", "artist_name", "album_name", "genre", "duration_ms", "year", "tempo"},
    ),
    "rekordbox": (
        "#,Artwork,Track Title,Artist,Album,Genre,BPM,Rating,Time,Key,Date Added",
        RELEASES,
        {"track_name", "artist_name", "album_name", "genre", "tempo", "duration_ms", "key"},
    ),
}


def _read(header: str, entity: Entity, **by_hand: str) -> headers.Reading:
    return headers.read_header("songs.csv", header.split(","), entity, by_hand)


def _error(header: str, entity: Entity) -> str:
    with pytest.raises(SourceError) as caught:
        _read(header, entity)
    return str(caught.value)


def _declared(reading: headers.Reading, entity: Entity) -> set[str]:
    return {name for name in reading.names if name in entity.names}


@pytest.mark.parametrize("layout", [layout.name for layout in LAYOUTS])
def test_the_header_of_a_layout_is_read_as_it_is_meant(layout: str) -> None:
    header, entity, columns = _HEADERS[layout]

    reading = _read(header, entity)

    assert _declared(reading, entity) == columns
    assert reading.layout == layout


def test_a_name_is_taken_by_the_column_that_it_is_nearest_to() -> None:
    header = _HEADERS["exportify"][0]

    taken = {column: name for name, column in _read(header, TRACKS).taken}

    assert taken["artist_name"] == "Artist Name(s)"
    assert taken["track_id"] == "Track URI"
    assert taken["genre"] == "Artist Genres"
    assert taken["duration_ms"] == "Track Duration (ms)"


def test_a_declared_name_wins_over_every_other_one() -> None:
    reading = _read("Artist,artist_name,track_name,Title,Genre,genre,genres", RELEASES)

    assert reading.names == ("Artist", "artist_name", "track_name", "Title", "Genre", "genre", "genres")
    assert reading.taken == ()


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("artist,title,song", "'title' and 'song' could each be track_name.* --columns track_name=title"),
        ("artist_name,track_name,duration,Track Duration", "'duration' and 'Track Duration' could each be duration_ms"),
        ("artist_name,track_name,Album Name,album-name", "'Album Name' and 'album-name' could each be album_name"),
    ],
)
def test_of_two_names_that_are_as_good_none_is_taken(header: str, message: str) -> None:
    assert re.search(message, _error(header, RELEASES))


def test_what_is_of_another_thing_is_not_taken() -> None:
    reading = _read(
        "track_id,artist_name,popularity,artist_popularity,followers,playlist_id,playlist_name,Album Artist Name(s)",
        TRACKS,
    )

    assert _declared(reading, TRACKS) == {"track_id", "artist_name", "popularity"}


@pytest.mark.parametrize(
    "header",
    [
        "Künstler,Titel,Jahr,Dauer,Genre",
        "KUENSTLER,titel,Erscheinungsjahr,Spieldauer,Musikrichtung",
        "Artiste,Titre,Année,Durée,Genre",
        "Artista,Canción,Año,Duración,Género",
        "Artista,Música,Ano,Duração,Gênero",
        "Artista,Titolo,Anno,Durata,Genere",
    ],
)
def test_a_header_may_be_in_another_language(header: str) -> None:
    assert _read(header, RELEASES).names == ("artist_name", "track_name", "year", "duration_ms", "genre")


def test_an_artists_link_is_its_id() -> None:
    for name in ("Artist Link", "Spotify URL", "Spotify ID", "link"):
        assert _read(f"Artist,{name}", PINS).names == ("artist_name", "artist_id")
    assert _read("Track Link,Album Link", ALBUMS).names == ("track_id", "album_id")


def test_short_names_mean_something_in_their_layout_alone() -> None:
    reading = _read("artist_name,track_name,pop,rock,live,val,dur,time", RELEASES)

    assert reading.taken == ()


def test_an_id_or_a_name_is_an_artists_in_an_artists_file_alone() -> None:
    artists = _read("id,followers,genres,name,popularity", ARTISTS)

    assert artists.names == ("artist_id", "followers", "genres", "artist_name", "popularity")
    assert _read("Artist,ID", PINS).names == ("artist_name", "artist_id")
    assert _read("Name", WATCHLIST).names == ("artist_name",)
    assert _read("artist,artist_popularity", ARTISTS).names == ("artist_name", "popularity")
    assert _read("id,popularity,snapshot_date", OBSERVED).names == ("track_id", "popularity", "observed_at")
    assert "track_id is missing" in _error("id,album_name", ALBUMS)


@pytest.mark.parametrize("entity", [ARTISTS, WATCHLIST, PINS])
@pytest.mark.parametrize("layout", ["Kaggle, Spotify 1921-2020", "TidyTuesday, spotify_songs", "exportify"])
def test_the_tracks_of_a_layout_are_no_artists(entity: Entity, layout: str) -> None:
    assert "This looks like a tracks file; pass it with --tracks." in _error(_HEADERS[layout][0], entity)


def test_an_albums_file_needs_one_thing_about_an_album() -> None:
    for column in ("album_id", "album_name", "release_date"):
        assert _read(f"track_id,{column}", ALBUMS).names == ("track_id", column)
    assert "album_id or album_name or release_date is missing" in _error("track_id,note", ALBUMS)


def test_every_near_name_of_what_is_missing_is_told_at_once() -> None:
    message = _error("track_idd,Artistt,Popularityy,album artist,artist_popularity", TRACKS)

    assert "track_id, artist_name, popularity are missing" in message
    assert message.endswith(
        "If they are meant, pass --columns track_id=track_idd --columns artist_name=Artistt "
        "--columns popularity=Popularityy."
    )


def test_where_no_name_is_near_no_hint_is_given() -> None:
    message = _error("performer,opus,artist_popularity,album_artist", RELEASES)

    assert "If they are meant" not in message
    assert "docs/understood.md" in message


def test_what_is_said_by_hand_wins_over_the_name_itself() -> None:
    reading = _read("artist_name,track_name,genre,mood", RELEASES, genre="Mood", popularity="mood")

    assert reading.names == ("artist_name", "track_name", "genre (of the file)", "genre")
    assert reading.taken == (("mood", "genre"),)
    assert reading.by_hand == {"genre"}


def test_by_hand_names_only_what_is_there() -> None:
    headers.refuse_unfound({"genre": "mood"}, {"a.csv": (ARTISTS, ["x"]), "b.csv": (RELEASES, ["Mood"])})
    with pytest.raises(SourceError, match=r"must name a column of b\.csv, however its header has 'mood'"):
        headers.refuse_unfound({"genre": "moods"}, {"b.csv": (RELEASES, ["mood"])})
    with pytest.raises(SourceError, match="must name a column of artists files"):
        headers.refuse_unfound({"genre": "mood"}, {"a.csv": (ARTISTS, ["mood"])})
    with pytest.raises(SettingsError, match=r"there is no 'gender'\. Near it are genre"):
        headers.check_by_hand({"gender": "x"})


# --- the table


def test_a_name_of_the_table_is_folded_and_stands_for_one_column_of_a_file() -> None:
    names = [name for groups in ALIASES.values() for group in groups for name in group]
    assert all(headers.fold(name) == name for name in (*names, *UNUSED))
    for entity in ENTITIES.values():
        for name in names:
            columns = {column for column, _ in headers._ranks(entity.name).get(name, ())}
            assert len(columns) <= 1, (entity.name, name, columns)


_CASES: tuple[Callable[[str], str], ...] = (str.lower, str.upper, str.title, str.capitalize)


@st.composite
def _spelled(draw: st.DrawFn) -> tuple[Entity, str, str]:
    """Draw a declared name, and the same with other case, separators and a unit."""
    entity = draw(st.sampled_from(list(ENTITIES.values())))
    name = draw(st.sampled_from(entity.names))
    gap = st.sampled_from(["_", " ", "-", ".", "  ", "\u00a0", "_ ", "", ". "])
    words = [draw(st.sampled_from(_CASES))(word) for word in name.split("_")]
    text = words[0] + "".join(draw(gap) + word for word in words[1:])
    end = draw(st.sampled_from(["", " ", ".", "..", " (%)", " (s)", "[dB]", ":", "*", "?"]))
    return entity, name, draw(st.sampled_from(["", " ", "\ufeff", "."])) + text + end


@given(_spelled())
def test_any_spelling_of_a_declared_name_is_that_name(spelled: tuple[Entity, str, str]) -> None:
    entity, name, text = spelled

    others = [column for column in (*entity.needed, *entity.one_of[:1]) if column != name]
    reading = headers.read_header("a.csv", [*others, text], entity)

    assert reading.names == (*others, name)


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert headers.fold(headers.fold(text)) == headers.fold(text)


@given(
    st.lists(
        st.sampled_from(["id", "name", "Artist", "artists", "Title", "genre", "BPM", "x", "", "Energy"]), max_size=8
    )
)
def test_what_was_read_is_read_the_same_again(names: list[str]) -> None:
    try:
        once = headers.read_header("a.csv", names, RELEASES)
    except SourceError:
        return

    again = headers.read_header("a.csv", once.names, RELEASES)

    assert again.names == once.names
    assert again.taken == ()
