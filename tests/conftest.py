"""What tests share: an in-memory warehouse, settings in a temporary folder, and a shut network."""

import socket
from collections.abc import Iterator
from pathlib import Path

import duckdb
import hypothesis
import pytest

from songpop import warehouse
from songpop.settings import Settings

_REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_LOOPBACK = ("127.", "localhost", "::1")
# the files that take longest, in their order; what goes on from the sample night comes well after what runs it
_LONGEST = (
    "pipeline/test_night.py",
    "training/test_train.py",
    "benchmarks/test_quality.py",
    "estimators/test_estimators.py",
    "checking/test_run_checks.py",
    "pipeline/test_later_nights.py",
)

# the same few examples each time: whether the suite passes says something of the change, not of the day;
# `--hypothesis-profile thorough` draws many others
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, max_examples=20)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=500)
hypothesis.settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker waits for another that has one of them left."""

    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((number for number, name in enumerate(_LONGEST) if path.endswith(f"/{name}")), len(_LONGEST))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def shut_network(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Let a test reach loopback only, unless it is marked live."""
    if request.node.get_closest_marker("live"):
        return
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise OSError(f"tests must not reach the network, however one tried {address[0]}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings whose home is the test's own folder."""
    return Settings.from_env({}, home=tmp_path, threads=1, memory_limit="1GB")


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty in-memory warehouse with its raw and ledger tables."""
    with duckdb.connect(config={"threads": 1}) as connection:
        warehouse.create_tables(connection)
        yield connection


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of the real files, or skip where it is missing."""
    if not _REAL_DATA.is_dir():
        pytest.skip("the real files are not beside this checkout")
    return _REAL_DATA
