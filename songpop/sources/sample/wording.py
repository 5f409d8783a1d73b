"""Made-up titles, album names and artist names; every artist but three is called Synthetic."""

from functools import cache

import numpy as np
import polars as pl

from songpop.sources.sample.catalogue import (
    KIND_NUMBER,
    LITERAL_NAMES,
    Artists,
    family_of_genre,
    named_after_its_first_song,
    read_words,
)
from songpop.sources.sample.draws import hashed, uniforms

# What stands behind a title, by kind of version; one is picked by hash, {} is an invented word.
_REMARKS = {
    "plain": [""],
    "live": [" - Live", " (Live)", " - Live at {}", " - Live in {}", " (Live From {})"],
    "live in Spanish": [" - En Vivo", " (En Vivo)", " - En Vivo Desde {}", " - Live"],
    "live in Portuguese": [" - Ao Vivo", " (Ao Vivo)", " - Ao Vivo em {}"],
    "remix": [" - {} Remix", " ({} Remix)", " - Remix", " - {} Dub Mix", " - {} Rework", " [{} Remix]"],
    "remaster": [" - Remastered", " - 2009 Remaster", " - Remastered 2011", " - 2015 Remaster", " (Remastered 2003)"],
    "acoustic": [" - Acoustic", " (Acoustic)", " - Acoustic Version"],
    "radio edit": [" - Radio Edit", " (Radio Edit)"],
    "instrumental": [" - Instrumental", " (Instrumental)"],
    "extended": [" - Extended Mix", " (Extended)", ' - 12" Version', " - Extended Club Mix"],
    "demo": [" - Demo", " (Demo)"],
    "version": [" - Single Version", " - Album Version", " (Alternate Take)", " - Mono", " - Versión Original"],
    "arrangement": [" - Arr. for Strings", " (Arr. for Guitar)", " - Alternate Take", " (Solo Version)", " - Excerpt"],
    "original mix": [" - Original Mix"],
    "guest": [" (feat. Synthetic {})", " (with Synthetic {})", " feat. Synthetic {}", " (feat. Synthetic {} & Co.)"],
    "intro": [" - Intro", " (Interlude)", " (Skit)", ": Prelude"],
    "from a film": [' (From "{}")', ' - From "{}"', ' ("{}" Theme)'],
}
# Families of genres in which a kind of version goes by another name.
_OTHER_REMARKS: dict[str, dict[str, str]] = {
    "electronic": {},
    "works": dict.fromkeys(("remix", "radio edit", "extended", "demo", "guest", "original mix"), "arrangement"),
    "quiet": dict.fromkeys(("remix", "radio edit", "extended", "guest", "original mix"), "arrangement"),
    "spanish": {"live": "live in Spanish", "original mix": "version", "remix": "version"},
    "portuguese": {"live": "live in Portuguese", "original mix": "version", "remix": "version"},
}
_COMMON_REMARKS = {"original mix": "remix"}
_ALBUM_REMARKS = {
    "works": [*[""] * 9, " - Complete Recordings", ", Vol. 2", " (Live)"],
    "electronic": [*[""] * 6, " EP", " EP", " (Remixes)", ", Pt. 2", " - Extended"],
    "indian": [*[""] * 6, " (Original Motion Picture Soundtrack)", ", Vol. 2", " (Deluxe)"],
    "any": [*[""] * 8, " EP", " (Deluxe Edition)", ", Vol. 2", " (Live)", " (Expanded Edition)"],
}
_LONGEST_EP = 6
_INVENTED_OF_FAMILY = {
    "heavy": "heavy", "electronic": "electronic", "spanish": "latin", "portuguese": "latin",
    "korean": "east", "chinese": "east", "indian": "east",
}  # fmt: skip
_INVENTED_SHARE = 0.5


def _pick(words: pl.Series, bits: np.ndarray) -> pl.Series:
    return words.gather((bits % np.uint64(len(words))).astype(np.uint32))


@cache
def _invented(language: str) -> pl.Series:
    """Make every word of a language's syllables."""
    first, middle, last = read_words()["invented"][language]
    return pl.Series([a + b + c for a in first for b in middle for c in last])


