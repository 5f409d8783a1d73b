"""What a ranked list leaves out of the rows that fit, and how to say so: little evidence, and other versions."""

from collections.abc import Callable
from dataclasses import dataclass

# the most first; a list has rows of one of these or better
EVIDENCE = ("full", "some", "little")
LEAST_EVIDENCE = "some"
# what a row of a list is called, where it is no release
_ROWS = {"singles": "album", "artists": "artist"}


@dataclass(frozen=True)
class LeftOut:
    """What a list leaves out.

    Attributes:
        evidence: the least that its rows have.
        n_rows: rows left out because less is known of them.
        n_versions: releases that are folded under another version of their recording.
    """

    evidence: str = LEAST_EVIDENCE
    n_rows: int = 0
    n_versions: int = 0

    def describe(self, name: str, show_rows: str = "", show_versions: str = "") -> list[str]:
        """Say it in a sentence each.

        Args:
            name: of the list.
            show_rows, show_versions: what brings them back, in the words of the reader's tool; blank leaves it out.
        """
        sentences = []
        if self.n_rows:
            row = _ROWS.get(name, "release")
            less = " or ".join(EVIDENCE[EVIDENCE.index(self.evidence) + 1 :])
            sentences.append(_sentence(self.n_rows, row, f"of {less} evidence {{}} left out", show_rows))
        if self.n_versions:
            sentences.append(_sentence(self.n_versions, "other version", "{} folded in", show_versions))
        return sentences


def count(
    count_rows: Callable[[str, bool], int], n_shown: int, *, evidence: str | None = None, versions: bool | None = None
) -> LeftOut:
    """Count what a list leaves out: with what it has, that makes every row that fits.

    Args:
        count_rows: how many rows fit, given the least evidence and whether each version has a row.
        n_shown: how many the list has.
        evidence, versions: as the list has them; None where they are as usual.
    """
    least = evidence or LEAST_EVIDENCE
    n_known = n_shown if least == EVIDENCE[-1] else count_rows(EVIDENCE[-1], bool(versions))
    n_all = n_known if versions else count_rows(EVIDENCE[-1], True)
    return LeftOut(least, n_known - n_shown, n_all - n_known)


def _sentence(n: int, noun: str, what: str, how: str) -> str:
    plural = n != 1
    shows = f"; {how} shows {'them' if plural else 'it'}" if how else ""
    return f"{n:,} {noun}{'s' if plural else ''} {what.format('are' if plural else 'is')}{shows}."
