"""Fold artist names, so that two spellings of one name compare equal and two names do not."""

import re
import unicodedata

_DROPPED = frozenset("'’‘`´\"“”„.")
_SPACES = re.compile(r"\s+")


def fold_name(name: str) -> str:
    """Fold width, case, punctuation, `&` and a leading `the` out of an artist's name.

    Dots and apostrophes vanish (`R.E.M.` is `rem`), other punctuation parts words (`Jay-Z` is `jay z`),
    symbols such as `$` stay. Accents stay too: see `fold_accents`. A name that is nothing but
    punctuation (`!!!`) keeps it, for two of those are not the same artist.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    plain = _squeeze(text)
    words = _squeeze("".join(map(_fold_character, text.replace("&", " and "))))
    return words.removeprefix("the ") or plain


def fold_accents(folded: str) -> str:
    """Take the accents off Latin letters; marks of other scripts stay, where they make another letter."""
    letters: list[str] = []
    for character in unicodedata.normalize("NFD", folded):
        if unicodedata.combining(character) and letters and "a" <= letters[-1] <= "z":
            continue
        letters.append(character)
    return unicodedata.normalize("NFC", "".join(letters))


def _fold_character(character: str) -> str:
    if character in _DROPPED:
        return ""
    return " " if unicodedata.category(character).startswith("P") else character


def _squeeze(text: str) -> str:
    return _SPACES.sub(" ", text).strip()
