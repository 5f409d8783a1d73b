"""The peers made of trees: LightGBM on the product's features, with a search for its settings, and CatBoost."""

from typing import Any

import numpy as np
import polars as pl

from benchmarks.peer_parts import Spread, inner_parts, predictions, without_gaps
from songpop.audio_features import CLASSES, MEASURES
from songpop.estimators import BIN_COLUMNS, bin_of
from songpop.estimators.lightgbm_trees import TRIES, LightGBMTrees
from songpop.evaluation import release_time
from songpop.evaluation.contest import Fold, fit_and_predict


def tuned_lightgbm(fold: Fold, *, n_tries: int, most_trees: int) -> pl.DataFrame:
    """Give the benchmark a larger budget: settings drawn at random beside its own, and more trees each.

    They are judged as the benchmark judges its own, on parts of the training rows; the test part takes no part.
    """
    return fit_and_predict(LightGBMTrees(_tries(n_tries, fold.seed), most_trees), fold)


def _tries(n: int, seed: int) -> list[dict[str, Any]]:
    """Draw settings; the first are those that are shipped."""
    draw = np.random.default_rng(seed)
    found = list(TRIES[:n])
    for number in range(len(found), n):
        settings = {
            "objective": ("l1", "huber", "regression")[number % 3],
            "num_leaves": int(draw.choice([7, 11, 15, 23, 31, 47])),
            "learning_rate": float(draw.choice([0.03, 0.05, 0.08])),
            "min_data_in_leaf": int(draw.choice([10, 20, 40, 80])),
            "lambda_l2": float(10 ** draw.uniform(-1, 1.7)),
            "feature_fraction": float(draw.uniform(0.3, 0.9)),
            "bagging_fraction": float(draw.uniform(0.6, 1.0)),
            "path_smooth": float(draw.choice([0, 5, 20])),
            "cat_smooth": float(draw.choice([10, 30, 80])),
        }
        found.append(settings)
    return found


def catboost(fold: Fold, *, n_trees: int, n_class_trees: int) -> pl.DataFrame:
    """Fit CatBoost, untuned: trees of depth 6, with artist, genre and genre-year as native categories.

    It reads the columns as they are, not the product's features, and chooses the learning rate of the score itself.
    """
    from catboost import CatBoostClassifier, CatBoostRegressor, Pool

    popularity = fold.popularity
    train, unseen = map(_catboost_frame, without_gaps(fold))
    categories = [name for name in train.columns if name.endswith("_category")]

    def pool(frame: pl.DataFrame, labels: np.ndarray | None) -> Any:
        return Pool(frame.to_pandas(), labels, cat_features=categories)

    fixed = {"depth": 6, "random_seed": fold.seed, "thread_count": fold.threads, "verbose": False}
    fixed |= {"allow_writing_files": False}
    fit, valid = inner_parts(fold)
    trial = CatBoostRegressor(iterations=max(n_trees // 3, 1), learning_rate=0.09, **fixed)
    trial.fit(pool(train[fit], popularity[fit]))
    spread = Spread.of(trial.predict(pool(train[valid], None)), popularity[valid])
    score = CatBoostRegressor(iterations=n_trees, **fixed).fit(pool(train, popularity))
    classes = CatBoostClassifier(iterations=n_class_trees, learning_rate=0.08, loss_function="MultiClass", **fixed).fit(
        pool(train, bin_of(popularity))
    )
    test = pool(unseen, None)
    chances = np.zeros((unseen.height, len(BIN_COLUMNS)))
    chances[:, np.asarray(classes.classes_, int)] = classes.predict_proba(test)
    predicted = np.asarray(score.predict(test))
    return predictions(predicted, *spread.around(predicted), chances)


def _catboost_frame(frame: pl.DataFrame) -> pl.DataFrame:
    year = pl.coalesce("year", pl.col("release_date").dt.year()).cast(pl.Int32)
    genre = pl.col("genre").fill_null("none")
    return frame.select(
        *[pl.col(name).cast(pl.Float64) for name in (*MEASURES, *CLASSES, "artist_popularity", "n_album_tracks")],
        year.cast(pl.Float64).alias("year"),
        pl.Series("release_time", release_time(frame)),
        pl.col("artist_name").str.to_lowercase().fill_null("none").alias("artist_category"),
        genre.alias("genre_category"),
        (genre + " " + year.cast(pl.String).fill_null("none")).alias("genre_year_category"),
    )
