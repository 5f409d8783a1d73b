"""Recalibration: a shift is mended, order stays, what is adjusted fits together, and what does not help is refused."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from planted_model import planted_model
from small_frames import planted_frame

from songpop.adjustments import Adjustment, ListTrust, Recalibration
from songpop.errors import ModelError
from songpop.estimators import BIN_COLUMNS
from songpop.features import GROUPS
from songpop.scoring import explain, score_releases, what_if
from songpop.scoring.adjusting import deal_out
from songpop.scoring.contributions import CONTRIBUTION_COLUMNS
from songpop.scoring.model import ScoringModel
from songpop.scoring.recalibration import Proposal, fit_map, propose
from songpop.scoring.score import adjust_scores, encode_and_score

_NAMED = {"recalibration_id": "r-1", "model_version": "keras-planted", "taken_at": datetime(2026, 11, 22)}
_TAKEN = Recalibration(
    "r-1", "keras-planted", 300, [0, 30, 60, 100], [10, 50, 70, 100], 3.0, True, datetime(2026, 1, 1)
)
_UNTRUSTED = ListTrust("run", True, "it is odd", False, 5.0, 90.0)


def _pairs(n: int, seed: int = 0, *, shift: float = 22.0, spread: float = 10.0, half: float = 8.0) -> pl.DataFrame:
    """Draw scored tracks, three an album, whose popularity lies `shift` off, with intervals of `half` a side."""
    draw = np.random.default_rng(seed)
    score = draw.uniform(10, 60, n)
    popularity = np.clip(np.round(score + shift + draw.normal(0, spread, n)), 0, 100).astype(int)
    columns = {"shipped_score": score, "shipped_low": score - half, "shipped_high": score + half}
    album = [f"album {i // 3}" for i in range(n)]
    return pl.DataFrame(columns | {"popularity": popularity, "album": album}).with_columns(is_of_other_world=True)


def _proposed(pairs: pl.DataFrame) -> Proposal:
    return propose(pairs, _NAMED, seed=0)


def test_a_shift_and_intervals_too_narrow_are_mended_on_tracks_that_were_not_seen() -> None:
    proposal = _proposed(_pairs(300))
    others = _pairs(4000, seed=1)
    score = np.interp(others["shipped_score"], proposal.map.from_scores, proposal.map.to_scores)
    error = score - others["popularity"].to_numpy()

    assert proposal.helps
    assert proposal.before.bias == pytest.approx(-22, abs=2)
    assert abs(proposal.after.bias) < 2
    assert proposal.before.coverage_90 < 0.3
    assert proposal.after.coverage_90 == pytest.approx(0.9, abs=0.03)
    # what cross-validation told is what others have
    assert np.abs(error).mean() == pytest.approx(proposal.after.mae, abs=1)
    assert abs(error.mean()) < 2
    low, high = (
        np.interp(others[f"shipped_{end}"], proposal.map.from_scores, proposal.map.to_scores) for end in ("low", "high")
    )
    margin, seen = proposal.map.margin, others["popularity"].to_numpy()
    covered = (low - margin <= seen) & (seen <= high + margin)
    assert covered.mean() == pytest.approx(0.9, abs=0.03)


def test_scores_that_are_right_already_are_left_alone() -> None:
    proposal = _proposed(_pairs(300, shift=0.0, half=16.5))

    assert not proposal.helps
    assert proposal.reason.startswith("It does not surely help")
    assert proposal.map.from_scores == proposal.map.to_scores


def test_intervals_alone_can_be_what_it_helps() -> None:
    proposal = _proposed(_pairs(600, shift=0.0, half=4.0))

    assert proposal.helps
    assert proposal.reason.startswith("It surely helps the intervals: intervals that held 3")


def test_the_figures_are_not_those_of_the_fit() -> None:
    pairs = _pairs(120)
    proposal = _proposed(pairs)
    in_sample = np.interp(pairs["shipped_score"], proposal.map.from_scores, proposal.map.to_scores)

    assert proposal.after.mae > np.abs(in_sample - pairs["popularity"].to_numpy()).mean()


def test_scores_stay_where_no_map_surely_lowers_their_error() -> None:
    draw = np.random.default_rng(3)
    proposal = _proposed(_pairs(120).with_columns(popularity=pl.Series(draw.integers(0, 70, 120))))

    assert (proposal.map.from_scores, proposal.map.to_scores) == ([0, 100], [0, 100])
    assert proposal.before.mae == proposal.after.mae
    assert proposal.after.coverage_90 == pytest.approx(0.9, abs=0.04)


def test_too_few_tracks_are_refused() -> None:
    with pytest.raises(ModelError, match=r"rest on 100 tracks at least, however of 99 scored by keras-planted"):
        _proposed(_pairs(99))


@pytest.mark.parametrize("n", [1, 50, 400, 5000])
def test_a_map_rises_everywhere_and_stays_within_0_and_100(n: int) -> None:
    draw = np.random.default_rng(n)
    from_scores, to_scores = fit_map(draw.uniform(0, 100, n), draw.integers(0, 101, n).astype(float))

    assert (from_scores[0], from_scores[-1]) == (0, 100)
    assert (np.diff(from_scores) > 0).all()
    assert (np.diff(to_scores) > 0).all()
    assert to_scores[0] >= 0
    assert to_scores[-1] <= 100


def test_few_tracks_move_a_map_less_than_many() -> None:
    few, many = (fit_map(np.full(n, 30.0) + np.arange(n) * 1e-6, np.full(n, 80.0)) for n in (5, 500))

    assert 30 < np.interp(30, *few) < np.interp(30, *many) < 80


@pytest.fixture
def model() -> ScoringModel:
    return planted_model()


@pytest.fixture
def releases() -> pl.DataFrame:
    return planted_frame(30, seed=5).drop("popularity")


@pytest.mark.parametrize(
    "adjustment",
    [Adjustment(_TAKEN), Adjustment(trust=_UNTRUSTED), Adjustment(_TAKEN, _UNTRUSTED)],
    ids=["recalibrated", "widened", "both"],
)
def test_adjusted_scores_fit_together(model: ScoringModel, releases: pl.DataFrame, adjustment: Adjustment) -> None:
    own, scores = score_releases(releases, model), score_releases(releases, model.adjusted(adjustment))
    mapped = own["score"].to_numpy()
    if adjustment.recalibration:
        mapped = np.interp(mapped, _TAKEN.from_scores, _TAKEN.to_scores)

    np.testing.assert_allclose(scores["score"], mapped, atol=1e-6)
    assert scores["shipped_score"].to_list() == own["score"].to_list()
    assert scores["p_best"].to_list() == own["p_best"].to_list()
    assert scores["score"].rank().to_list() == own["score"].rank().to_list()
    assert (scores["score_low"] <= scores["score"]).all()
    assert (scores["score"] <= scores["score_high"]).all()
    np.testing.assert_allclose(scores.select(pl.sum_horizontal(BIN_COLUMNS)).to_series(), 1, atol=1e-5)
    explained = scores["reference_score"] + scores.select(pl.sum_horizontal(CONTRIBUTION_COLUMNS)).to_series()
    np.testing.assert_allclose(explained, scores["score"], atol=1e-3)
    if adjustment.trust:
        assert (scores["score_low"] <= 5).all()
        assert (scores["score_high"] >= 90).all()
        # a chance is as wide as the interval
        assert (scores["p_76_100"] > 0.01).all()


def test_a_list_judged_after_it_was_scored_is_as_one_scored_after_it_was_judged(
    model: ScoringModel, releases: pl.DataFrame
) -> None:
    both = model.adjusted(Adjustment(_TAKEN, _UNTRUSTED))
    scored = encode_and_score(releases, model.adjusted(Adjustment(_TAKEN)))
    later, at_once = adjust_scores(scored, both), score_releases(releases, both)

    numbers = pl.selectors.numeric()
    np.testing.assert_allclose(later.select(numbers).to_numpy(), at_once.select(numbers).to_numpy(), atol=1e-4)


def test_every_door_gives_the_adjusted_score_and_names_why(model: ScoringModel, releases: pl.DataFrame) -> None:
    adjusted = model.adjusted(Adjustment(_TAKEN, _UNTRUSTED))
    listed = score_releases(releases, adjusted).row(0, named=True)
    track = releases.head(1)
    explained, changed = explain(track, adjusted), what_if(track, {}, adjusted)

    for outcome in (explained.prediction, changed.before, changed.after):
        for name in ("score", "score_low", "score_high", *BIN_COLUMNS):
            assert outcome[name] == pytest.approx(listed[name], abs=1e-3), name
    assert explained.reference_score + sum(explained.contributions.values()) == pytest.approx(listed["score"], abs=1e-3)
    assert len(explained.contributions) == len(GROUPS)
    assert explained.remarks[:2] == changed.remarks[:2]
    assert explained.remarks[0].startswith("The scores of this list can't be trusted")
    assert explained.remarks[1].startswith("Scores of keras-planted are recalibrated on 300 tracks")


def test_a_recalibration_of_another_version_is_not_applied(model: ScoringModel) -> None:
    other = replace(_TAKEN, model_version="keras-other")

    assert model.adjusted(Adjustment(other)).adjustment == Adjustment()


def test_a_song_of_no_list_is_recalibrated_and_not_widened() -> None:
    both = Adjustment(_TAKEN, _UNTRUSTED)

    assert both.of_song(is_listed=True) == both
    assert both.of_song(is_listed=False) == Adjustment(_TAKEN)


def test_moved_probabilities_keep_their_sum_and_mean() -> None:
    pmf = np.random.default_rng(0).dirichlet(np.ones(101), 3)
    values = np.tile(np.linspace(3.3, 97.1, 101), (3, 1))
    dealt = deal_out(pmf, values)

    np.testing.assert_allclose(dealt.sum(axis=1), 1)
    np.testing.assert_allclose(dealt @ np.arange(101), (pmf * values).sum(axis=1))
    np.testing.assert_allclose(deal_out(pmf, np.tile(np.arange(101.0), (3, 1))), pmf)
