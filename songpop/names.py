"""Names of artists and genres: keys under which all spellings of one name are equal, and the names in a list of them.

A strict key (`artist_key`) folds what never tells two artists apart: it joins files, popularities, records, pins,
training and scoring. A loose key folds more, and is believed only where one known artist has it.
"""

import ast
import html
import json
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

# a new number where a name comes to mean something else
RULES = 2

_DROPPED = frozenset("'’‘`´\"“”„.")
_SPACES = re.compile(r"\s+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "‐": "-", "–": "-"})
_LIST = re.compile(r"\[.*\]", re.DOTALL)
_LINES = re.compile(r"\s*[;\r\n]\s*")
# as a spreadsheet keeps a text from being read as a number
_FORMULA = re.compile(r'="(.*)"')
# an array of NumPy's as it is printed has no commas between its texts
_NO_COMMA = re.compile(r"(?<=['\"])\s+(?=['\"])")
_GUEST = r"\s*[(\[]?\b(?:feat|ft|featuring)\b\.?,?\s*"
# an ampersand before such a word joins a singer and a band, which are one act
_BAND = r"(?:the|his|her|their|los|las|les|die|co|friends)\b"
_SEPARATORS = re.compile(
    rf"\s*[,、]\s*|(?:\s*&|\s+and\b|\s+\+\s)(?!\s*{_BAND})\s*|\s+(?:[x×/|]|vs\.?)\s+|{_GUEST}", re.IGNORECASE
)
_GENRE_LIST = re.compile(r"\s*[;,/|]\s*")
_WORD_AND = re.compile(r"\s*(?:&|\+|\band\b|\bn\b|'n'?|\bund\b|\by\b)\s*")
_MOST_NAMES = 100  # a list of more artists is none

# genres of one sort that stores and files call differently, each as its key; a file's own genre goes before the others
_SAME_GENRES: tuple[tuple[str, ...], ...] = (
    ("hiphop", "hiphoprap", "hiphopnrap", "rap", "raphiphop", "rapnhiphop", "urban", "hiphopmusic"),
    ("rnb", "rnbsoul", "rnbnsoul", "rhythmnblues", "contemporaryrnb", "soul", "soulrnb", "soulnrnb"),
    ("drumnbass", "dnb", "jungledrumnbass"),
    ("rocknroll", "rockabilly"),
    ("singersongwriter", "songwriter"),
    ("electronic", "electronica", "electronicmusic"),
    ("edm", "electronicdancemusic", "danceedm"),
    ("dance", "dancemusic"),
    ("altrock", "alternativerock", "alternative", "alternativenindie", "alternativenindierock"),
    ("indiepop", "indie"),
    ("kpop", "koreanpop"),
    ("jpop", "japanesepop"),
    ("goth", "gothic"),
    ("psychrock", "psychedelicrock", "psychedelic"),
    ("progressivehouse", "proghouse"),
    ("classical", "classicalmusic"),
    ("newage", "newagemusic"),
    ("showtunes", "broadway", "musical", "musicals"),
    ("sertanejo", "sertanejouniversitario"),
    ("gospel", "christiangospel", "christianngospel"),
    ("latin", "latinmusic", "musicalatina", "latinurban", "latinpop"),
    ("afrobeat", "afrobeats", "afropop"),
)

Part = Literal["whole", "listed", "part"]


class Spelling(NamedTuple):
    """One artist that a written name may mean.

    Attributes:
        place: the lowest is looked for first; 0 is a whole that is taken for a list where no source has it as a name.
        name: the artist's own words, without the others of a list.
        part: `whole` name, `listed` in a list that says so, or a `part` of a name that may be one name after all.
    """

    place: int
    name: str
    artist_key: str
    loose_key: str
    part: Part


@lru_cache(maxsize=200_000)
def artist_key(name: str) -> str:
    """Return the key under which all spellings of one artist's name are equal.

    Unicode form (NFKC), case, blanks of any sort, invisible characters, typographic quotes and `&` against `and` are
    folded; accents, punctuation and a leading `the` are not, for they tell artists apart (HIM, The Him). Folding a
    key again changes nothing.
    """
    if name.isascii() and "&" not in name:
        return _squeeze(name.translate(_QUOTES).casefold())
    text = html.unescape(name) if "&" in name and ";" in name else name
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    visible = "".join(c for c in text.translate(_QUOTES) if unicodedata.category(c) != "Cf" or c.isspace())
    return unicodedata.normalize("NFC", _squeeze(visible.replace("&", " and "))) or _squeeze(text)


def loose_key(name: str) -> str:
    """Fold accents, punctuation and a leading `the` too: what the name of an artist has in common with a slip of it."""
    return fold_accents(fold_name(name))


def spellings(written: str) -> list[Spelling]:
    """Return the artists that a written name may mean, in the order in which they are looked for.

    A list that says so (`A;B`, `['A', 'B']`, JSON) is several artists. Commas, `&`, ` x ` and `feat.` may stand in one
    name: the whole comes first.
    """
    listed = listed_names(written)
    if len(listed) > 1 or listed[0] != written:
        whole = [] if _LIST.fullmatch(written.strip()) else [_spelling(0, written, "whole")]
        return [*whole, *(_spelling(place, name, "listed") for place, name in enumerate(listed, start=1))]
    parts = artist_parts(written)
    return [
        _spelling(1, written, "whole"),
        *(_spelling(place, name, "part") for place, name in enumerate(parts, start=2) if len(parts) > 1),
    ]


def lead_key(written: str) -> str:
    """Return the key of the name that stands first, whoever is known: that of the artist whose album it is."""
    return artist_key(artist_parts(listed_names(written)[0])[0])


def listed_names(written: str) -> list[str]:
    """Return the names of a list that says that it is one, without repeats, or the text as the only one."""
    text = html.unescape(written).strip() if ";" in written else written.strip()
    names: Iterable[object] = ()
    if formula := _FORMULA.fullmatch(text):
        text = formula[1].strip()
        names = (text,)
    if _LIST.fullmatch(text):
        names = _literal_list(text)
    elif _LINES.search(text):
        names = _LINES.split(text)
    # half a surrogate pair, as an escape can write it, is no text
    texts = [name.encode(errors="replace").decode().strip() for name in names if isinstance(name, str)]
    kept = list(dict.fromkeys(text for text in texts if text))
    return kept if 0 < len(kept) <= _MOST_NAMES else [written]


def artist_parts(name: str) -> list[str]:
    """Return the parts of a name between commas, `&`, ` x ` and `feat.`, or the whole as the only one."""
    parts = [part.strip(" ()[]") for part in _SEPARATORS.split(html.unescape(name) if ";" in name else name)]
    return [part for part in parts if part] or [name]


def genre_key(genre: str) -> str:
    """Return the key under which all spellings of one genre are equal: letters and digits, `&` and `and` as `n`."""
    text = unicodedata.normalize("NFKC", html.unescape(genre)).casefold()
    plain = unicodedata.normalize("NFC", "".join(map(_plain_letter, unicodedata.normalize("NFD", text))))
    joined = _WORD_AND.sub("n", plain.replace("-", " ").replace("_", " ").translate(_QUOTES))
    return "".join(character for character in joined if character.isalnum()) or _squeeze(text)


def genre_keys(written: str) -> list[str]:
    """Return the genre keys that a written genre may mean, in the order in which they are looked for.

    The whole comes first, then what stores call the same, then the genres of a list in turn.
    """
    listed = listed_names(written)
    names = listed if len(listed) > 1 or listed[0] != written else [written, *_GENRE_LIST.split(written)]
    keys: dict[str, None] = {}
    for name in names:
        key = genre_key(name)
        keys |= dict.fromkeys([key] if key else [])
        keys |= dict.fromkeys(other for same in _SAME_GENRES if key in same for other in same)
    return list(keys)


def fold_name(name: str) -> str:
    """Fold width, case, punctuation, `&` and a leading `the` out of an artist's name.

    Dots and apostrophes vanish (`R.E.M.` is `rem`), other punctuation parts words (`Jay-Z` is `jay z`),
    symbols such as `$` stay. Accents stay too: see `fold_accents`. A name that is nothing but
    punctuation (`!!!`) keeps it, for two of those are not the same artist.
    """
    text = name.casefold()
    if not name.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    plain = _squeeze(text)
    joined = text.replace("&", " and ")
    words = _squeeze(joined.translate(_PLAIN_ASCII) if text.isascii() else "".join(map(_fold_character, joined)))
    return words.removeprefix("the ") or plain


def fold_accents(folded: str) -> str:
    """Take the accents off Latin letters; marks of other scripts stay, where they make another letter."""
    if folded.isascii():
        return folded
    letters: list[str] = []
    for character in unicodedata.normalize("NFD", folded):
        if unicodedata.combining(character) and letters and "a" <= letters[-1] <= "z":
            continue
        letters.append(character)
    return unicodedata.normalize("NFC", "".join(letters))


def _spelling(place: int, name: str, part: Part) -> Spelling:
    return Spelling(place, name, artist_key(name), loose_key(name), part)


def _literal_list(text: str) -> Iterable[object]:
    """Read a list as Python or JSON writes it, and one without quotes as its items between commas."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(_NO_COMMA.sub(", ", text))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            # a name in brackets is a name: [Alexandros]
            return text[1:-1].split(",") if "," in text and not set("'\"[]") & set(text[1:-1]) else ()
    names = found if isinstance(found, list) else ()
    return [name.get("name") if isinstance(name, dict) else name for name in names]


def _plain_letter(character: str) -> str:
    return "" if unicodedata.combining(character) else character


def _fold_character(character: str) -> str:
    if character in _DROPPED:
        return ""
    return " " if unicodedata.category(character).startswith("P") else character


def _squeeze(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


# what `_fold_character` makes of ASCII, for the many names of nothing else
_PLAIN_ASCII = {code: _fold_character(chr(code)) for code in range(128)}
