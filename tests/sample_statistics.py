"""Compares a tracks file, real or synthetic, with the published statistics of the real one."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from songpop.audio_features import CLASSES
from songpop.sources.sample.world import FEATURES, read_targets

_PERCENTS = (1, 5, 10, 25, 50, 75, 90, 95, 99)
_BY_GENRE = FEATURES[:6] + FEATURES[7:9]


def compare_with_targets(tracks_csv: Path, artists_csv: Path | None = None) -> pl.DataFrame:
    """Measure a tracks file and set each statistic beside the published one.

    Args:
        tracks_csv: a tracks file with its unnamed index column.
        artists_csv: an artists file; without it, what rests on artist popularity is left out.

    Returns:
        one row a statistic: `target`, `wanted`, `seen`, `tolerance` and `is_ok` (they differ by no more).
    """
    tracks = pl.read_csv(tracks_csv, infer_schema_length=20_000)
    tracks = tracks.rename({tracks.columns[0]: "file_index"})
    seen = measure_popularity(tracks) | measure_features(tracks) | measure_structure(tracks) | measure_text(tracks)
    if artists_csv is not None:
        seen |= measure_artists(tracks, artists_csv)
    targets = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    rows = [
        {"target": name, "wanted": float(wanted), "seen": seen[name], "tolerance": float(tolerance)}
        for name, (wanted, tolerance) in targets.items()
        if name in seen
    ]
    return pl.DataFrame(rows).with_columns(is_ok=(pl.col("seen") - pl.col("wanted")).abs() <= pl.col("tolerance"))


def measure_popularity(tracks: pl.DataFrame) -> dict[str, float]:
    """Measure the distribution of popularity, over all rows and by year."""
    popularity = tracks["popularity"]
    values = popularity.to_numpy()
    seen = {"popularity mean": float(values.mean()), "popularity sd": float(values.std())}
    seen["popularity 0 share"] = float((values == 0).mean())
    edges = (0, 11, 21, 31, 41, 51, 61, 71, 81, 91, 101)
    for low, high in pairwise(edges):
        seen[f"popularity {low}-{high - 1} share"] = float(((values >= low) & (values < high)).mean())
    for low, high in ((0, 25), (26, 50), (51, 75), (76, 100)):
        seen[f"bin {low}-{high} share"] = float(((values >= low) & (values <= high)).mean())
    by_year = tracks.group_by("year").agg(
        pl.col("popularity").mean().alias("mean"), (pl.col("popularity") == 0).mean().alias("zero"), pl.len()
    )
    for year, mean, zero, n_rows in by_year.iter_rows():
        seen |= {f"popularity mean {year}": mean, f"zero share {year}": zero}
        seen[f"rows share {year}"] = n_rows / len(tracks)
    year = tracks["year"].to_numpy()
    seen["correlation popularity year"] = _correlation(values, year)
    return seen


def measure_features(tracks: pl.DataFrame) -> dict[str, float]:
    """Measure the features' means, spreads, quantiles and correlations, and the least-squares fit."""
    seen: dict[str, float] = {}
    columns = {name: tracks[name].to_numpy().astype(float) for name in (*FEATURES, *CLASSES, "year")}
    for name, values in columns.items():
        seen |= {f"{name} mean": float(values.mean()), f"{name} sd": float(values.std())}
        seen |= {f"{name} p{p}": float(q) for p, q in zip(_PERCENTS, np.percentile(values, _PERCENTS), strict=True)}
        seen |= {f"{name} max": float(values.max()), f"{name} min": float(values.min())}
    for metre in (0, 1, 3, 4, 5):
        seen[f"time_signature {metre} share"] = float((columns["time_signature"] == metre).mean())
    seen["key 3 share"] = float((columns["key"] == 3).mean())
    seen["instrumentalness 0 share"] = float((columns["instrumentalness"] == 0).mean())
    seen["loudness above 0 share"] = float((columns["loudness"] > 0).mean())
    seen["failed analysis share"] = float(((columns["tempo"] == 0) & (columns["time_signature"] == 0)).mean())
    columns["popularity"] = tracks["popularity"].to_numpy().astype(float)
    names = list(columns)
    matrix = np.corrcoef(np.array(list(columns.values())))
    for left, one in enumerate(names):
        for right, other in enumerate(names):
            seen[f"correlation {one} {other}"] = float(matrix[left, right])
    return seen | _least_squares(columns)


