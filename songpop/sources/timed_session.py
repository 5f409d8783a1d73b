"""A session whose requests end in a time: a time-out of requests counts anew with every byte that comes."""

import threading
from typing import Any

import requests
from requests.adapters import HTTPAdapter


class TimedSession(requests.Session):
    """A session that gives up an answer which trickles in, be it headers or body.

    Attributes:
        longest_seconds: from sending a request to the end of its answer; set anew before each call.
    """

    def __init__(self) -> None:
        """Begin with a minute for each answer."""
        super().__init__()
        self.longest_seconds = 60.0

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request in a thread of its own, and leave that thread behind when the time is up.

        Raises:
            requests.Timeout: the answer was not whole in time.
            requests.RequestException: as ever.
        """
        came: list[requests.Response] = []
        failed: list[BaseException] = []

        def fetch() -> None:
            try:
                came.append(super(TimedSession, self).send(request, **(options | {"stream": False})))
            except BaseException as error:  # is raised where it was asked for
                failed.append(error)

        thread = threading.Thread(target=fetch, daemon=True)
        thread.start()
        thread.join(self.longest_seconds)
        if thread.is_alive():
            # its connection may still get the late answer, so no later request may have it
            self.mount("https://", HTTPAdapter())
            self.mount("http://", HTTPAdapter())
            raise requests.Timeout(f"an answer must come in {self.longest_seconds:.1f} s, however it did not")
        if failed:
            raise failed[0]
        return came[0]
