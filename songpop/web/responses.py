"""What a handler is asked and what it responds, without a word about Flask."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# no number that a request holds has more
_MOST_DIGITS = 9


class BadRequest(Exception):
    """A request can't be answered as it is; the message says why and what to do.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        """Keep the status beside the message."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        query: the first value of each argument of the address.
        form: the same of a posted form.
        file: content of the file that was posted with it, None without one.
        body: as sent, where it is no form; `kind` is its media type.
    """

    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    file: bytes | None = None
    body: bytes = b""
    kind: str = ""


class Page(NamedTuple):
    """A page made from a template."""

    template: str
    values: dict[str, Any]
    status: int = 200


class Data(NamedTuple):
    """A response in JSON."""

    content: Any


class Download(NamedTuple):
    """A file; with a name it is saved, without one it is shown."""

    content: bytes
    kind: str
    name: str = ""


class Redirect(NamedTuple):
    """A redirection to a path of this reader."""

    path: str


Response = Page | Data | Download | Redirect


def filled(values: Mapping[str, str]) -> dict[str, str]:
    """Leave out what is blank, and the blanks around the rest."""
    return {name: text.strip() for name, text in values.items() if text.strip()}


def whole(query: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """Read a whole number from a request.

    Raises:
        BadRequest: it is none, or out of range.
    """
    text = query.get(name, "").strip()
    if not text:
        return default
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    if not is_number or not low <= int(text) <= high:
        raise BadRequest(f"{name} must be a whole number from {low:,} to {high:,}, however it is '{text[:40]}'.")
    return int(text)


def one_of(query: Mapping[str, str], name: str, choices: Collection[str]) -> str:
    """Read from a request which of some choices is meant, the first where it does not say.

    Raises:
        BadRequest: it is none of them.
    """
    text = query.get(name, "").strip() or next(iter(choices))
    if text not in choices:
        raise BadRequest(f"{name} must be one of {', '.join(choices)}, however it is '{text[:40]}'.")
    return text
