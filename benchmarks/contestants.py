"""The peers that are not of the product: the course project's recipe and, where asked for, LightGBM tuned further."""

from dataclasses import dataclass

from benchmarks.course import course_recipe
from benchmarks.peer_trees import tuned_lightgbm
from songpop.evaluation.contest import Contestant


@dataclass(frozen=True)
class Budget:
    """How much the peers may spend on one split and seed.

    Args:
        course_epochs: of the course project's network.
        tries: configurations of LightGBM that are tried; the first are those that are shipped. With none it competes
            as it is shipped alone.
        most_trees: of each of LightGBM's fits, before early stopping.
    """

    course_epochs: int = 50
    tries: int = 0
    most_trees: int = 2000


def peers(budget: Budget) -> list[Contestant]:
    """List the contestants that are not of the product."""
    course = Contestant("course_recipe", "benchmark", lambda fold: course_recipe(fold, epochs=budget.course_epochs))
    tuned = Contestant(
        "lightgbm_tuned",
        "benchmark",
        lambda fold: tuned_lightgbm(fold, n_tries=budget.tries, most_trees=budget.most_trees),
    )
    return [course, tuned] if budget.tries else [course]
