"""The names that people's files have for the declared columns, as a table: by what they are known, and the layouts.

A name is folded before it is looked up here (`headers.fold`), so each stands once, in small letters and without
blanks, dots, underscores, hyphens or a unit in brackets.
"""

from dataclasses import dataclass, field

# declared column -> groups of names, the surest first; of two names in one group none is better, so both in one file
# are asked about
ALIASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "track_id": (
        ("spotifytrackid",),
        ("trackuri", "spotifytrackuri"),
        ("spotifyid",),
        ("spotifyuri",),
        ("trackurl", "tracklink", "spotifyurl", "spotifylink"),
        ("songid",),
        ("uri",),
        ("id",),
        ("url",),
        ("link",),
    ),
    "artist_name": (
        ("trackartist", "trackartists", "trackartistname", "trackartistnames"),
        ("artistnames", "artistsname", "artistsnames"),
        ("artists",),
        ("artist",),
        ("mainartist", "primaryartist", "leadartist"),
        (
            "künstler",
            "kuenstler",
            "interpret",
            "artiste",
            "artistes",
            "artista",
            "artistas",
            "intérprete",
            "interprete",
        ),
        ("band", "bandname"),
        ("name",),
    ),
    "track_name": (
        ("tracktitle", "songname", "songtitle"),
        ("title", "song"),
        ("track",),
        ("titel", "titre", "título", "titulo", "titolo"),
        ("música", "musica", "canción", "cancion", "morceau", "chanson", "faixa", "brano", "lied"),
        ("name",),
    ),
    "popularity": (
        ("trackpopularity", "songpopularity"),
        ("artistpopularity",),
        ("popularität", "popularité", "popularidade", "popularidad", "popolarità"),
    ),
    "album_name": (("trackalbumname",), ("albumtitle",), ("album",), ("álbum", "albumtitel")),
    "album_id": (("trackalbumid", "spotifyalbumid"), ("albumuri", "spotifyalbumuri"), ("albumurl", "albumlink")),
    "release_date": (
        ("trackalbumreleasedate", "albumreleasedate", "trackreleasedate", "songreleasedate"),
        ("releasedon", "datereleased", "dateofrelease"),
        ("released",),
        ("erscheinungsdatum", "veröffentlichungsdatum", "datedesortie", "datadelançamento", "datadelancamento"),
        ("fechadelanzamiento", "datadiuscita", "dataderelease", "veröffentlicht"),
    ),
    "genre": (
        ("trackgenre", "songgenre"),
        ("genres",),
        ("topgenre", "maingenre", "primarygenre"),
        ("playlistgenre",),
        ("artistgenres", "artistgenre"),
        ("albumgenres", "albumgenre"),
        ("gênero", "género", "genero", "genere", "musikrichtung"),
    ),
    "year": (
        ("releaseyear", "releasedyear", "yearreleased", "yearofrelease"),
        ("albumyear", "albumreleaseyear"),
        ("jahr", "erscheinungsjahr", "année", "annee", "año", "ano", "anno"),
    ),
    "isrc": (("isrccode", "trackisrc", "externalidsisrc"),),
    "loudness": (("loudnessdb", "loudnessdbfs"),),
    "key": (
        ("musicalkey", "keysignature", "initialkey"),
        ("tonart", "tonalité", "tonalidad", "tonalidade", "tonalità"),
    ),
    "mode": (("audiomode",),),
    "valence": (("audiovalence",),),
    "tempo": (("tempobpm",), ("bpm", "beatsperminute")),
    "duration_ms": (
        ("trackdurationms", "songdurationms", "durationmilliseconds", "durationinms", "lengthms"),
        ("duration", "trackduration", "songduration", "durationseconds", "durationsec", "durations"),
        ("length", "tracklength", "songlength", "lengthduration", "lengthseconds", "lengthsec"),
        ("durationmin", "durationmins", "durationminutes", "durationmmss", "lengthmin", "lengthminutes"),
        ("dauer", "länge", "spieldauer", "durée", "duree", "duração", "duracao", "duración", "duracion", "durata"),
    ),
    "time_signature": (("timesig",),),
    "artist_id": (
        ("spotifyartistid",),
        ("artisturi", "artisturis", "artistids", "spotifyartisturi"),
        ("artisturl", "artistlink"),
        ("spotifyid",),
        ("spotifyuri",),
        ("spotifyurl", "spotifylink"),
        ("uri",),
        ("id",),
        ("url",),
        ("link",),
    ),
    "observed_at": (
        ("observedon", "observeddate", "observed"),
        ("snapshotdate",),
        ("timestamp", "measuredat", "checkedat"),
    ),
    "note": (("notes",), ("comment", "comments")),
}

# names that say too little: what they are depends on the file that they stand in
WEAK = frozenset({"id", "uri", "url", "link", "name"})
# declared column -> the input files in which these names can be it; elsewhere they may be an album's, or an artist's
ONLY_IN: dict[str, dict[str, tuple[str, ...]]] = {
    "track_id": dict.fromkeys(("id", "uri", "url", "link"), ("tracks", "releases", "observed")),
    "track_name": {"name": ("tracks", "releases")},
    "artist_name": {"name": ("artists", "watchlist", "pins")},
    "artist_id": dict.fromkeys(("id", "uri", "url", "link"), ("artists", "pins")),
    "popularity": {"artistpopularity": ("artists",)},
}

