"""The order of an album's songs: how each one differs from the songs beside it, and which is then the best one."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.estimators import N_VALUES
from songpop.estimators.distribution import quantile
from songpop.estimators.lightgbm_trees import ContrastTrees
from songpop.features import EncodedRows
from songpop.features.encoder import NUMERIC

# What tells songs of one album apart, beside what the network says of each.
CONTRASTED = (
    "is_title_track", "is_remix", "is_live", "is_remaster", "is_acoustic", "is_instrumental", "is_edit",
    "is_radio_edit", "is_version", "is_extended", "is_interlude", "is_part", "is_cover", "is_deluxe", "has_brackets",
    "has_dash", "has_guest", "n_artists", "title_length", "n_title_words", "is_lower_case", "is_not_ascii",
    "n_earlier_versions", "danceability", "energy", "loudness", "speechiness", "acousticness", "instrumentalness",
    "liveness", "valence", "tempo", "duration_ms", "mode",
)  # fmt: skip
MADE = ("score_mean", "score_middle", "score_high", "score_low", "earlier_above", "odd_length")
COLUMNS = (*MADE, *CONTRASTED)
# Fewer albums than this teach no order; then each song's own distribution has to do.
MIN_ALBUMS = 100
N_FOLDS = 5
# Of a longer album only this many songs are compared, so that one does not outweigh all others.
MAX_SONGS = 40
RIDGE = 5.0
USUAL_MS = 210_000.0
_SHARPNESS = np.geomspace(0.05, 4.0, 60)
_FILE, _TREES_FILE = "album_order.json", "album_order.txt"


class AlbumOrder:
    """Orders an album's songs by a utility: a pairwise logistic regression and boosted trees, half each.

    Both read contrasts alone: a song's value less its album's mean. What is the same for all songs of an album (the
    artist, the genre, the day) can't order them and is left out. The chance to be the best is a softmax of the
    utilities, whose sharpness is set on albums that were left out of the fit.

    Source: pairwise logistic ranking, Bradley and Terry 1952; conditional logit, McFadden 1974.
    """

    def __init__(
        self, scale: np.ndarray, slopes: np.ndarray, trees: ContrastTrees, units: np.ndarray, sharpness: float,
        measured: dict[str, Any],
    ) -> None:  # fmt: skip
        """Hold what was fitted: `scale` and `slopes` of shape (len(COLUMNS),), `units` of shape (2,)."""
        self.scale, self.slopes, self.trees, self.units = scale, slopes, trees, units
        self.sharpness, self.measured = sharpness, measured

    @classmethod
    def fit(
        cls, rows: EncodedRows, pmf: np.ndarray, album: pl.Series, popularity: np.ndarray, *, seed: int, threads: int
    ) -> "AlbumOrder | None":
        """Learn from albums whose songs the distributions had not seen.

        Args:
            rows: n encoded rows.
            pmf: distributions by models that did not see the row, shape (n, 101).
            album: which songs stand together, n of them; null stands alone.
            popularity: observed, shape (n,).
            seed: deals albums to folds, and seeds the trees.
            threads: for the trees.

        Returns:
            None where there are fewer than MIN_ALBUMS albums, or where on albums left out the order is no better
            than that of the network's own means.
        """
        group = group_numbers(album)
        keep = np.flatnonzero(group >= 0)
        n_albums = int(group.max(initial=-1)) + 1
        if n_albums < MIN_ALBUMS:
            return None
        group, seen = group[keep], popularity[keep]
        x = contrasts(rows.take(keep), pmf[keep], group)
        scale = x.std(axis=0) + 1e-9
        fold = np.random.default_rng(seed).integers(0, N_FOLDS, n_albums)[group]
        parts = np.zeros((len(keep), 2))
        for number in range(N_FOLDS):
            out = fold == number
            slopes, trees = _fit(x[~out] / scale, group[~out], seen[~out], seed, threads)
            parts[out] = _utilities(x[out] / scale, slopes, trees)
        units = parts.std(axis=0) + 1e-9
        utility = (parts / units).sum(axis=1)
        right, by_mean = (_pairs_in_order(value, seen, group) for value in (utility, x[:, 0]))
        if right <= by_mean:
            return None
        sharpness = max(_SHARPNESS, key=lambda value: _log_loss(value * utility, seen, group))
        slopes, trees = _fit(x / scale, group, seen, seed, threads)
        measured: dict[str, Any] = {"n_albums": n_albums, "pair_accuracy": right, "pair_accuracy_by_score": by_mean}
        return cls(scale, slopes, trees, units, float(sharpness), measured)

    def chances(self, rows: EncodedRows, pmf: np.ndarray, album: pl.Series) -> pl.Series:
        """Compute `p_best` of each row within its album; null without an album or beside no other song of it."""
        group = group_numbers(album)
        keep = np.flatnonzero(group >= 0)
        found = np.full(len(group), np.nan)
        if len(keep):
            utility = self.utilities(contrasts(rows.take(keep), pmf[keep], group[keep]))
            found[keep] = _softmax(utility, group[keep])
        return pl.Series("p_best", found).fill_nan(None)

    def utilities(self, x: np.ndarray) -> np.ndarray:
        """Compute each song's log chance up to what its album shares, shape (n,), from `contrasts`."""
        parts = _utilities(x / self.scale, self.slopes, self.trees)
        utilities: np.ndarray = self.sharpness * (parts / self.units).sum(axis=1)
        return utilities

    def shares(self, x: np.ndarray) -> np.ndarray:
        """Share each utility out over the columns, shape (n, len(COLUMNS)); two songs differ as the sums do.

        Source: of the trees, Shapley values by Lundberg and others 2020.
        """
        scaled = x / self.scale
        parts = scaled * self.slopes / self.units[0] + self.trees.shares(scaled) / self.units[1]
        shares: np.ndarray = self.sharpness * parts
        return shares

    def save(self, folder: Path) -> None:
        """Write album_order.json and album_order.txt (the trees, in LightGBM's text format)."""
        document = {
            "slopes": dict(zip(COLUMNS, self.slopes.tolist(), strict=True)),
            "scale": dict(zip(COLUMNS, self.scale.tolist(), strict=True)),
            "units": self.units.tolist(),
            "sharpness": self.sharpness,
            "measured": self.measured,
        }
        model_folder.write_json(folder, _FILE, document)
        self.trees.save(folder / _TREES_FILE)

    @classmethod
    def load(cls, folder: Path) -> "AlbumOrder | None":
        """Read what `save` wrote; None where the model learned no order.

        Raises:
            ModelError: the files can't be read.
        """
        document = model_folder.read_optional_json(folder, _FILE)
        if document is None:
            return None
        with model_folder.reading(folder, _FILE, _TREES_FILE):
            scale, slopes = (np.array([document[part][name] for name in COLUMNS]) for part in ("scale", "slopes"))
            trees = ContrastTrees.load(folder / _TREES_FILE)
            return cls(scale, slopes, trees, np.array(document["units"]), document["sharpness"], document["measured"])


