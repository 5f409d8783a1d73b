"""Makes a whole sample: plans artists and tracks, then writes the five files."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from songpop.errors import SettingsError
from songpop.sources.sample.catalogue import literal_artists, plan_artists, plan_rows
from songpop.sources.sample.malformed import Planted, plant_malformed
from songpop.sources.sample.releases import count_releases, write_releases
from songpop.sources.sample.wording import name_artists
from songpop.sources.sample.world import build_world
from songpop.sources.sample.writing import Cast, write_artists, write_tracks_and_albums

MIN_ROWS, MAX_ROWS = 2_000, 10_000_000


@dataclass(frozen=True)
class SampleFiles:
    """Where a sample's files lie, and the lines that were broken on purpose."""

    tracks: Path
    artists: Path
    albums: Path
    releases: Path
    observed: Path
    planted: tuple[Planted, ...] = ()


def write_sample(
    out_dir: Path,
    n_rows: int,
    seed: int,
    *,
    as_of_date: date,
    progress: Callable[..., None] | None = None,
    malformed: int = 0,
) -> SampleFiles:
    """Write a synthetic data set of `n_rows` tracks; the same arguments give the same bytes.

    Catalogues hold 18 tracks an artist on average, as in the real file, and fewer below 100,000 rows
    (8 at 6,000), so that a small sample still has artists enough in each of the 82 genres.

    Args:
        out_dir: folder to write to; made if it is missing, files of an earlier sample are replaced.
        n_rows: rows of the tracks file, 2,000 to 10,000,000.
        seed: decides every draw.
        as_of_date: releases are dated in the 28 days up to it; their popularity is seen 30 days after it.
        progress: called with a number of rows each time so many are written.
        malformed: how many broken lines to plant in the tracks file, besides its `n_rows` good ones.

    Raises:
        SettingsError: `n_rows` is out of range, `malformed` is negative, or `out_dir` can't be a folder.
    """
    _refuse_bad_arguments(out_dir, n_rows, malformed)
    tracks, artists_file, albums, releases, observed = (
        out_dir / f"synthetic_{name}.csv" for name in ("tracks", "artists", "albums", "releases", "observed")
    )
    world = build_world()
    n_unknown = max(5, count_releases(n_rows) // 20)
    artists = plan_artists(world, n_rows, seed, n_unknown)
    names = name_artists(seed, artists, world.genres, literal_artists(world, artists))
    cast = Cast(world, artists, names, seed)
    rows, first_row = plan_rows(world, artists, seed)
    write_tracks_and_albums(cast, rows, first_row, tracks, albums, progress)
    write_artists(cast, artists_file, as_of_date)
    write_releases(cast, len(names) - n_unknown, releases, observed, n_rows, as_of_date)
    planted = plant_malformed(tracks, malformed, n_rows) if malformed else []
    return SampleFiles(tracks, artists_file, albums, releases, observed, tuple(planted))


def _refuse_bad_arguments(out_dir: Path, n_rows: int, malformed: int) -> None:
    """Check what was asked for, and make the folder."""
    if not MIN_ROWS <= n_rows <= MAX_ROWS:
        raise SettingsError(f"A sample must have {MIN_ROWS:,} to {MAX_ROWS:,} rows, however {n_rows:,} were asked for.")
    if malformed < 0:
        raise SettingsError(f"The number of malformed lines must be 0 or more, however {malformed} was asked for.")
    if out_dir.exists() and not out_dir.is_dir():
        raise SettingsError(f"A sample must go to a folder, however '{out_dir}' is a file.")
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"A sample must go to a folder, however '{out_dir}' can't be made: {error}.") from error
