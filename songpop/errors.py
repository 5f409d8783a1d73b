"""Every exception that songpop raises.

SongpopError
├── SettingsError          a setting or an option that can't be used
├── SourceError            an input file or a service
│   ├── SourceUnavailable  it did not answer, or not in time: worth another try
│   │   └── SourceStopped  a used-up quota, a dead service or the deadline: worth another try in a later run
│   └── SourceChanged      it answered with something we do not know: another try won't help
│       └── SourceRefused  it answered 403 or 404: this key may not ask for that, or it is not there
├── WarehouseError         the DuckDB file: locked, missing, of another layout
├── ExpectationFailed      a critical finding: readers keep yesterday's results
├── ModelError             no champion, a broken artefact, or a frame it can't score
└── ExportError            a list that can't be written
"""


class SongpopError(Exception):
    """Any failure that songpop explains in its own words."""


class SettingsError(SongpopError):
    """A setting or an option has a value that can't be used."""


class SourceError(SongpopError):
    """An input file or a service can't be used."""


class SourceUnavailable(SourceError):
    """A source did not answer, or not in time; trying again may help."""


class SourceChanged(SourceError):
    """A source answered with something unknown; trying again won't help."""


class SourceStopped(SourceUnavailable):
    """A source is not asked any more in this run; what it gave so far is kept."""


class SourceRefused(SourceChanged):
    """A source answered 403 or 404 (in `status`): not allowed for this key, or not there."""

    def __init__(self, message: str, status: int | None = None) -> None:
        """Keep the HTTP status beside the message."""
        super().__init__(message)
        self.status = status


class WarehouseError(SongpopError):
    """The DuckDB file is locked, missing or of another layout."""


class ExpectationFailed(SongpopError):
    """A critical check did not hold, so nothing was published."""


class ModelError(SongpopError):
    """There is no champion, its files are broken, or a frame can't be scored."""


class ExportError(SongpopError):
    """A list can't be written where or how it was asked for."""


def is_interruption(error: BaseException) -> bool:
    """Say whether an error is how DuckDB passes on a signal (Ctrl+C, a request to end) that came during a query."""
    return isinstance(error, RuntimeError) and "interrupted" in str(error).lower()