def group_numbers(album: pl.Series) -> np.ndarray:
    """Number the albums of two songs or more from 0, shape (n,); -1 stands alone."""
    size = pl.len().over("album")
    rows = pl.DataFrame({"album": album.cast(pl.String)})
    together = rows.select(pl.when(pl.col("album").is_not_null() & (size > 1)).then("album"))
    return together.to_series().rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1


def contrasts(rows: EncodedRows, pmf: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Compute each song's values less its album's mean, shape (n, len(COLUMNS)).

    Args:
        rows: n encoded rows.
        pmf: their distributions, shape (n, 101).
        group: number of each row's album, shape (n,), none negative.
    """
    pmf = pmf / pmf.sum(axis=1, keepdims=True)
    mean = pmf @ np.arange(N_VALUES, dtype=pmf.dtype)

    def number(name: str) -> np.ndarray:
        return rows.numeric[:, NUMERIC.index(name)].astype(np.float64)

    earlier = np.nan_to_num(number("earlier_version") - mean, nan=0.0)
    length = np.abs(np.log(np.maximum(np.nan_to_num(number("duration_ms"), nan=USUAL_MS), 1e4) / USUAL_MS))
    made = [mean, *(quantile(pmf, level) for level in (0.5, 0.9, 0.1)), earlier, length]
    values = np.stack([*made, *(number(name) for name in CONTRASTED)], axis=1)
    known = ~np.isnan(values)
    n_known, total = (np.zeros((group.max(initial=-1) + 1, len(COLUMNS))) for _ in range(2))
    np.add.at(n_known, group, known.astype(np.float64))
    np.add.at(total, group, np.where(known, values, 0.0))
    return np.where(known, values - (total / np.maximum(n_known, 1))[group], 0.0)


def _fit(
    x: np.ndarray, group: np.ndarray, popularity: np.ndarray, seed: int, threads: int
) -> tuple[np.ndarray, ContrastTrees]:
    left, right, weight = _pairs(group, popularity)
    sign = np.sign(popularity[left] - popularity[right])
    gaps = (x[left] - x[right]) * sign[:, None]
    slopes = np.zeros(x.shape[1])
    for _ in range(8):  # Newton's steps; the ridge makes each one safe
        doubt = 1 / (1 + np.exp(np.clip(gaps @ slopes, -30, 30)))
        gradient = gaps.T @ (weight * doubt) - RIDGE * slopes
        curve = (gaps * (weight * doubt * (1 - doubt))[:, None]).T @ gaps + RIDGE * np.eye(x.shape[1])
        slopes = slopes + np.linalg.solve(curve, gradient)
    size = np.bincount(group)
    above = popularity - (np.bincount(group, popularity) / np.maximum(size, 1))[group]
    return slopes, ContrastTrees.fit(x, above, 1 / np.sqrt(size[group]), seed=seed, threads=threads)


def _utilities(x: np.ndarray, slopes: np.ndarray, trees: ContrastTrees) -> np.ndarray:
    return np.stack([x @ slopes, trees.predict(x)], axis=1)


def _pairs(group: np.ndarray, popularity: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List the pairs of unequal songs of one album, and how much each counts: 1 / sqrt(pairs of its album)."""
    songs = pl.DataFrame({"group": group, "row": np.arange(len(group))})
    few = songs.filter(pl.int_range(pl.len()).over("group") < MAX_SONGS)
    pairs = few.join(few, on="group", suffix="_right").filter(pl.col("row") < pl.col("row_right"))
    left, right, of = (pairs[name].to_numpy() for name in ("row", "row_right", "group"))
    unequal = popularity[left] != popularity[right]
    left, right, of = left[unequal], right[unequal], of[unequal]
    order = np.lexsort((right, left))
    return left[order], right[order], 1 / np.sqrt(np.bincount(of)[of[order]])


def _pairs_in_order(utility: np.ndarray, popularity: np.ndarray, group: np.ndarray) -> float:
    left, right, _ = _pairs(group, popularity)
    agree = np.sign(popularity[left] - popularity[right]) * np.sign(utility[left] - utility[right])
    return float((agree.mean() + 1) / 2) if len(left) else 0.5


def _softmax(utility: np.ndarray, group: np.ndarray) -> np.ndarray:
    highest = np.full(group.max(initial=-1) + 1, -np.inf)
    np.maximum.at(highest, group, utility)
    power = np.exp(utility - highest[group])
    chances: np.ndarray = power / np.bincount(group, power)[group]
    return chances


def _log_loss(utility: np.ndarray, popularity: np.ndarray, group: np.ndarray) -> float:
    """Compute the mean log chance that the albums' best songs, ties shared out, were given."""
    best = np.full(group.max() + 1, -np.inf)
    np.maximum.at(best, group, popularity)
    is_best = popularity == best[group]
    chance = np.log(np.maximum(_softmax(utility, group), 1e-12))
    return float((np.bincount(group, chance * is_best) / np.bincount(group, is_best)).mean())
