"""One song of a ranked album."""

from dataclasses import dataclass

from songpop.albums.reasons import Reason


@dataclass(frozen=True)
class Song:
    """One song of a ranked album.

    Attributes:
        place: 1 is the likeliest to be the album's most popular song.
        p_best: the chance of that, 0-1; the album's songs sum to 1.
        speaks_for, speaks_against: what tells it apart from the songs beside it, the largest first, all else as one.
        popularity: as last reported, None where it is not out yet.
    """

    place: int
    track_id: str
    track_name: str
    artist_name: str
    p_best: float
    score: float
    score_mean: float
    score_low: float
    score_high: float
    p_0_25: float
    p_26_50: float
    p_51_75: float
    p_76_100: float
    family: str
    benchmark_score: float
    drivers: str
    speaks_for: list[Reason]
    speaks_against: list[Reason]
    popularity: int | None = None
