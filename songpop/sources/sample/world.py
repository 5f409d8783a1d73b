"""The statistics a sample is drawn from: published targets, turned into a Gaussian copula within genre."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from songpop.audio_features import MEASURES
from songpop.sources.sample.draws import normal_cdf, normal_quantile

# the rows of the correlation in targets.json and the spreads of its genres are in this order
FEATURES = MEASURES
FIRST_YEAR, LAST_YEAR = 2000, 2023
N_YEARS = LAST_YEAR - FIRST_YEAR + 1

_LATENT = np.linspace(-8.0, 8.0, 3201)
# Standard deviation of popularity inside a genre-year cell, by the cell's mean popularity (published).
_CELL_MEANS = (0.0, 1.5, 3.5, 7.5, 12.0, 25.0, 40.0, 46.0, 55.0, 75.0)
_CELL_SDS = (1.2, 2.3, 5.7, 9.0, 10.4, 11.1, 10.7, 9.8, 8.7, 7.3)
# How far a cell strays from its genre's own trend, in popularity points; what genre x year explains
# beyond genre and a trend a genre.
_CELL_WIGGLE = 2.4
# Labels of the last year had not ripened when the file was made: its mean and its zeros (published).
_LAST_YEAR_RATIO, _LAST_YEAR_ZEROS = 0.66, 0.9


@dataclass(frozen=True)
class World:
    """What a sample is drawn from; arrays are by genre (82), year (24) or feature (10).

    Attributes:
        genres: names, sorted.
        table: published numbers by genre, each shape (82,).
        year_cdf: cumulated shares of the years in each genre, shape (82, 24).
        cell_mean, cell_sd, cell_zero: popularity of each genre-year cell, shape (82, 24).
        feature_shift, feature_spread: latent mean and deviation of each feature in each genre, shape (82, 10).
        feature_values: feature value at each latent grid point, shape (10, 3201).
        mixing: lower triangle that gives the within-genre correlation, shape (10, 10).
    """

    genres: list[str]
    table: dict[str, np.ndarray]
    year_cdf: np.ndarray
    cell_mean: np.ndarray
    cell_sd: np.ndarray
    cell_zero: np.ndarray
    feature_shift: np.ndarray
    feature_spread: np.ndarray
    feature_values: np.ndarray
    mixing: np.ndarray
    key_cdf: np.ndarray
    major_share: np.ndarray


def read_targets() -> dict[str, Any]:
    """Read the table of published statistics."""
    targets: dict[str, Any] = json.loads(Path(__file__).with_name("targets.json").read_text(encoding="utf-8"))
    return targets


@cache
def build_world() -> World:
    """Fit the copula and the popularity cells to the published statistics; takes about 0.2 seconds."""
    targets = read_targets()
    rows = targets["genres"]
    table = {
        name: np.array([row[name] for row in rows], dtype=float) for name in rows[0] if name not in ("genre", "spread")
    }
    table["share"] = table["share_percent"] / table["share_percent"].sum()
    years = _years(table, np.array(list(targets["year_share_percent"].values())))
    mean, sd, zero = _cells(table, years, np.array(list(targets["popularity_by_year"].values())))
    spread = np.array([row["spread"] for row in rows])
    shift, values = _features(table, targets, spread)
    correlation = np.array(targets["within_genre_correlation"])
    return World(
        genres=[row["genre"] for row in rows],
        table=table,
        year_cdf=np.cumsum(years, axis=1),
        cell_mean=mean,
        cell_sd=sd,
        cell_zero=zero,
        feature_shift=shift.astype(np.float32),
        feature_spread=spread.astype(np.float32),
        feature_values=values,
        mixing=np.linalg.cholesky(correlation + 1e-6 * np.eye(len(FEATURES))).astype(np.float32),
        key_cdf=np.cumsum(targets["key_share"]) / sum(targets["key_share"]),
        major_share=np.array(targets["major_share_by_key"]),
    )


def _years(table: dict[str, np.ndarray], shares: np.ndarray) -> np.ndarray:
    """Tilt the shares of the years so that each genre has its mean year."""
    year = np.arange(N_YEARS) - 11.5
    low, high = np.full(len(table["year"]), -0.6), np.full(len(table["year"]), 0.6)
    for _ in range(40):
        tilt = (low + high) / 2
        weight: np.ndarray = shares * np.exp(tilt[:, None] * year)
        weight /= weight.sum(axis=1, keepdims=True)
        is_low = weight @ year < table["year"] - FIRST_YEAR - 11.5
        low, high = np.where(is_low, tilt, low), np.where(is_low, high, tilt)
    return weight


def _cells(table: dict[str, np.ndarray], years: np.ndarray, by_year: np.ndarray) -> tuple[np.ndarray, ...]:
    """Give each genre-year cell a mean, a standard deviation and a share of zeros.

    The means follow the genre's own trend along the file's years, with the genre's mean kept; zeros stand
    where the mean is low, so that each genre has its share of them.
    """
    wanted = table["popularity"][:, None]
    trend = table["popularity_per_year_point"][:, None] * (by_year - (years @ by_year)[:, None])
    wiggle = np.random.default_rng(20231130).normal(size=trend.shape)
    raw = wanted + trend + _CELL_WIGGLE * np.minimum(1.0, wanted / 12) * wiggle
    floor = 0.04 * wanted + 0.15
    mean = raw
    offset = np.zeros_like(wanted)
    for _ in range(60):
        mean = floor + np.logaddexp(0, (raw + offset - floor) / 1.5) * 1.5
        mean[:, -1] *= _LAST_YEAR_RATIO
        offset += 0.8 * (wanted - (years * mean).sum(axis=1, keepdims=True))
    sd = np.interp(mean, _CELL_MEANS, _CELL_SDS)
    return mean, sd, _cell_zeros(mean, years, table["zero_share"][:, None])


def _cell_zeros(mean: np.ndarray, years: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Share a genre's zeros out over its years: many where the mean is low, few where it is high."""
    slope = -0.36 * np.sqrt(mean * 10)
    slope[:, -1] += _LAST_YEAR_ZEROS
    low, high = np.full_like(wanted, -12.0), np.full_like(wanted, 12.0)
    for _ in range(40):
        level = (low + high) / 2
        zero = 1 / (1 + np.exp(-(level + slope)))
        is_low = (years * zero).sum(axis=1, keepdims=True) < wanted + 0.002
        low, high = np.where(is_low, level, low), np.where(is_low, high, level)
    shares: np.ndarray = np.minimum(zero, 0.93)
    return shares


