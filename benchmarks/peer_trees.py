"""The peers made of trees: LightGBM on the product's features, with a search for its settings, and CatBoost."""

from typing import Any

import numpy as np
import polars as pl

from benchmarks.peer_parts import Spread, inner_parts, predictions, without_gaps
from songpop.audio_features import CLASSES, MEASURES
from songpop.estimators import BIN_COLUMNS, bin_of
from songpop.estimators.lightgbm_trees import PARAMETERS
from songpop.evaluation import release_time
from songpop.evaluation.contest import Fold
from songpop.features import EncodedRows
from songpop.features.encoder import CATEGORIES, NUMERIC

Arrays = tuple[np.ndarray, np.ndarray]
# Rounds without a gain after which a fit of LightGBM stops.
_PATIENCE = 40
_SHIPPED = PARAMETERS | {"objective": "regression"}


def tuned_lightgbm(fold: Fold, *, n_tries: int, most_trees: int) -> pl.DataFrame:
    """Search LightGBM's settings at random, judged by MAE on a validation part inside the training part.

    The encoder of a try is fitted without the validation part too. The best settings are fitted again on the whole
    training part, with as many trees as were best; so are the four bins, with the shipped settings.
    """
    fit, valid = inner_parts(fold)
    inner = fold.encode(fold.train[fit], fold.train[valid], fold.seed)
    x, unseen, known, judged = map(_matrix, (fold.encoded.rows, fold.encoded.unseen, inner.rows, inner.unseen))
    popularity, bins = fold.popularity, bin_of(fold.popularity)
    fixed = {"verbosity": -1, "num_threads": fold.threads, "seed": fold.seed, "deterministic": True}
    fixed |= {"force_col_wise": True}

    def grow(settings: dict[str, Any], labels: np.ndarray) -> Any:
        return _stopped(fixed | settings, (known, labels[fit]), (judged, labels[valid]), most_trees)

    best: tuple[float, dict[str, Any], Any] | None = None
    for settings in _tries(n_tries, fold.seed):
        trial = grow(settings | {"metric": "l1"}, popularity)
        error = float(np.abs(trial.predict(judged) - popularity[valid]).mean())
        if best is None or error < best[0]:
            best = error, settings, trial
    assert best is not None
    _, settings, trial = best
    spread = Spread.of(trial.predict(judged), popularity[valid])
    score = _grown(fixed | settings, x, popularity, trial.best_iteration).predict(unseen)
    of_bins = _SHIPPED | {"objective": "multiclass", "num_class": len(BIN_COLUMNS), "num_leaves": 7}
    trial = grow(of_bins | {"metric": "multi_logloss"}, bins)
    classes = _grown(fixed | of_bins, x, bins, trial.best_iteration)
    return predictions(score, *spread.around(score), np.asarray(classes.predict(unseen)))


def _tries(n: int, seed: int) -> list[dict[str, Any]]:
    """Draw settings; the first are those that are shipped."""
    draw = np.random.default_rng(seed)
    found = [_SHIPPED]
    for number in range(1, n):
        settings = {
            "objective": ("regression", "l1", "huber")[number % 3],
            "num_leaves": int(draw.choice([7, 11, 15, 23, 31, 47])),
            "learning_rate": float(draw.choice([0.03, 0.05, 0.08])),
            "min_data_in_leaf": int(draw.choice([10, 20, 40, 80])),
            "lambda_l2": float(10 ** draw.uniform(-1, 1.7)),
            "feature_fraction": float(draw.uniform(0.3, 0.9)),
            "bagging_fraction": float(draw.uniform(0.6, 1.0)),
            "bagging_freq": 1,
            "cat_smooth": float(draw.choice([10, 30, 80])),
            "alpha": 10.0,
        }
        found.append(settings)
    return found


def _stopped(parameters: dict[str, Any], fit: Arrays, judged: Arrays, most_trees: int) -> Any:
    """Fit until the rows judged get no better."""
    import lightgbm

    data = _dataset(*fit)
    stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
    return lightgbm.train(parameters, data, most_trees, valid_sets=[_dataset(*judged, like=data)], callbacks=[stop])


def _grown(parameters: dict[str, Any], x: np.ndarray, y: np.ndarray, n_trees: int) -> Any:
    import lightgbm

    return lightgbm.train(parameters, _dataset(x, y), max(n_trees, 10))


def _matrix(rows: EncodedRows) -> np.ndarray:
    return np.concatenate([rows.numeric, rows.categories.astype(np.float32)], axis=1)


def _dataset(x: np.ndarray, y: np.ndarray, like: Any = None) -> Any:
    import lightgbm

    columns = list(range(len(NUMERIC), len(NUMERIC) + len(CATEGORIES)))
    return lightgbm.Dataset(
        x, y, reference=like, categorical_feature=columns, params={"verbosity": -1}, free_raw_data=False
    )


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
