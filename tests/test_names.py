"""Artist names: what folds to one, and what must not."""

import pytest

from songpop.names import fold_accents, fold_name


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
