"""What every page needs: the readers' file, reopened when a night has replaced it, and the model that scores."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from songpop import adjustments, model_folder
from songpop.adjustments import Adjustment
from songpop.errors import ModelError, WarehouseError
from songpop.last_run import LastRun, read_last_run, read_state
from songpop.published.left_out import LEAST_EVIDENCE
from songpop.settings import Settings

if TYPE_CHECKING:
    import duckdb

    from songpop.scoring.model import ScoringModel

OTHER_VERSION = (
    "The published file must hold the marts of this version of songpop, however it does not. Run `songpop nightly`."
)
_ATTEMPTS = 5
_MOST_KEPT = 500
Identity = tuple[int, int, int]


@dataclass(frozen=True)
class Edition:
    """What one published file says of itself.

    Attributes:
        champion: the model version that scores now, None where there is none.
        as_of_date, run_id, scored_at: of the newest scores, None where there are none.
        is_synthetic: whether its tracks are made up.
        genres: of the new releases, the commonest first.
        published_at: when the run that published it ended, UTC; copying the file does not change it.
        adjustment: how the champion's scores of the newest list are adjusted.
    """

    champion: str | None
    as_of_date: date | None
    run_id: str | None
    scored_at: datetime | None
    n_releases: int
    is_synthetic: bool
    genres: tuple[str, ...]
    published_at: datetime
    adjustment: Adjustment


@dataclass
class _Opened:
    identity: Identity
    con: "duckdb.DuckDBPyConnection"
    kept: dict[str, Any] = field(default_factory=dict)


class PublishedReader:
    """The readers' file and the champion, shared by the threads of a server.

    The file is opened once and looked at with every request: where a night has swapped in another one, that one is
    opened, and requests that still read the old one go on undisturbed.
    """

    def __init__(self, settings: Settings, usual_evidence: str = LEAST_EVIDENCE) -> None:
        """Open nothing yet; lists have so much evidence where an address does not say."""
        self.settings = settings
        self.usual_evidence = usual_evidence
        self._lock = threading.Lock()
        self._model_lock = threading.Lock()
        self._opened: _Opened | None = None
        self._models: dict[str, ScoringModel] = {}

    @contextmanager
    def reading(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        """Lend a connection to the readers' file as it is now.

        Raises:
            WarehouseError: nothing was published yet, or the file is none of this version.
        """
        import duckdb

        with self._current().con.cursor() as con:
            con.execute("use published")
            try:
                yield con
            except (duckdb.CatalogException, duckdb.BinderException) as error:
                raise WarehouseError(OTHER_VERSION) from error

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what was made of the present file before, or make it; the oldest give way to new ones."""
        kept = self._current().kept
        try:
            return kept[name]
        except KeyError:
            made = make()
        with self._lock:
            kept[name] = made
            if len(kept) > _MOST_KEPT:
                kept.pop(next(iter(kept)))
        return made

    def edition(self) -> Edition:
        """Tell what the present file says of itself."""
        edition: Edition = self.kept("edition", self._read_edition)
        return edition

    def last_run(self) -> LastRun:
        """Tell how it stands: as the last run wrote it down beside the file, else as the file itself knows."""
        own: LastRun = self.kept("last_run", self._read_last_run)
        return read_state(self.settings, own.facts["published_run_id"] if own.facts else None) or own

    def champion(self, *, is_listed: bool = False) -> "ScoringModel":
        """Return the model that scores now, loaded once a version, as it scores songs of the newest list or of none.

        Raises:
            ModelError: none was trained yet, or its folder is not complete.
        """
        from songpop.scoring.model import load_model

        version = self.edition().champion
        if version is None:
            raise ModelError("Scoring must have a champion, however none was trained yet. Run `songpop train`.")
        with self._model_lock:
            if version not in self._models:
                # a song is quicker on one core, and requests share the others
                self._models = {version: load_model(self.settings.models_dir / version, 1)}
            model = self._models[version]
        return model.adjusted(self.edition().adjustment.of_song(is_listed=is_listed))

    def metrics(self) -> Mapping[str, Any]:
        """Return what the champion's folder tells of its evaluation, empty where it tells nothing."""
        version = self.edition().champion
        found: Mapping[str, Any] = self.kept("metrics", lambda: _read_metrics(self.settings.models_dir / str(version)))
        return found

    def _current(self) -> _Opened:
        with self._lock:
            for _ in range(_ATTEMPTS):
                identity = _identity(self.settings.published)
                if self._opened is None or self._opened.identity != identity:
                    self._opened = _Opened(identity, _attach(self.settings))
                # another file may have been swapped in between looking and opening
                if _identity(self.settings.published) == identity:
                    break
            assert self._opened is not None
            return self._opened

    def _read_last_run(self) -> LastRun:
        with self.reading() as con:
            return read_last_run(con)

    def _read_edition(self) -> Edition:
        from songpop import queries, synthetic

        with self.reading() as con:
            champion = queries.read_rows(con, "reports", "champion")
            facts = queries.read_rows(con, "lookups", "list_facts")[0]
            genres = queries.read_rows(con, "lookups", "release_genres")
            published = queries.read_rows(con, "reports", "published_at")
            is_synthetic = synthetic.is_synthetic(con)
            adjustment = adjustments.read_adjustment(con)
        moment = published[0]["published_at"] if published else None
        return Edition(
            champion=champion[0]["model_version"] if champion else None,
            as_of_date=facts["as_of_date"],
            run_id=facts["run_id"],
            scored_at=facts["scored_at"],
            n_releases=facts["n_releases"],
            is_synthetic=is_synthetic,
            genres=tuple(row["genre"] for row in genres),
            published_at=(moment or datetime.fromtimestamp(self._current().identity[1] / 1e9, UTC)).replace(tzinfo=UTC),
            adjustment=adjustment,
        )


def _identity(path: Path) -> Identity:
    """Tell one published file from the next."""
    try:
        seen = path.stat()
    except OSError as error:
        raise WarehouseError(
            f"There must be a published file to read, however there is no {path.name} yet. `songpop nightly` makes it."
        ) from error
    return seen.st_ino, seen.st_mtime_ns, seen.st_size


def _attach(settings: Settings) -> "duckdb.DuckDBPyConnection":
    """Attach the file to a database in memory; opened by its path, DuckDB would hand out the old one once more."""
    import duckdb

    from songpop import warehouse

    con = duckdb.connect(config=warehouse.connection_config(settings))
    quoted = str(settings.published).replace("'", "''")
    try:
        con.execute(f"attach '{quoted}' as published (read_only)")
    except duckdb.Error as error:
        con.close()
        failure = warehouse.unreadable(settings.published, settings, error)
        # who looks at a page need not know where the file lies
        raise WarehouseError(str(failure).replace(str(settings.published), settings.published.name)) from error
    return con


def _read_metrics(model_dir: Path) -> dict[str, Any]:
    try:
        return model_folder.read_optional_metrics(model_dir) or {}
    except ModelError:
        return {}
