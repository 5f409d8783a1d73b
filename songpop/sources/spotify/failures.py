"""What an exception out of Spotipy means, and whether an answer has the form it must have."""

import base64
from collections.abc import Mapping
from typing import Any

import requests

from songpop.sources.rate_limited_caller import Failure, read_retry_after
from songpop.sources.spotify.parsing import Row


def read_failure(error: Exception, client_secret: str) -> Failure | None:
    """Say what an exception out of Spotipy means, or None where it is not Spotify's doing.

    Args:
        error: raised by a call.
        client_secret: is cut out of the words, where the token endpoint repeats it.
    """
    from spotipy.exceptions import SpotifyException
    from spotipy.oauth2 import SpotifyOauthError

    if isinstance(error, SpotifyException):
        return _read_status(error.http_status, str(error.msg), error.reason, error.headers or {})
    if isinstance(error, SpotifyOauthError):
        return _read_token_error(_without(client_secret, str(error.error))[:100])
    if isinstance(error, requests.RequestException) and not isinstance(error, ValueError):
        return Failure("connection", type(error).__name__)
    if isinstance(error, ValueError | AttributeError | TypeError | KeyError):
        return Failure("payload", f"an answer that can't be read ({type(error).__name__})")
    return None


def _without(secret: str, text: str) -> str:
    """Cut a secret out of words, plain and as an Authorization header would hold it."""
    for form in (secret, base64.b64encode(secret.encode()).decode().rstrip("=")):
        text = text.replace(form, "…")
    return text


def _read_token_error(text: str) -> Failure:
    if "client" not in text:
        return Failure("server", f"no token ({text!r})")
    return Failure(
        "account",
        "SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET must be a pair that Spotify knows, "
        f"however it gave them no token ({text!r}).",
    )


def _read_status(status: int, message: str, reason: str | None, headers: Mapping[str, str]) -> Failure:
    quote = message.partition(":\n ")[2].strip()[:200]
    described = f"{status} {quote!r}" if quote and quote != "None" else f"{status} without a message"
    wait = read_retry_after(headers.get("Retry-After"))
    if status == 429:
        return Failure("quota" if reason == "QUOTA_EXCEEDED" else "rate", described, status, wait)
    if status == 401:
        return Failure("token", described, status)
    if status == 403 and "premium" in quote.lower():
        return Failure("account", f"it answered {described}.", status)
    if status in (403, 404):
        return Failure("refused", described, status)
    if status == 400 and "limit" in quote.lower():
        return Failure("limit", described, status)
    return Failure("server", described, status, wait) if status >= 500 else Failure("request", described, status)


def read_items(answer: Any, *path: str) -> list[Any]:
    """Return the list that lies at a path in an answer.

    Raises:
        ValueError, KeyError, TypeError: it does not.
    """
    for name in path:
        answer = answer[name]
    return read_list(answer)


def read_list(answer: Any) -> list[Any]:
    """Return an answer that must be a list.

    Raises:
        ValueError: it is not one.
    """
    if not isinstance(answer, list):
        raise ValueError(f"a list must come back, however it is a {type(answer).__name__}")
    return answer


def read_object(answer: Any) -> Row:
    """Return an answer that must be an object with an id.

    Raises:
        ValueError: it is not one.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str) or not answer["id"]:
        raise ValueError(f"an object with an id must come back, however it is a {type(answer).__name__}")
    return answer


def read_album(answer: Any) -> Row:
    """Return an answer that must be an album whose tracks, where it has any, are a page.

    Raises:
        ValueError: it is not one.
    """
    album = read_object(answer)
    tracks = album.get("tracks")
    if tracks is not None and not (isinstance(tracks, dict) and isinstance(tracks.get("items", []), list)):
        raise ValueError("an album's tracks must be a page of them")
    return album
