"""The songs of the albums that training judged itself on: what the record of its picks is counted from."""

from collections.abc import Mapping

import polars as pl

from songpop.features import conform


def judged_songs(test: pl.DataFrame, predictions: Mapping[int, pl.DataFrame]) -> pl.DataFrame:
    """List the songs of albums of two or more beside what each seed's model, which had not seen them, said.

    Args:
        test: n rows of a training frame.
        predictions: by seed, one or more, n rows each in the order of `test`: `score`, `p_best` and `evidence`.

    Returns:
        One row a seed and song, in the order of albums: `album_id, track_id, seed, n_songs` (judged ones of the album),
        `n_album_tracks` (as far as known), `evidence, p_best, score, popularity`.
    """
    known = conform(test).select("album_id", "track_id", "n_album_tracks", "popularity")
    parts = [
        known.with_columns(part["score"], part["p_best"], part["evidence"], pl.lit(seed, pl.Int64).alias("seed"))
        for seed, part in predictions.items()
    ]
    columns = ("album_id", "track_id", "seed", "n_songs", "n_album_tracks", "evidence", "p_best", "score", "popularity")
    return (
        pl.concat(parts)
        .filter(pl.col("album_id").is_not_null() & pl.col("p_best").is_not_null())
        .with_columns(pl.len().over("seed", "album_id").cast(pl.Int32).alias("n_songs"))
        .select(columns)
        .sort("album_id", "track_id", "seed")
    )