@cache
def _slots(family: str) -> list[tuple[float, pl.Series]]:
    return [(share, pl.Series(words)) for share, words in read_words()["titles"][family]]


def _gathered(parts: list[pl.Series], places: list[np.ndarray]) -> pl.Series:
    """Put parts of a column back into the order of their rows."""
    if not parts:
        return pl.Series([], dtype=pl.String)
    order = np.empty(sum(len(rows) for rows in places), dtype=np.uint32)
    order[np.concatenate(places)] = np.arange(len(order), dtype=np.uint32)
    return pl.concat(parts).gather(order)


def title_songs(seed: int, purpose: str, songs: np.ndarray, families: np.ndarray) -> pl.Series:
    """Make a title a song, in the words of its family of genres; the same song gets the same title."""
    words = read_words()
    names = list(words["families"])
    share = np.array([words["mixed_share"].get(name, 1.0) for name in names], dtype=np.float32)
    mixed = uniforms(seed, purpose + "/language", songs)
    families = np.where(mixed < share[families], families, names.index("english"))
    places = [np.flatnonzero(families == number) for number in range(len(names))]
    parts = [_title_family(seed, purpose, songs[rows], names[n]) for n, rows in enumerate(places) if len(rows)]
    return _gathered(parts, [rows for rows in places if len(rows)])


def _title_family(seed: int, purpose: str, songs: np.ndarray, family: str) -> pl.Series:
    """Join the words of each slot; half the nouns are an invented word."""
    columns = []
    noun = 0 if family == "works" else 2
    for number, (share, words) in enumerate(_slots(family)):
        bits = hashed(seed, f"{purpose}/{family}/{number}", songs)
        column = _pick(words, bits >> np.uint64(20))
        if number == noun and family != "works":
            invented = _invented(_INVENTED_OF_FAMILY.get(family, "english"))
            is_invented = (bits >> np.uint64(8)).astype(np.uint8) < _INVENTED_SHARE * 256
            other = _pick(invented, hashed(seed, purpose + "/invented", songs))
            column = pl.select(pl.when(pl.Series(is_invented)).then(other).otherwise(column)).to_series()
        if share < 1:
            used = (bits & np.uint64(255)).astype(np.uint8) < share * 256
            column = pl.select(pl.when(pl.Series(used)).then(column).otherwise(pl.lit(""))).to_series()
        columns.append(column)
    return pl.select(pl.concat_str(columns)).to_series()


def add_remarks(seed: int, titles: pl.Series, kind: np.ndarray, ids: np.ndarray, families: np.ndarray) -> pl.Series:
    """Put the remark of each kind of version behind the titles, and change the letters of a few."""
    groups = list(_REMARKS)
    table = np.array(
        [
            [groups.index(_OTHER_REMARKS.get(family, _COMMON_REMARKS).get(name, name)) for name in KIND_NUMBER]
            for family in read_words()["families"]
        ]
    )
    group = table[families, kind]
    places = [np.flatnonzero(group == number) for number in range(len(groups))]
    parts = [_remarks(seed, groups[n], ids[rows]) for n, rows in enumerate(places) if len(rows)]
    remarks = _gathered(parts, [rows for rows in places if len(rows)])
    spelling = pl.Series(uniforms(seed, "spelling", ids))
    text = pl.select(pl.concat_str([titles, remarks])).to_series()
    return pl.select(
        pl.when(spelling < 0.012)
        .then(text.str.to_lowercase())
        .when(spelling < 0.035)
        .then(text.str.to_uppercase())
        .when(spelling > 0.9999)
        .then(text + " (VersiÃ³n)")
        .otherwise(text)
    ).to_series()


def _remarks(seed: int, kind: str, ids: np.ndarray) -> pl.Series:
    """Pick a remark a track."""
    forms = [form.partition("{}") for form in _REMARKS[kind]]
    bits = hashed(seed, "remark", ids)
    which = (bits % np.uint64(len(forms))).astype(np.uint32)
    word = _pick(_invented("electronic" if kind == "remix" else "english"), bits >> np.uint64(16))
    before, after = (pl.Series([form[side] for form in forms]).gather(which) for side in (0, 2))
    has_word = pl.Series([bool(form[1]) for form in forms]).gather(which)
    return pl.select(pl.concat_str([before, pl.when(has_word).then(word).otherwise(pl.lit("")), after])).to_series()


