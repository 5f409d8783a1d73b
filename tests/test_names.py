"""Artist names: what folds to one, and what must not."""

import json
import re
import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songpop.names import (
    artist_key,
    artist_parts,
    fold_accents,
    fold_name,
    genre_key,
    genre_keys,
    lead_key,
    listed_names,
    spellings,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "beatles"),
        ("Simon & Garfunkel", "Simon and Garfunkel"),
        ("R.E.M.", "REM"),
        ("Guns N’ Roses", "Guns N' Roses"),
        ("JAY-Z", "Jay Z"),
        ("Ｐｅｒｆｕｍｅ", "Perfume"),
        ("Earth,  Wind & Fire ", "Earth Wind and Fire"),
        ("Beyoncé", "BEYONCE\u0301"),
        ("Groß", "GROSS"),
    ],
)
def test_two_spellings_of_one_name_fold_to_one(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bailey", "Bailey Zimmerman"),
        ("!!!", "???"),
        ("The The", "The Who"),
        ("A$AP Rocky", "AAP Rocky"),
        ("Beyoncé", "Beyonce"),
        ("None", ""),
    ],
)
def test_two_names_do_not_fold_to_one(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


def test_accents_come_off_latin_letters_only() -> None:
    assert fold_accents(fold_name("Beyoncé")) == "beyonce"
    assert fold_accents("がく") == "がく"
    assert fold_accents("й") == "й"


def test_a_name_of_punctuation_alone_keeps_it() -> None:
    assert fold_name("!!!") == "!!!"
    assert fold_name("The") == "the"


@pytest.mark.parametrize(
    "spelling",
    ["sigur rós", "SIGUR RÓS", " Sigur Rós", "Sigur\u00a0Rós ", "Sigur  Ro\u0301s", "Ｓigur Rós", "\ufeffSigur Rós"],
)
def test_spellings_of_one_artist_have_one_key(spelling: str) -> None:
    assert artist_key(spelling) == artist_key("Sigur Rós") == artist_key(artist_key(spelling))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Simon & Garfunkel", "Simon and Garfunkel"), ("A &amp; B", "A & B"), ("Guns N’ Roses", "Guns N' Roses")],
)
def test_signs_that_mean_the_same_have_one_key(one: str, other: str) -> None:
    assert artist_key(one) == artist_key(other)


@pytest.mark.parametrize(("one", "other"), [("HIM", "The Him"), ("Mýa", "Mya"), ("H.E.R.", "Her"), ("!!!", "???")])
def test_artists_that_differ_in_more_have_two_keys(one: str, other: str) -> None:
    assert artist_key(one) != artist_key(other)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("A;B", ["A", "B"]),
        ("A ; B;A;", ["A", "B"]),
        ("['A', \"B's\"]", ["A", "B's"]),
        ('["A", "B"]', ["A", "B"]),
        ('[{"name": "A"}, {"name": "B"}]', ["A", "B"]),
        ("A, B", ["A, B"]),
        ("[A]", ["[A]"]),
        (r'["A\ud83d", "B"]', ["A?", "B"]),
        ("[]", ["[]"]),
        (";", [";"]),
        ("['A'", ["['A'"]),
        ("A &amp; B", ["A &amp; B"]),
        ('[{"name": "A", "is_main": true}, {"name": "B", "born": null}]', ["A", "B"]),
        ("['A' \"B's\"\n 'C']", ["A", "B's", "C"]),
        ("A\nB", ["A", "B"]),
        ('="A"', ["A"]),
    ],
)
def test_a_list_that_says_so_is_several_names(written: str, names: list[str]) -> None:
    assert listed_names(written) == names


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b", "['" + "a" * 5000 + "']", "[" * 3000 + "]" * 3000, "\ud83d", ";;;;", "&", "feat."]
)
def test_whatever_is_written_has_a_spelling(name: str) -> None:
    found = spellings(name)
    assert found
    assert min(spelling.place for spelling in found if spelling.place) == 1
    assert lead_key(name) == lead_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hip-Hop", "hip hop"), ("K-Pop ", "kpop"), ("R&B", "r-n-b"), ("R and B", "R & B"),
        ("Drum & Bass", "drum-and-bass"),
        ("Rock 'n' Roll", "rock-n-roll"), ("Électro", "ELECTRO"), ("new_age", "New Age"),
    ],
)  # fmt: skip
def test_spellings_of_one_genre_have_one_key(one: str, other: str) -> None:
    assert genre_key(one) == genre_key(other)


def test_a_genre_goes_before_what_stores_call_the_same_and_a_whole_before_its_parts() -> None:
    assert genre_keys("Rap")[0] == "rap"
    assert "hiphop" in genre_keys("Rap")
    keys = genre_keys("pop;Hip-Hop/Rap")
    assert keys.index("pop") < keys.index("hiphop")
    assert genre_keys("R&B/Soul")[0] == "rnbsoul"
    assert genre_keys("") == genre_keys(" ")


_BLANKS = " \t\u00a0\u2003\u3000"


@st.composite
def _respelled(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a name, and the same in another case, Unicode form and spacing."""
    name = draw(st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Co")), min_size=1, max_size=20))
    forms: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
    formed = unicodedata.normalize(draw(st.sampled_from(forms)), name)
    cased = formed.casefold() if draw(st.booleans()) else formed
    spaced = re.sub(r"\s", lambda _: draw(st.sampled_from(_BLANKS)), cased)
    around = draw(st.text(_BLANKS, max_size=2)), draw(st.text(_BLANKS, max_size=2))
    return name, around[0] + spaced + around[1]


@given(_respelled())
def test_a_name_keeps_its_key_in_any_case_form_and_spacing(names: tuple[str, str]) -> None:
    name, respelled = names
    assert artist_key(name) == artist_key(respelled)
    assert artist_key(artist_key(name)) == artist_key(name)
    assert genre_key(name) == genre_key(respelled)


@given(
    st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=8), min_size=2, max_size=4, unique=True)
)
def test_the_names_of_a_list_are_those_that_were_put_in(names: list[str]) -> None:
    for written in (";".join(names), repr(names), json.dumps(names)):
        assert listed_names(written) == names


@pytest.mark.parametrize("sign", [" & ", " and ", ", ", "、", " x ", " / ", " | ", " + ", " vs. ", " feat. "])
def test_a_sign_between_two_artists_parts_them(sign: str) -> None:
    assert artist_parts(f"Mira Tal{sign}Oko Band") == ["Mira Tal", "Oko Band"]
    assert lead_key(f"Mira Tal{sign}Oko Band") == "mira tal"


@pytest.mark.parametrize("name", ["Mira and the Tals", "Mira & The Tals", "AC/DC", "Sandy Withers", "Mira and Friends"])
def test_a_word_within_a_name_parts_nothing(name: str) -> None:
    assert artist_parts(name) == [name]


def test_what_stores_call_hip_hop_and_soul_is_known() -> None:
    assert "hiphop" in genre_keys("Hip-Hop & Rap")
    assert "rnb" in genre_keys("R&B and Soul")
