"""A session whose answers are read whole inside a time: a time-out of requests counts anew with every byte."""

import time
from collections.abc import Callable
from typing import Any

import requests
from urllib3.exceptions import HTTPError

_PIECE_BYTES = 65_536


class TimedSession(requests.Session):
    """A session that gives up an answer which trickles in.

    Attributes:
        longest_seconds: from the end of the headers to the end of the body; set anew before each call.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin with a minute for each answer.

        Args:
            seconds: a clock that never goes back, in seconds.
        """
        super().__init__()
        self.longest_seconds = 60.0
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request and read its answer as it comes in.

        Raises:
            requests.Timeout: the body was not whole in time.
            requests.ConnectionError: the connection broke off.
        """
        response = super().send(request, **(options | {"stream": True}))
        last = self._seconds() + self.longest_seconds
        pieces = []
        try:
            while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
                pieces.append(piece)
                if self._seconds() > last:
                    raise requests.Timeout(f"an answer must come in {self.longest_seconds:.0f} s, however it did not")
        except HTTPError as error:
            raise requests.ConnectionError(str(error)) from error
        finally:
            response.close()
        # what reading `response.content` would have set
        response._content, response._content_consumed = b"".join(pieces), True  # type: ignore[attr-defined]
        return response