# known names that songpop has no use for; no hint is given of them, and they are no cause for a warning
UNUSED = frozenset(
    {
        "explicit", "isexplicit", "addedby", "addedat", "recordlabel", "label", "albumlabel", "copyrights",
        "copyright", "previewurl", "trackpreviewurl", "trackpreview", "songpreview", "spotifytrackimg",
        "albumimageurl", "albumcover", "coverurl", "discnumber", "tracknumber", "albumartist", "albumartists",
        "albumartistname", "albumartistnames", "albumartisturi", "albumartisturis", "albumartistid", "albumartistids",
        "albumtype", "albumtracknumber", "albumpopularity", "artistpopularity", "artistfollowers", "followers",
        "artistcount", "playlist", "playlistid", "playlistname", "playlistsubgenre", "playlisturl", "subgenre",
        "parentgenres", "position", "rank", "index", "source", "peakrank", "peakposition", "previousrank",
        "weeksonchart", "weeksoncharts", "weekscharted", "streams", "country", "region", "chart", "trend",
        "dailyrank", "dailymovement", "weeklymovement", "releasedmonth", "releasedday", "releasemonth", "releaseday",
        "camelot", "chord", "type", "highestchartingposition", "numberoftimescharted", "weekofhighestcharting",
        "timesignatureconfidence", "keyconfidence", "modeconfidence", "tempoconfidence", "trackhref", "analysisurl",
        "audiofeatures",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """A header that many files have.

    Attributes:
        name: what people call it.
        marks: folded names that tell it, all of which a header of it has.
        names: folded names that mean something in this layout alone, each with its declared column.
    """

    name: str
    marks: tuple[str, ...]
    names: dict[str, str] = field(default_factory=dict)


LAYOUTS = (
    Layout("Kaggle, Spotify 1 Million Tracks", ("trackid", "artistname", "trackname", "popularity", "year", "genre")),
    Layout("Kaggle, Spotify Tracks of 114 genres", ("trackid", "artists", "albumname", "trackname", "trackgenre")),
    Layout("Kaggle, Spotify 1921-2020", ("id", "name", "artists", "popularity", "durationms", "releasedate")),
    Layout("Kaggle, SpotifyFeatures (232k)", ("genre", "artistname", "trackname", "trackid", "popularity")),
    Layout("Kaggle, Top Songs in 73 Countries", ("spotifyid", "name", "artists", "snapshotdate", "popularity")),
    Layout("Kaggle, Most Streamed Songs 2023", ("trackname", "artistname", "artistcount", "releasedyear", "bpm")),
    Layout("Kaggle, Top 200 Charts 2020-2021", ("songname", "artist", "artistfollowers", "songid", "weekscharted")),
    Layout("Kaggle, Top Hits 2000-2019", ("artist", "song", "durationms", "explicit", "year", "popularity")),
    Layout("Kaggle, Spotify Hit Predictor", ("track", "artist", "uri", "chorushit", "sections")),
    Layout("Kaggle, song_data", ("songname", "songpopularity", "songdurationms", "audiomode", "audiovalence")),
    Layout("TidyTuesday, spotify_songs", ("trackid", "trackartist", "trackpopularity", "playlistgenre")),
    Layout("exportify", ("trackuri", "trackname", "artistname", "albumname", "addedat")),
    Layout("exportify, with a Spotify ID", ("spotifyid", "trackname", "artistname", "albumname", "addedat")),
    Layout("TuneMyMusic", ("trackname", "artistname", "album", "playlistname", "isrc", "spotifyid")),
    Layout("Soundiiz", ("title", "artist", "album", "isrc")),
    Layout(
        "Chosic, playlist analyzer",
        ("song", "artist", "dance", "energy", "acoustic", "happy", "spotifytrackid"),
        {
            "dance": "danceability",
            "acoustic": "acousticness",
            "instrumental": "instrumentalness",
            "happy": "valence",
            "speech": "speechiness",
            "live": "liveness",
            "loud": "loudness",
            "time": "duration_ms",
            "albumdate": "release_date",
        },
    ),
    Layout(
        "Kaggle, Spotify and YouTube",
        ("artist", "urlspotify", "track", "uri", "urlyoutube"),
        {"track": "track_name"},  # its title is the video's
    ),
    Layout("Music (iTunes), a list as text", ("name", "artist", "album", "time", "bitrate"), {"time": "duration_ms"}),
    Layout("rekordbox", ("tracktitle", "artist", "bpm", "time", "dateadded"), {"time": "duration_ms"}),
    Layout("Spotify Charts, weekly or daily", ("rank", "uri", "artistnames", "trackname", "streams")),
    Layout("Spotify Charts before 2021", ("position", "trackname", "artist", "streams", "url")),
    Layout("Top 50", ("trackname", "artistname", "genre", "beatsperminute", "popularity")),
    Layout(
        "Top 10 by year",
        ("title", "artist", "topgenre", "bpm", "nrgy", "dnce", "pop"),
        {
            "nrgy": "energy",
            "dnce": "danceability",
            "db": "loudness",
            "live": "liveness",
            "val": "valence",
            "dur": "duration_ms",
            "acous": "acousticness",
            "spch": "speechiness",
            "pop": "popularity",
        },
    ),
)