def _least_squares(columns: dict[str, np.ndarray]) -> dict[str, float]:
    """Fit popularity on ten features, as published for the whole real file."""
    design = np.stack([np.ones(len(columns["year"])), *(columns[name] for name in FEATURES)], axis=1)
    fit = np.linalg.lstsq(design, columns["popularity"], rcond=None)[0]
    rest = columns["popularity"] - design @ fit
    seen = {f"least squares {name}": float(value) for name, value in zip(("intercept", *FEATURES), fit, strict=True)}
    seen["least squares duration_ms"] *= 1e5
    return seen | {"least squares R2": 1 - float(rest.var() / columns["popularity"].var())}


def measure_structure(tracks: pl.DataFrame) -> dict[str, float]:
    """Measure what genre, year and artist explain, the genres' own means, and the leak of the index."""
    seen = {
        "explained by genre": _explained(tracks, ["genre"]),
        "explained by genre and year": _explained(tracks, ["genre", "year"]),
        "sd within artist": _sd_within(tracks, ["artist_name"]),
        "sd within artist, genre and year": _sd_within(tracks, ["artist_name", "genre", "year"]),
        "genres": float(tracks["genre"].n_unique()),
    }
    published = pl.DataFrame(read_targets()["genres"])
    genres = tracks.group_by("genre").agg(
        (100 * pl.len() / len(tracks)).alias("share_percent"),
        pl.col("popularity", "year", *_BY_GENRE).mean(),
        (pl.col("popularity") == 0).mean().alias("zero_share"),
        (pl.col("duration_ms").median() / 1000).alias("duration_s"),
    )
    both = genres.join(published, on="genre", suffix="_published")
    for name in (*genres.columns[1:],):
        off = both.select((pl.col(name) - pl.col(f"{name}_published")).abs().mean()).item()
        seen[f"genres' {name} off by"] = float(off)
    for genre in ("romance", "detroit-techno", "pop", "rock"):
        seen[f"zero share {genre}"] = float(both.filter(genre=genre)["zero_share"].mean())  # type: ignore[arg-type]
    return seen | _measure_index(tracks)


def _measure_index(tracks: pl.DataFrame) -> dict[str, float]:
    """Measure how far the index column gives popularity away."""
    cells = tracks.group_by("genre", "year").agg(pl.corr("file_index", "popularity").alias("r"), pl.len().alias("n"))
    cells = cells.filter((pl.col("n") >= 10) & pl.col("r").is_not_nan() & pl.col("r").is_not_null())
    return {
        "index correlation within genre and year": float(cells["r"].mean()),  # type: ignore[arg-type]
        "index reach": float(tracks["file_index"].max() / len(tracks)),  # type: ignore[operator, arg-type]
    }


