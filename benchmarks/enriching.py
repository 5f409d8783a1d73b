"""Measure enrichment against a Spotify-shaped service on loopback: calls, budgets, kills, throughput and memory.

    python -m benchmarks.enriching --artists 64158

Time is simulated where it says so: a clock that only waiting moves. Every request is a real one, through Spotipy.
"""

import argparse
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from songpop import warehouse
from songpop.console import no_progress
from songpop.enriching import enrich
from songpop.reporting.night_report import markdown_table
from songpop.settings import Settings
from songpop.sources.loopback import LoopbackServer, Reply, Request
from songpop.sources.rate_limited_caller import RunClock
from songpop.sources.registry import Sources
from songpop.sources.sample.service import CLIENT_ID, CLIENT_SECRET, SampleService, Tier
from songpop.sources.sample.service_catalogue import Catalogue
from songpop.sources.spotify.client import SpotifySource

_TIERS: tuple[Tier, ...] = ("extended", "dev_legacy", "dev_new")
_FIRST_NIGHT = datetime.fromisoformat("2026-11-22T03:15")
_MOST_NIGHTS = 70
_N_KILLS = 10
_OF_OTHER_NAME = 20  # each so-manieth artist bears another name on the track, so that a search is needed
_PACE = {"extended": 0.34, "dev_legacy": 1.0, "dev_new": 1.0}


class SimulatedClock:
    """A clock in seconds that only sleeping moves."""

    def __init__(self) -> None:
        """Begin at nought."""
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the present second."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


class CountingService:
    """The service of one tier, with what it was asked and when.

    Attributes:
        calls: moments of the clock by bucket.
        keys: how often each artist's id, track's id or name was asked for.
    """

    def __init__(self, catalogue: Catalogue, tier: Tier, clock: SimulatedClock) -> None:
        """Serve a catalogue on a free loopback port, inside a `with` of `server`."""
        self.calls: dict[str, list[float]] = defaultdict(list)
        self.keys: dict[str, int] = defaultdict(int)
        self._clock = clock
        self._service = SampleService(catalogue, tier)
        self.server = self._service.server = LoopbackServer(self._answer)

    def client(self, clock: RunClock) -> SpotifySource:
        """Return a client of it that keeps Spotify's pace, which a service on loopback would not be given."""
        source = SpotifySource(CLIENT_ID, CLIENT_SECRET, self.server.url, f"{self.server.url}/api/token", clock=clock)
        source.is_loopback = False
        return source

    def _answer(self, request: Request) -> Reply:
        self.server.requests.clear()
        if not request.path.endswith("/token"):
            parts = request.path.removeprefix("/v1/").split("/")
            self.calls["/".join(parts[:1] + parts[2:])].append(self._clock())
            for key in request.query.get("ids", request.query.get("q", "")).split(","):
                self.keys[key] += 1
        return self._service.answer(request)


def make_catalogue(n_artists: int) -> tuple[Catalogue, pl.DataFrame]:
    """Make artists with a track each; every twentieth bears another name on it, and some names are two artists'."""
    catalogue, rows = Catalogue(), []
    for number in range(1, n_artists + 1):
        name, key = f"Artist Number {number}", f"{number:022d}"
        artist = catalogue.add_artist(name, key, popularity=number % 101)
        listed = name if number % _OF_OTHER_NAME else f"Number {number}, Artist"
        if number % (3 * _OF_OTHER_NAME) == 0:
            catalogue.add_artist(name.upper(), f"a{number:021d}", popularity=3)
        line = {"track_id": f"b{number:021d}", "track_name": f"Song {number}", "artist_name": artist.name}
        catalogue.add_track(line | {"artist_name": listed}, popularity=number % 90)
        rows.append(line | {"popularity": number % 90})
    return catalogue, pl.DataFrame(rows)


@contextmanager
def open_home(tracks: pl.DataFrame, home: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Settings]]:
    """Open a warehouse that has loaded these tracks."""
    settings = Settings.from_env({}, home=home, sources="spotify,files")
    con = warehouse.connect(settings)
    try:
        if not con.execute("select count(*) from ledger.snapshots").fetchall()[0][0]:
            day = _FIRST_NIGHT.date() - timedelta(days=1)
            con.execute(
                "insert into ledger.snapshots values ('tracks-1', 'tracks', 'a.csv', 'sha', 'run', ?, 0, [], ?, ?)",
                [tracks.height, day, _FIRST_NIGHT],
            )
            con.execute("insert into ledger.loads values ('run', 'tracks-1', 'tracks', true, ?)", [_FIRST_NIGHT])
            con.register("given", tracks.with_row_index("line").with_columns(snapshot_id=pl.lit("tracks-1")))
            con.execute("insert into raw.files__tracks by name select * from given")
            con.unregister("given")
            warehouse.build(con, as_of_date=_FIRST_NIGHT.date(), new_release_days=28)
        yield con, settings
    finally:
        con.close()


