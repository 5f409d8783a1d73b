"""The course project's recipe, as its notebook has it: a network that sorts tracks into four bins."""

import contextlib
import os
from typing import Any

import numpy as np
import polars as pl

from benchmarks.peer_parts import TAILS, predictions, without_gaps
from songpop.audio_features import CLASSES, MEASURES
from songpop.estimators import BIN_COLUMNS, N_VALUES, bin_of
from songpop.estimators.distribution import with_pmf
from songpop.evaluation.contest import Fold


def course_recipe(fold: Fold, *, epochs: int) -> pl.DataFrame:
    """Fit the course project's network: 80-80-80 relu and a softmax over four bins, Adam, 50 epochs, batch 32.

    Its features: 13 audio features, one-hot genre and artist popularity, standard-scaled on the training part. It
    joined artists inwardly, so rows without an artist popularity are not fitted on; those judged get the mean. It has
    no score of its own: that is the mean of its mixture of the bins' training labels, and so is the interval.

    Source: `luisherranv/Project4`, SpotifyModelOptimized_5.ipynb: the weights after the last epoch, with Keras's
    own batch of 32; 96 inputs and 21,044 parameters on the file's 82 genres.
    """
    train, test = without_gaps(fold)
    known = train["artist_popularity"].is_not_null().to_numpy()
    train = train.filter(known) if known.sum() >= min(50, train.height) else train
    genres = train["genre"].drop_nulls().unique().sort().to_list()
    x, unseen = (_course_features(part, genres) for part in (train, test))
    mean, spread = _mean_and_spread(x)
    x, unseen = (np.nan_to_num((part - mean) / spread).astype(np.float32) for part in (x, unseen))
    popularity = train["popularity"].to_numpy().astype(np.float64)
    bins = bin_of(popularity)
    model = course_network(x.shape[1], fold.seed, fold.threads)
    model.fit(x, bins, epochs=epochs, batch_size=32, verbose=0)
    chances = model.predict(unseen, batch_size=4096, verbose=0).astype(np.float64)
    chances /= chances.sum(axis=1, keepdims=True)
    of_bin = [np.bincount(popularity[bins == j].astype(int), minlength=N_VALUES) for j in range(len(BIN_COLUMNS))]
    share = np.stack([counts / max(counts.sum(), 1) for counts in of_bin])
    mixture = np.maximum(chances @ share, 1e-12)
    mixture /= mixture.sum(axis=1, keepdims=True)
    low, high = ((np.cumsum(mixture, axis=1) < level).sum(axis=1).astype(np.float64) for level in TAILS)
    return with_pmf(predictions(mixture @ np.arange(N_VALUES), low, high, chances), mixture)


def course_network(n_inputs: int, seed: int, threads: int) -> Any:
    """Build and compile the course project's network, seeded and deterministic."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):  # too late once TensorFlow has run in this process
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    hidden = [keras.layers.Dense(80, activation="relu") for _ in range(3)]
    model = keras.Sequential(
        [keras.Input((n_inputs,)), *hidden, keras.layers.Dense(len(BIN_COLUMNS), activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=32)
    return model


def _course_features(frame: pl.DataFrame, genres: list[str]) -> np.ndarray:
    numbers = [pl.col(name).cast(pl.Float64) for name in (*MEASURES, *CLASSES, "artist_popularity")]
    hot = [(pl.col("genre") == genre).fill_null(False).cast(pl.Float64).alias(f"is {genre}") for genre in genres]
    return frame.select(*numbers, *hot).fill_null(np.nan).to_numpy()


def _mean_and_spread(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    some = ~np.isnan(x).all(axis=0)
    mean, spread = np.zeros(x.shape[1]), np.ones(x.shape[1])
    mean[some], spread[some] = np.nanmean(x[:, some], axis=0), np.nanstd(x[:, some], axis=0)
    return mean, np.where(spread > 1e-9, spread, 1.0)