def name_albums(
    seed: int, purpose: str, album: np.ndarray, sizes: np.ndarray, first: pl.Series, families: np.ndarray
) -> pl.Series:
    """Name albums, about half of them after their first song; `first` holds its title, `sizes` the tracks."""
    own = ~named_after_its_first_song(seed, purpose, album)
    bits = hashed(seed, purpose + "/album remark", album)
    titles = title_songs(seed, purpose + "/album title", album, families)
    lists = [_ALBUM_REMARKS.get(family, _ALBUM_REMARKS["any"]) for family in read_words()["families"]]
    counts = np.array([len(remarks) for remarks in lists])
    place = (np.cumsum(counts) - counts)[families] + (bits >> np.uint64(8)).astype(np.int64) % counts[families]
    remark = pl.Series([text for remarks in lists for text in remarks]).gather(place.astype(np.uint32))
    name = pl.select(pl.when(pl.Series(own)).then(titles).otherwise(first)).to_series()
    is_plain = pl.Series(sizes == 1) | (pl.Series(sizes > _LONGEST_EP) & (remark == " EP"))
    return pl.select(pl.when(is_plain).then(name).otherwise(name + remark)).to_series()


def name_artists(seed: int, artists: Artists, genres: list[str], literal: list[int]) -> pl.Series:
    """Name every artist once: Synthetic and made-up words, but for three names that trip programs up.

    The literal names "None", "Null" (which readers take for missing values) and "!!!" (which cleaning empties)
    are in the real file too; they are the only ones that do not say Synthetic.
    """
    families = family_of_genre(genres)[artists.genre]
    names = list(read_words()["families"])
    places = [np.flatnonzero(families == number) for number in range(len(names))]
    parts = [_name_family(seed, artists.ids[rows], names[n]) for n, rows in enumerate(places) if len(rows)]
    column = pl.select("Synthetic " + _gathered(parts, [rows for rows in places if len(rows)])).to_series()
    invented = _invented("english")
    for attempt in range(6):
        again = pl.Series(column.is_duplicated() & ~column.is_first_distinct())
        if not again.any():
            break
        word = _pick(invented, hashed(seed, f"name/{attempt}", artists.ids))
        column = pl.select(pl.when(again).then(column + " " + word).otherwise(column)).to_series()
    return column.scatter(literal, list(LITERAL_NAMES))


def _name_family(seed: int, ids: np.ndarray, family: str) -> pl.Series:
    """Name artists in one of five forms: a band, a person, one word, an ensemble, a plural."""
    words = {name: pl.Series(values) for name, values in read_words()["names"].items()}
    kind = _INVENTED_OF_FAMILY.get(family, "english")

    def pick(values: pl.Series, purpose: str) -> pl.Series:
        return _pick(values, hashed(seed, "name/" + purpose, ids))

    invented, other = pick(_invented(kind), "invented"), pick(_invented(kind), "other")
    first = pick(words["latin_first" if kind == "latin" else "first"], "first")
    ensemble = pick(words["ensemble" if family == "works" else "band"], "ensemble")
    noun = pick(words["noun"], "noun")
    shares = {"works": (0.0, 0.6, 0.6), "heavy": (0.25, 0.3, 0.95), "electronic": (0.2, 0.45, 0.9)}
    shares |= dict.fromkeys(("spanish", "portuguese", "indian", "french", "german"), (0.02, 0.65, 0.85))
    band, person, single = shares.get(family, (0.4, 0.75, 0.85))
    form = pl.Series(uniforms(seed, "name/form", ids))
    return pl.select(
        pl.when(form < band)
        .then(pick(words["adjective"], "adjective") + " " + noun)
        .when(form < person)
        .then(first + " " + invented)
        .when(form < single)
        .then(invented)
        .when(form < single + (1 - single) * 0.5)
        .then(invented + " " + ensemble)
        .otherwise("The " + other + " " + noun)
    ).to_series()