def _features(
    table: dict[str, np.ndarray], targets: dict[str, Any], spread: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Find latent genre means and feature scales that keep both the genre means and the whole file's quantiles."""
    probabilities = np.array(targets["probabilities"])
    shifts, values = [], []
    for number, name in enumerate(FEATURES):
        quantiles = np.array(targets["quantiles"][name])
        wanted = table["duration_s"] * 1000 if name == "duration_ms" else table[name]
        genres = np.stack([table["share"], spread[:, number]])
        shift, value = _one_feature(wanted, genres, probabilities, quantiles, name == "duration_ms")
        shifts.append(shift)
        values.append(value)
    return np.stack(shifts, axis=1), np.stack(values)


def _one_feature(
    wanted: np.ndarray, genres: np.ndarray, probabilities: np.ndarray, quantiles: np.ndarray, is_median: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Fit one feature: latent ~ normal(shift, spread of the genre), value = file's quantile of the latent's rank.

    `genres` holds shares and spreads, shape (2, 82); `is_median` says that `wanted` are medians, not means.
    """
    share, spread = genres[0], genres[1][:, None]
    ends = np.concatenate([[-5.0], normal_quantile(probabilities[1:-1]), [5.0]])
    shift = np.zeros(len(wanted))
    nodes = normal_quantile((np.arange(24) + 0.5) / 24)
    grid = _LATENT[::10]
    for _ in range(10):
        value = np.interp(normal_quantile(share @ normal_cdf((grid - shift[:, None]) / spread)), ends, quantiles)
        low, high = np.full_like(shift, -2.6), np.full_like(shift, 4.0)
        for _ in range(14):
            shift = (low + high) / 2
            points = shift if is_median else shift[:, None] + spread * nodes
            seen = np.interp(points, grid, value)
            seen = seen if is_median else seen.mean(axis=1)
            low, high = np.where(seen < wanted, shift, low), np.where(seen < wanted, high, shift)
    rank = share @ normal_cdf((_LATENT - shift[:, None]) / spread)
    return shift, np.interp(normal_quantile(rank), ends, quantiles)


def feature_at(world: World, number: int, latent: np.ndarray) -> np.ndarray:
    """Turn latent numbers into values of one feature, by linear interpolation on the even grid."""
    position = np.clip((latent + 8.0) * 200.0, 0.0, 3199.0)
    left = position.astype(np.int32)
    grid = world.feature_values[number]
    values: np.ndarray = grid[left] + (position - left) * (grid[left + 1] - grid[left])
    return values