def measure_artists(tracks: pl.DataFrame, artists_csv: Path) -> dict[str, float]:
    """Measure artist popularity, its ties with popularity, and where it is missing."""
    artists = pl.read_csv(artists_csv, infer_schema_length=20_000)
    one = artists.group_by("artist_name").agg(pl.col("popularity").max().alias("artist_popularity"))
    joined = tracks.join(one, on="artist_name", how="left")
    known = joined.filter(pl.col("artist_popularity").is_not_null())
    missing = joined.filter(pl.col("artist_popularity").is_null())
    heard, popularity = (known[name].to_numpy().astype(float) for name in ("artist_popularity", "popularity"))
    seen = {
        "artist known share": len(known) / len(tracks),
        "popularity mean, artist unknown": float(missing["popularity"].mean()),  # type: ignore[arg-type]
        "popularity mean, artist known": float(popularity.mean()),
        "artist_popularity mean": float(heard.mean()),
        "artist_popularity sd": float(heard.std()),
        "artist_popularity of an artist": float(one["artist_popularity"].mean()),  # type: ignore[arg-type]
        "tracks above their artist share": float((popularity > heard).mean()),
        **{f"artist_popularity p{p}": float(np.percentile(heard, p)) for p in (5, 25, 50, 75, 95)},
    }
    for name in ("popularity", "year", "instrumentalness"):
        seen[f"correlation artist_popularity {name}"] = _correlation(heard, known[name].to_numpy())
    within = known.select(
        (pl.col(name) - pl.col(name).mean().over("genre", "year")).alias(name)
        for name in ("artist_popularity", "popularity")
    )
    seen["artist_popularity slope within genre and year"] = float(
        within.select(pl.cov("artist_popularity", "popularity") / pl.col("artist_popularity").var()).item()
    )
    for low, high in ((0, 0), (1, 10), (11, 20), (21, 30), (31, 40), (41, 50), (51, 60), (61, 70), (71, 80), (81, 100)):
        group = popularity[(heard >= low) & (heard <= high)]
        if len(group):
            seen[f"popularity mean, artist {low}-{high}"] = float(group.mean())
    return seen


def measure_text(tracks: pl.DataFrame) -> dict[str, float]:
    """Measure names, titles and near duplicates."""
    title, artist = tracks["track_name"].cast(pl.String), tracks["artist_name"].cast(pl.String)
    plain = title.str.to_lowercase().str.replace(r" [\(\[-].*$", "")
    pairs = pl.DataFrame({"artist": artist, "title": title, "plain": plain})
    n_rows = len(tracks)
    return {
        "titles not ASCII share": float(title.str.contains(r"[^\x00-\x7F]").mean()),  # type: ignore[arg-type]
        "artists not ASCII share": float(artist.str.contains(r"[^\x00-\x7F]").mean()),  # type: ignore[arg-type]
        "titles with a comma share": float(title.str.contains(",", literal=True).mean()),  # type: ignore[arg-type]
        "titles with a quote share": float(title.str.contains('"', literal=True).mean()),  # type: ignore[arg-type]
        "titles live share": float(title.str.contains(r"(?i)\blive\b").mean()),  # type: ignore[arg-type]
        "titles remix share": float(title.str.contains(r"(?i)remix").mean()),  # type: ignore[arg-type]
        "exact duplicates share": 1 - len(pairs.unique(["artist", "title"])) / n_rows,
        "near duplicates share": 1 - len(pairs.unique(["artist", "plain"])) / n_rows,
        "distinct titles share": title.n_unique() / n_rows,
        "tracks an artist": n_rows / artist.n_unique(),
        "distinct track_id share": tracks["track_id"].n_unique() / n_rows,
    }


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def _explained(tracks: pl.DataFrame, keys: list[str]) -> float:
    """Share of popularity's variance between groups, from pairs of rows of different artists.

    The published shares come from 10,000 random rows, nearly each by another artist; in a whole catalogue
    the songs of one artist would count as what their genre and year explain.
    """
    popularity = tracks["popularity"]
    off = tracks.select(*keys, "artist_name", off=pl.col("popularity") - popularity.mean())
    artists = off.group_by(*keys, "artist_name").agg(pl.col("off").sum(), pl.len().alias("n"))
    groups = artists.group_by(keys).agg(
        pl.col("n").sum().alias("rows"),
        (pl.col("off").sum() ** 2 - (pl.col("off") ** 2).sum()).alias("products"),
        (pl.col("n").sum() ** 2 - (pl.col("n") ** 2).sum()).alias("pairs"),
    )
    groups = groups.filter(pl.col("pairs") > 0)
    shared = groups.select((pl.col("products") / pl.col("pairs") * pl.col("rows")).sum()).item() / groups["rows"].sum()
    return float(shared / popularity.var())


def _sd_within(tracks: pl.DataFrame, keys: list[str]) -> float:
    groups = tracks.select(*keys).n_unique()
    rest = tracks.select((pl.col("popularity") - pl.col("popularity").mean().over(keys)).pow(2).sum()).item()
    return float((rest / (len(tracks) - groups)) ** 0.5)
