"""Who competes in every training, and how: the network as it is shipped, the benchmark, their blend, the baselines."""

import polars as pl

from songpop.estimators import Estimator, Network, Role, blend
from songpop.estimators.album_order import AlbumOrder
from songpop.estimators.blend import blend_of
from songpop.evaluation import contestants
from songpop.evaluation.contest import Contestant, Fold, fit_and_predict
from songpop.evaluation.encoding import Lesson
from songpop.features import conform
from songpop.scoring.album_picks import chances_within, standing_together
from songpop.scoring.evidence import evidence_of


def product_contestants() -> list[Contestant]:
    """List who competes in every training: the network, the benchmark and the baselines."""

    def make(kind: type[Estimator], role: Role) -> Contestant:
        return Contestant.of_estimator(kind.family, role, lambda encoder: kind())

    return [
        Contestant(contestants.NETWORK.family, "network", _compete_with_the_network),
        make(contestants.BENCHMARK, "benchmark"),
        Contestant(
            blend.FAMILY,
            "blend",
            lambda fold, network, trees: blend_of(network, trees),
            made_of=(contestants.NETWORK.family, contestants.BENCHMARK.family),
        ),
        *(make(kind, "baseline") for kind in contestants.BASELINES),
    ]


def _compete_with_the_network(fold: Fold) -> pl.DataFrame:
    """Fit the network as it is shipped, and let it pick each album's single."""
    lesson, unseen = fold.encoded.lesson, fold.encoded.unseen
    net = contestants.NETWORK(lesson.encoder)
    predictions = fit_and_predict(net, fold)
    order = fit_order(net, lesson, fold.seed, fold.threads)
    p_best = chances_within(order, unseen, net.predict_distribution(unseen), conform(fold.test)["album_id"])
    return predictions.with_columns(p_best, pl.Series("evidence", evidence_of(unseen)))


def fit_order(net: Network, lesson: Lesson, seed: int, threads: int) -> AlbumOrder | None:
    """Learn the order of an album's songs from what the network said of rows that it had not seen."""
    held, pmf = net.held_out
    together = standing_together(lesson.known).gather(held)
    return AlbumOrder.fit(lesson.rows.take(held), pmf, together, lesson.popularity[held], seed=seed, threads=threads)