def run_once(
    con: duckdb.DuckDBPyConnection, settings: Settings, source: SpotifySource, clock: RunClock, moment: datetime
) -> None:
    """Run enrichment once."""
    enrich(
        con,
        settings,
        as_of_date=moment.date(),
        run_id=f"run-{moment.isoformat()}",
        now=moment,
        sources=Sources(source),
        clock=clock,
        progress=no_progress,
    )


def measure_tier(tier: Tier, catalogue: Catalogue, tracks: pl.DataFrame) -> list[object]:
    """Enrich night after night, in simulated time, until a night has nothing more to ask."""
    time_passed, started = SimulatedClock(), time.monotonic()
    service = CountingService(catalogue, tier, time_passed)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        con, settings = stack.enter_context(open_home(tracks, home))
        stack.enter_context(service.server)
        asking, n_before, nights, n_idle = 0.0, -1, 0, 0
        for night in range(_MOST_NIGHTS):
            time_passed.seconds = max(time_passed.seconds, night * 86_400.0)
            began, moment = time_passed.seconds, _FIRST_NIGHT + timedelta(seconds=time_passed.seconds)
            clock = RunClock(2700.0, moment, seconds=time_passed, sleep=time_passed.sleep)
            source = service.client(clock)
            run_once(con, settings, source, clock, moment)
            source.close()
            asking += time_passed.seconds - began
            n_rows = con.execute("select count(distinct artist_name) from raw.spotify__artists").fetchall()[0][0]
            nights = night + 1
            n_idle = n_idle + 1 if n_rows <= n_before else 0
            if n_idle == 2 or n_rows == tracks.height:
                break
            n_before = n_rows
        states = dict(
            con.execute(
                "select match_state, count(distinct artist_name) from raw.spotify__artists group by all"
            ).fetchall()
        )
    n_calls = sum(map(len, service.calls.values()))
    worst = max((most_in_a_day(moments) for moments in service.calls.values()), default=0)
    return [
        tier,
        nights,
        n_calls,
        f"{tracks.height / max(n_calls, 1):,.1f}x fewer" if n_rows else "asks for none",
        n_rows,
        states.get("found", 0),
        states.get("ambiguous", 0),
        states.get("unmatched", 0),
        worst,
        f"{asking / 60:,.1f} min",
        f"{time.monotonic() - started:,.0f} s",
    ]


def most_in_a_day(moments: list[float]) -> int:
    """Return the most calls that any 24 hours saw."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 86_400:
            first += 1
        most = max(most, last - first + 1)
    return most


def measure_two_days(catalogue: Catalogue, tracks: pl.DataFrame) -> tuple[int, dict[str, int]]:
    """Run every hour for two simulated days with a development key; return runs, and the worst 24 hours by bucket."""
    time_passed = SimulatedClock()
    service = CountingService(catalogue, "dev_legacy", time_passed)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        con, settings = stack.enter_context(open_home(tracks.head(12_000), home))
        stack.enter_context(service.server)
        for hour in range(48):
            time_passed.seconds = max(time_passed.seconds, hour * 3600.0)
            moment = _FIRST_NIGHT + timedelta(seconds=time_passed.seconds)
            clock = RunClock(2700.0, moment, seconds=time_passed, sleep=time_passed.sleep)
            source = service.client(clock)
            run_once(con, settings, source, clock, moment)
            source.close()
    return 48, {bucket: most_in_a_day(moments) for bucket, moments in sorted(service.calls.items())}


def measure_kills(catalogue: Catalogue, tracks: pl.DataFrame, seed: int) -> tuple[int, int, int]:
    """Kill a real process ten times at random moments; return rows kept at the kills, rows in all, keys asked twice.

    A key counts as asked twice where its row was committed when it was asked for again.
    """
    draw, twice, kept = random.Random(seed), 0, 0
    some = tracks.head(6_000)
    service = CountingService(catalogue, "dev_legacy", SimulatedClock())
    with tempfile.TemporaryDirectory() as folder, service.server:
        home = Path(folder)
        some.write_parquet(home / "tracks.parquet")
        with open_home(some, home):
            pass
        command = [sys.executable, "-m", "benchmarks.enriching", "--child", folder, "--url", service.server.url]
        for attempt in range(_N_KILLS + 1):
            service.keys.clear()
            with open_home(some, home) as (con, _):
                done = _keys_done(con)
            child = subprocess.Popen(command)
            if attempt < _N_KILLS:
                time.sleep(draw.uniform(0.8, 3.0))
                child.send_signal(signal.SIGKILL)
            child.wait()
            twice += sum(key in done for key in service.keys)
            with open_home(some, home) as (con, _):
                kept = con.execute("select count(*) from raw.spotify__artists").fetchall()[0][0]
        with open_home(some, home) as (con, _):
            n_distinct = con.execute("select count(distinct artist_name) from raw.spotify__artists").fetchall()[0][0]
    return kept, n_distinct, twice


def _keys_done(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the track ids and searches whose artists have a committed row."""
    rows = con.execute(
        "select artist_name, track_id from staging.spotify__artists as artists "
        "inner join raw.files__tracks as tracks using (artist_name)"
    ).fetchall()
    return {track_id for _, track_id in rows} | {f'artist:"{name}"' for name, _ in rows}


