"""The pick of each album: whether it leads clearly, and how often such picks were the best song."""

from typing import Any, TypeVar

import numpy as np
import polars as pl

# A pick leads clearly when its chance of being the album's best is at least this, and this many times the next one's.
CLEAR_CHANCE = 0.5
CLEAR_LEAD = 1.5
# Of fewer albums of a kind nothing is known, and of fewer clear leads not how many are right: were every second one
# right, 30 of them would reach MOST_WRONG by luck once in twenty times, and 20 once in eight.
LEAST_ALBUMS = 30
# A kind of album has a clear verdict where at most this share of its clear leads was wrong.
MOST_WRONG = 0.35
# Below this many times the hits of chance songs can't be told apart.
LEAST_LIFT = 1.2
# Albums of so many songs and more are of one kind.
LARGE = 4
SIZES = ("2", "3", f"{LARGE}+")
EVIDENCE = ("full", "some", "little")
ANY = "any"
# A number, an array or a Polars expression.
Chance = TypeVar("Chance", bound=Any)


def leads_clearly(first: Chance, second: Chance) -> Chance:
    """Say whether a pick leads clearly, from its chance to be the album's best and that of the next song."""
    clear: Chance = (first >= CLEAR_CHANCE) & (first >= CLEAR_LEAD * second)
    return clear


def size_class(n_songs: int) -> str:
    """Name the kind of album that has so many songs, one of SIZES."""
    return SIZES[min(n_songs, LARGE) - 2]


def judge_picks(observed: np.ndarray, order: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Judge the pick of each group, its row highest in `order`: hit, chance and regret, shape (g, 3).

    A hit is a pick as popular as the best one; chance is the hit rate of a random pick; regret is the best one's
    popularity less the pick's. Rows that tie for the pick share it.

    Args:
        observed: popularity, shape (n,).
        order: shape (n,).
        group: number of each row's group, shape (n,), ascending from 0 without a gap.
    """
    if len(group) == 0:
        return np.zeros((0, 3))
    first = np.searchsorted(group, np.arange(group.max() + 1))
    best = np.maximum.reduceat(observed, first)
    is_pick = order == np.maximum.reduceat(order, first)[group]
    is_best = observed == best[group]

    def mean(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values * rows, first) / np.add.reduceat(rows.astype(float), first)

    everyone = np.ones(len(observed))
    return np.stack([mean(is_best, is_pick), mean(is_best, everyone), best - mean(observed, is_pick)], axis=1)


def measure_records(songs: pl.DataFrame) -> list[dict[str, Any]]:
    """Measure how often the leading song was as popular as its album's best, by size and by evidence of the album.

    Args:
        songs: `album_id, track_id, seed, evidence, p_best, score, popularity`, one row a song and seed, of albums of
            two songs or more that no seed's model had seen; an album's evidence is that of the song most is known of.

    Returns:
        One dict a size (SIZES and ANY) and evidence (EVIDENCE and ANY): `size_class, evidence, n_albums, right_share,
        chance_share, lift, n_clear, clear_right_share` (None where there is nothing), and `is_known`, `can_tell` and
        `has_clear`, whether there are albums enough, whether the picks beat chance, and whether a clear lead is to be
        believed. Shares are over the albums of all seeds, `n_clear` is the mean over the seeds.
    """
    albums = _albums(songs)
    n_seeds = max(albums["seed"].n_unique(), 1)
    records = []
    for size in (*SIZES, ANY):
        for evidence in (*EVIDENCE, ANY):
            of_size = pl.lit(size == ANY) | (pl.col("size_class") == size)
            of_evidence = pl.lit(evidence == ANY) | (pl.col("evidence") == evidence)
            records.append(
                {"size_class": size, "evidence": evidence} | _record(albums.filter(of_size & of_evidence), n_seeds)
            )
    return records


def _albums(songs: pl.DataFrame) -> pl.DataFrame:
    """Fold songs to one row an album and seed; of equal chances the higher score leads, as everywhere."""
    best, chance = pl.col("popularity") == pl.col("popularity").max(), pl.col("p_best")
    order = ["seed", "album_id", "p_best", "score", "track_id"]
    grouped = songs.sort(order, descending=[False, False, True, True, False]).group_by(
        "seed", "album_id", maintain_order=True
    )
    return grouped.agg(
        pl.len().clip(upper_bound=LARGE).cast(pl.String).replace(str(LARGE), SIZES[-1]).alias("size_class"),
        pl.col("evidence").cast(pl.Enum(EVIDENCE)).min().cast(pl.String),
        best.first().cast(pl.Float64).alias("is_hit"),
        best.mean().alias("by_chance"),
        leads_clearly(chance.first(), chance.get(1)).alias("is_clear"),
    )


def _record(albums: pl.DataFrame, n_seeds: int) -> dict[str, Any]:
    n_albums, clear = albums["album_id"].n_unique(), albums.filter("is_clear")
    right, chance, clear_right = _mean(albums["is_hit"]), _mean(albums["by_chance"]), _mean(clear["is_hit"])
    n_clear = clear.height / n_seeds
    lift = None if right is None or not chance else right / chance
    is_known = n_albums >= LEAST_ALBUMS
    can_tell = is_known and lift is not None and lift >= LEAST_LIFT
    is_believed = n_clear >= LEAST_ALBUMS and clear_right is not None and 1 - clear_right <= MOST_WRONG
    return {
        "n_albums": n_albums,
        "right_share": right,
        "chance_share": chance,
        "lift": lift,
        "n_clear": round(n_clear),
        "clear_right_share": clear_right,
        "is_known": is_known,
        "can_tell": can_tell,
        "has_clear": can_tell and is_believed,
    }


def _mean(values: pl.Series) -> float | None:
    return float(values.to_numpy().mean()) if len(values) else None
