"""Fetch the Kaggle file *Spotify 1 Million Tracks* through kagglehub, at a pinned version.

A pinned version that is in kagglehub's cache (`KAGGLEHUB_CACHE`, else ~/.cache/kagglehub) is served with no look at
the network. Kaggle publishes no checksum; the load records the file's sha256 and compares it with later ones.
"""

import logging
import sys
from pathlib import Path
from typing import TextIO

from songpop.errors import SourceError, SourceRefused, SourceUnavailable

DATASET = "amitanshjoshi/spotify-1million-tracks/versions/1"
DATA_FILE = "spotify_data.csv"
FILE_NAME = f"kaggle:{DATASET}/{DATA_FILE}"

_BY_HAND = (
    "Or download it by hand from https://www.kaggle.com/datasets/amitanshjoshi/spotify-1million-tracks and pass it "
    "with --tracks."
)
_TRANSIENT = (408, 429)


def fetch_kaggle(log: TextIO | None = None) -> Path:
    """Return the path of the Kaggle CSV, downloading it (77 MB) unless kagglehub's cache has it.

    Args:
        log: where kagglehub's log lines go; stderr by default, for stdout is for data.

    Raises:
        SourceUnavailable: Kaggle can't be reached, or the download broke off: another try may help.
        SourceRefused: Kaggle answered that this may not be had, or is not there.
        SourceError: the download can't be stored.
    """
    import kagglehub
    import requests
    from kagglehub import exceptions

    for handler in logging.getLogger("kagglehub").handlers:
        if type(handler) is logging.StreamHandler:
            handler.setStream(log or sys.stderr)
    try:
        return Path(kagglehub.dataset_download(DATASET, path=DATA_FILE))
    except requests.HTTPError as error:
        raise _read_answer(error) from error
    except (requests.RequestException, exceptions.DataCorruptionError, exceptions.BackendError) as error:
        raise SourceUnavailable(
            f"Kaggle must be reachable for --kaggle, however {DATASET} can't be fetched now "
            f"({type(error).__name__}). Try again later. {_BY_HAND}"
        ) from error
    except OSError as error:
        raise SourceError(
            f"kagglehub must be able to store its download, however the system says: {error}. Free space there, or "
            f"name another folder in KAGGLEHUB_CACHE. {_BY_HAND}"
        ) from error


def _read_answer(error: Exception) -> SourceError:
    response = getattr(error, "response", None)
    status = None if response is None else response.status_code
    if status is None or status in _TRANSIENT or status >= 500:
        return SourceUnavailable(
            f"Kaggle must answer for --kaggle, however it said {status or 'nothing'} to {DATASET}. Try again later. "
            f"{_BY_HAND}"
        )
    return SourceRefused(
        f"Kaggle must give out {DATASET} to anyone, however it said {status}. A wrong key in KAGGLE_API_TOKEN or "
        f"~/.kaggle is refused where no key is not: take it away. {_BY_HAND}",
        status,
    )
