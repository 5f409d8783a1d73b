"""Plants lines in a tracks file that a load must reject."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

_MODEL = (
    b"7,Synthetic Broken Line,Broken Line,0000000000000000000000,10,2012,acoustic,"
    b"0.5,0.5,4,-7.5,1,0.05,0.1,0.0,0.1,0.5,120.0,200000,4"
)


@dataclass(frozen=True)
class Planted:
    """One planted line: its number in the file (the header is 1), what is wrong, and its bytes."""

    line: int
    kind: str
    content: bytes


def _broken_lines(fields: list[bytes], number: int) -> dict[str, bytes]:
    """Break a good line in each way we know; `fields` are those of a tracks file."""

    def with_field(position: int, value: bytes) -> bytes:
        return b",".join([*fields[:position], value, *fields[position + 1 :]])

    own_id = b"synthetic%013d" % number
    fields = [*fields[:3], own_id, *fields[4:]]
    return {
        "too few fields": b",".join(fields[:9]),
        "too many fields": b",".join([*fields, b"0.5", b"extra"]),
        "popularity above 100": with_field(4, b"412"),
        "popularity not a number": with_field(4, b"high"),
        "popularity below 0": with_field(4, b"-3"),
        "no track_id": with_field(3, b""),
        "no artist_name": with_field(1, b""),
        "no popularity": with_field(4, b""),
        "feature not a number": with_field(7, b"very"),
        "not UTF-8": with_field(2, b"Caf\xe9 \xff"),
    }


def plant_malformed(path: Path, n_lines: int, n_rows: int) -> list[Planted]:
    """Insert broken lines, evenly spread and of every kind in turn, into a tracks file of `n_rows` rows."""
    places = np.linspace(1, n_rows, n_lines + 2)[1:-1].astype(int) if n_lines else np.zeros(0, dtype=int)
    waiting = list(enumerate(places.tolist()))
    planted: list[Planted] = []
    partial = path.with_name(path.name + ".partial")
    with path.open("rb") as source, partial.open("wb") as target:
        for number, line in enumerate(source):
            target.write(line)
            while waiting and waiting[0][1] == number:
                which, _ = waiting.pop(0)
                broken = list(_broken_lines(_MODEL.split(b","), which).items())
                kind, content = broken[which % len(broken)]
                planted.append(Planted(number + 2 + len(planted), kind, content))
                target.write(content + b"\n")
    partial.replace(path)
    return planted
