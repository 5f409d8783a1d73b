"""Small model frames with a planted signal, for tests of the models."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from songpop.features import conform

GENRES = ("pop", "rock", "tango")


def planted_frame(n: int, seed: int = 0) -> pl.DataFrame:
    """Make a training frame in which popularity follows genre, artist popularity and remixes, plus noise."""
    draw = np.random.default_rng(seed)
    genre = draw.integers(0, 3, n)
    artist = draw.integers(0, max(n // 4, 1), n)
    reach = np.random.default_rng(99).integers(0, 90, max(n // 4, 1))[artist].astype(float)
    remix = draw.random(n) < 0.2
    popularity = 25 + 15 * (1 - genre) + 0.4 * (reach - 45) - 12 * remix + draw.normal(0, 4, n)
    days = draw.integers(0, 3000, n)
    titles = [f"Song {i}" + (" - Club Remix" if is_remix else "") for i, is_remix in enumerate(remix)]
    dates = [date(2011, 1, 1) + timedelta(days=int(day)) for day in days]
    sound = {name: draw.random(n) for name in ("danceability", "energy", "speechiness", "acousticness", "valence")}
    return conform(
        pl.DataFrame(
            {
                "track_id": [f"track{seed}x{i:05d}" for i in range(n)],
                "artist_name": [f"artist {i}" for i in artist],
                "track_name": titles,
                "album_id": [f"album {i // 3}" for i in range(n)],
                "album_name": [f"album {i // 3}" for i in range(n)],
                "genre": [GENRES[i] for i in genre],
                "year": [day.year for day in dates],
                "release_date": dates,
                "instrumentalness": np.zeros(n),
                "liveness": draw.random(n),
                "loudness": -20 * draw.random(n),
                "tempo": 80 + 80 * draw.random(n),
                "duration_ms": 200_000,
                "key": draw.integers(0, 12, n),
                "mode": draw.integers(0, 2, n),
                "time_signature": 4,
                "artist_popularity": reach,
                "n_album_tracks": 3,
                "popularity": np.clip(np.round(popularity), 0, 100).astype(np.int64),
                **sound,
            }
        )
    )