def run_child(home: Path, url: str) -> None:
    """Enrich a home without budget or pace, as the process that is killed."""
    clock = RunClock(600.0, _FIRST_NIGHT)
    settings = Settings.from_env({}, home=home, sources="spotify,files", spotify_daily_calls=0)
    source = SpotifySource(CLIENT_ID, CLIENT_SECRET, url, f"{url}/api/token", clock=clock)
    with open_home(pl.read_parquet(home / "tracks.parquet"), home) as (con, _):
        enrich(
            con,
            settings,
            as_of_date=date(2026, 11, 22),
            run_id=f"run-{time.time_ns()}",
            now=_FIRST_NIGHT,
            sources=Sources(source),
            clock=clock,
            progress=no_progress,
        )


def measure_throughput(catalogue: Catalogue, tracks: pl.DataFrame) -> list[object]:
    """Enrich all artists from a service that answers at once, in real time."""
    service = CountingService(catalogue, "extended", SimulatedClock())
    with tempfile.TemporaryDirectory() as folder, open_home(tracks, Path(folder)) as (con, settings), service.server:
        clock = RunClock(3600.0, _FIRST_NIGHT)
        url = service.server.url
        source = SpotifySource(CLIENT_ID, CLIENT_SECRET, url, f"{url}/api/token", clock=clock)
        before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        run_once(con, settings, source, clock, _FIRST_NIGHT)
        seconds = time.monotonic() - started
        source.close()
        n_rows = con.execute("select count(*) from raw.spotify__artists").fetchall()[0][0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n_calls = sum(map(len, service.calls.values()))
    return [
        n_rows,
        n_calls,
        f"{seconds:.1f}",
        f"{n_rows / seconds:,.0f}",
        f"{(peak - before) / 1e3:,.0f}",
        f"{peak / 1e3:,.0f}",
    ]


def main() -> None:
    """Run all of it and print the tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artists", type=int, default=64_158, help="artist names of the warehouse")
    parser.add_argument("--seed", type=int, default=0, help="of the moments of the kills")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(options.child, options.url)
        return
    catalogue, tracks = make_catalogue(options.artists)
    heads = ["artists", "calls", "seconds", "rows a second", "MB more at the peak", "peak MB, server and all"]
    print("Throughput, instant server, one key of the extended tier\n")
    print(markdown_table(heads, [measure_throughput(catalogue, tracks)]) + "\n")
    heads = [
        "tier", "nights", "calls", "than one search a name", "answered", "found", "ambiguous", "unmatched",
        "most calls of a bucket in 24 h", "asking, simulated", "real",
    ]  # fmt: skip
    print(f"{options.artists:,} artists, night after night of 45 minutes\n")
    print(markdown_table(heads, [measure_tier(tier, catalogue, tracks) for tier in _TIERS]) + "\n")
    n_runs, worst = measure_two_days(catalogue, tracks)
    print(f"{n_runs} hourly runs over two simulated days, a development key: most calls in any 24 hours, by bucket\n")
    print(markdown_table(list(worst), [list(worst.values())]) + "\n")
    kept, n_distinct, twice = measure_kills(catalogue, tracks, options.seed)
    print(f"{_N_KILLS} kills at random moments, then a whole run: {kept:,} rows of {n_distinct:,} artists; ", end="")
    print(f"{twice:,} committed keys were asked for again")


if __name__ == "__main__":
    main()
