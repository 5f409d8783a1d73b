"""Picks: when one leads clearly, and how often they were the best song of their album, by kind of album."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from songpop.estimators.picks import LEAST_ALBUMS, judge_picks, leads_clearly, measure_records, size_class


@pytest.mark.parametrize(
    ("first", "second", "clear"),
    [(0.5, 0.3, True), (0.49, 0.1, False), (0.6, 0.41, False), (0.75, 0.5, True), (1.0, 0.0, True)],
)
def test_a_pick_leads_clearly_from_a_half_on_and_well_ahead_of_the_next(
    first: float, second: float, clear: bool
) -> None:
    assert leads_clearly(first, second) == clear


def test_albums_of_four_songs_and_more_are_of_one_kind() -> None:
    assert [size_class(n) for n in (2, 3, 4, 12, 500)] == ["2", "3", "4+", "4+", "4+"]


def test_a_pick_hits_where_it_is_as_popular_as_the_best_and_ties_share_it() -> None:
    observed = np.array([10.0, 60, 60, 5, 40])
    found = judge_picks(observed, np.array([0.1, 0.7, 0.2, 0.5, 0.5]), np.array([0, 0, 0, 1, 1]))

    np.testing.assert_allclose(found, [[1, 2 / 3, 0], [0.5, 0.5, 17.5]])
    assert judge_picks(observed[:0], observed[:0], np.zeros(0, int)).shape == (0, 3)


def _songs(
    n: int, n_songs: int, n_right: int, *, lead: float = 0.4, evidence: str = "full", seed: int = 0, begin: int = 0
) -> pl.DataFrame:
    """Make n albums; of the first `n_right` the leading song, whose chance is `lead`, is the only best one."""
    rows = [
        {
            "album_id": f"{n_songs} {evidence} {begin + album}",
            "track_id": f"{evidence} {begin + album} {song}",
            "seed": seed,
            # an album has the evidence of the song most is known of
            "evidence": evidence if song == 1 else "little",
            "p_best": lead if song == 0 else (1 - lead) / (n_songs - 1),
            "score": 50.0,
            "popularity": float(song == (0 if album < n_right else 1)),
        }
        for album in range(n)
        for song in range(n_songs)
    ]
    return pl.DataFrame(rows)


def _record(songs: pl.DataFrame, size: str, evidence: str) -> dict[str, Any]:
    return next(row for row in measure_records(songs) if (row["size_class"], row["evidence"]) == (size, evidence))


def test_hits_are_counted_by_size_and_by_evidence() -> None:
    songs = pl.concat([_songs(40, 5, 20), _songs(60, 3, 25, evidence="some")]).sample(
        fraction=1.0, shuffle=True, seed=1
    )

    found = {(row["size_class"], row["evidence"]): row["n_albums"] for row in measure_records(songs)}
    assert len(found) == 16
    assert {kind for kind, n in found.items() if n} == {
        ("4+", "full"), ("4+", "any"), ("3", "some"), ("3", "any"), ("any", "full"), ("any", "some"), ("any", "any"),
    }  # fmt: skip
    assert _record(songs, "4+", "full") == {
        "size_class": "4+", "evidence": "full", "n_albums": 40, "right_share": 0.5,
        "chance_share": pytest.approx(0.2), "lift": pytest.approx(2.5), "n_clear": 0, "clear_right_share": None,
        "is_known": True, "can_tell": True, "has_clear": False,
    }  # fmt: skip
    assert (_record(songs, "any", "any")["n_albums"], _record(songs, "any", "any")["right_share"]) == (100, 0.45)


def test_albums_are_counted_once_and_shares_over_all_seeds() -> None:
    songs = pl.concat([_songs(40, 2, 30, lead=0.7), _songs(40, 2, 20, lead=0.4, seed=1)])

    found = _record(songs, "2", "full")
    assert (found["n_albums"], found["n_clear"], found["clear_right_share"]) == (40, 20, 0.75)
    # of the second seed the other song leads, with .6
    assert found["right_share"] == pytest.approx((30 + 20) / 80)


def test_of_fewer_albums_than_thirty_nothing_is_known() -> None:
    assert [_record(_songs(n, 4, n), "4+", "full")["is_known"] for n in (LEAST_ALBUMS - 1, LEAST_ALBUMS)] == [
        False, True,
    ]  # fmt: skip
    few = _record(_songs(29, 4, 29, lead=0.9), "4+", "full")
    assert (few["can_tell"], few["has_clear"]) == (False, False)
    assert {row["n_albums"] for row in measure_records(_no_songs())} == {0}


def _no_songs() -> pl.DataFrame:
    return _songs(1, 2, 1).clear()


@pytest.mark.parametrize(
    ("n_songs", "n", "n_right", "can_tell", "has_clear"),
    [
        # 35 % of 40 clear leads wrong is believed, 37.5 % is not
        (4, 40, 26, True, True),
        (4, 40, 25, True, False),
        # too few clear leads to say so
        (4, 29, 29, False, False),
        # 61 % of pairs of songs is near to chance
        (2, 100, 61, True, False),
        (2, 100, 59, False, False),
    ],
)
def test_a_kind_has_clear_verdicts_only_where_its_clear_leads_were_right(
    n_songs: int, n: int, n_right: int, can_tell: bool, has_clear: bool
) -> None:
    found = _record(_songs(n, n_songs, n_right, lead=0.8), str(n_songs) if n_songs < 4 else "4+", "full")

    assert (found["can_tell"], found["has_clear"]) == (can_tell, has_clear)


def test_of_songs_that_tie_the_higher_score_leads_and_then_the_first_id() -> None:
    songs = _songs(40, 2, 40, lead=0.5)

    assert _record(songs, "2", "full")["right_share"] == 1.0
    higher = songs.with_columns(score=pl.when(pl.col("track_id").str.ends_with("1")).then(60.0).otherwise(50.0))
    assert _record(higher, "2", "full")["right_share"] == 0.0
