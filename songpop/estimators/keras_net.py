"""The Keras network: an ensemble in one graph that gives each track a distribution over 0..100."""

import contextlib
import hashlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.estimators import N_VALUES
from songpop.estimators.dead_ids import DeadIds
from songpop.estimators.distribution import predictions_of
from songpop.estimators.margins import Margins, Unseen, quantile_of, reach_of
from songpop.estimators.onnx_net import ONNX_FILE, SETTINGS_FILE, OnnxNet
from songpop.estimators.recipe import MOST_JUDGED, Recipe, assign_folds, hidden_groups
from songpop.estimators.scaling import CUT, N_PIECES, Scaler, network_inputs
from songpop.features import EncodedRows, FeatureEncoder
from songpop.features.encoder import CATEGORIES, NUMERIC

KERAS_FILE = "model.keras"
PREDICT_BATCH = 4096
GENRE = CATEGORIES.index("genre")


class KerasNet:
    """A packed ensemble: members share one graph but no weights, and each leaves one fold of the rows out.

    So every training row has members that never saw it, and their distributions for it calibrate the interval
    without giving any row up. Numbers enter as scaled values and piecewise-linear pieces, categories as
    embeddings; the loss is the ranked probability score.

    Source: packed ensembles, Laurent and others 2023 (arXiv 2210.09184); TabM, Gorishniy and others 2024
    (arXiv 2410.24210); piecewise-linear encoding, Gorishniy and others 2022 (arXiv 2203.05556).
    """

    family = OnnxNet.family
    label = "network"
    packages: tuple[str, ...] = ("keras", "tensorflow")
    scoring_packages: tuple[str, ...] = ("onnx", "onnxruntime")

    def __init__(self, encoder: FeatureEncoder, recipe: Recipe | None = None) -> None:
        """Make an unfitted network for the arrays of one encoder."""
        self.encoder = encoder
        self.recipe = recipe
        self.margins = Margins.usual(encoder.category_sizes[GENRE])
        self.scaler: Scaler | None = None
        self.dead: DeadIds | None = None
        # row numbers of the last fit, and what members that did not see the row said of it
        self.held_out: tuple[np.ndarray, np.ndarray] = np.zeros(0, np.int64), np.zeros((0, N_VALUES), np.float32)
        self.model: Any = None

    def fit(
        self,
        rows: EncodedRows,
        popularity: np.ndarray,
        *,
        seed: int,
        threads: int,
        source: np.ndarray | None = None,
        dead: DeadIds | None = None,
    ) -> "KerasNet":
        """Fit on encoded training rows, shape (n,); the same seed and machine give the same weights.

        Args:
            rows: of tracks, and after them of their partly blank copies.
            popularity: labels.
            seed: of all randomness.
            threads: for TensorFlow.
            source: number of the row that each row stands for, itself or what it was copied from; none has copies by
                default. Members that leave a track out leave out its copies too.
            dead: the share of dead ids, which the rows are without, to be added to what is predicted.
        """
        keras = _keras(seed, threads)
        source = np.arange(len(rows)) if source is None else source
        n = int((source == np.arange(len(rows))).sum())
        own = rows.take(np.arange(n))
        recipe = self.recipe = self.recipe or Recipe.for_rows(n)
        self.scaler, self.dead = Scaler.fit(rows.numeric), dead
        members = _build(keras, self.scaler, self.encoder.category_sizes, popularity[:n], recipe)
        inputs = network_inputs(rows, self.scaler)
        fold, judged = assign_folds(own, recipe.n_folds, seed)
        left_out = fold[source][:, None] == (np.arange(recipe.n_members) % recipe.n_folds)[None, :]
        seen = (~left_out).astype(np.float32)
        _train(keras, members, inputs, popularity.astype(np.int32), seen, recipe, self.scaler, seed)

        held = np.arange(n) if n <= MOST_JUDGED else np.sort(judged)
        copies = np.arange(n, len(rows))[np.isin(source[n:], held)]
        asked = np.concatenate([held, copies])
        # as many members as leave a row out, of those that saw it
        few = np.roll(left_out[asked], 1, axis=1)
        shown = {name: values[asked] for name, values in inputs.items()}
        pmf, *seen_by = _averages(members, shown, [left_out[asked], few, ~left_out[asked]])
        self.held_out = held, pmf[: len(held)]
        self.margins = self._calibrate(rows, popularity, judged, (asked, pmf), source)
        of_judged, labels = np.isin(asked, judged), popularity[asked]
        reach = [quantile_of(reach_of(part[of_judged], labels[of_judged])) for part in seen_by]
        self.margins = self.margins.scaled(reach[1] / reach[0])
        average = keras.layers.GlobalAveragePooling1D(name="distribution")(members.output)
        self.model = keras.Model(members.inputs, average, name="songpop")
        return self

    def _calibrate(
        self,
        rows: EncodedRows,
        popularity: np.ndarray,
        judged: np.ndarray,
        unseen: tuple[np.ndarray, np.ndarray],
        source: np.ndarray,
    ) -> Margins:
        asked, pmf = unseen
        place = np.full(len(rows), -1)
        place[asked] = np.arange(len(asked))

        def of(numbers: np.ndarray, whole: np.ndarray | None = None) -> Unseen:
            return Unseen(pmf[place[numbers]], popularity[numbers], rows.take(numbers), whole)

        copies = asked[source[asked] != asked]
        known = np.sort(judged[place[judged] >= 0])
        return Margins.fit(of(known), len(self.margins.genre), of(copies, pmf[place[source[copies]]]))

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        """Predict the probabilities of 0..100, shape (n, 101)."""
        assert self.scaler is not None
        pmf = _predict(self.model, network_inputs(rows, self.scaler))
        return pmf if self.dead is None else self.dead.mix(pmf, rows)

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict score, interval and bin probabilities."""
        return self.predictions_of(rows, self.predict_distribution(rows))

    def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
        """Derive score, interval and bin probabilities from the distributions of rows, shape (n, 101)."""
        return predictions_of(pmf, self.margins.of(rows))

    def digest(self) -> str:
        """Compute the SHA-256 of the weights: the saved files differ from save to save, weights do not."""
        digest = hashlib.sha256()
        for weight in self.model.get_weights():
            digest.update(np.ascontiguousarray(weight).tobytes())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Write model.keras (the source), model.onnx (what scores) and net.json (scaling, margins, recipe)."""
        assert self.scaler is not None
        assert self.recipe is not None
        self.model.save(folder / KERAS_FILE)
        _export_onnx(self.model, folder / ONNX_FILE)
        settings: dict[str, Any] = {
            "margins": self.margins.to_json(),
            "recipe": asdict(self.recipe),
            "scaling": self.scaler.to_json(),
            "dead_ids": None if self.dead is None else self.dead.to_json(),
        }
        model_folder.write_json(folder, SETTINGS_FILE, settings | {"weights_sha256": self.digest()})

    @classmethod
    def load(cls, folder: Path, encoder: FeatureEncoder) -> "KerasNet":
        """Load model.keras with TensorFlow, which scoring does without.

        Raises:
            ModelError: a file is missing or can't be read.
        """
        with model_folder.reading(folder, SETTINGS_FILE, KERAS_FILE):
            settings = model_folder.read_json(folder, SETTINGS_FILE)
            net = cls(encoder, Recipe(**settings["recipe"]))
            net.dead = DeadIds.from_json(settings["dead_ids"])
            net.margins, net.scaler = Margins.from_json(settings["margins"]), Scaler.from_json(settings["scaling"])
            net.model = _keras(0, None).models.load_model(folder / KERAS_FILE)
            return net

    @classmethod
    def load_for_scoring(cls, folder: Path, threads: int = 1) -> OnnxNet:
        """Open the network's twin, which needs no TensorFlow.

        Raises:
            ModelError: a file is missing or can't be read.
        """
        return OnnxNet.load(folder, threads)


def _keras(seed: int, threads: int | None) -> Any:
    """Import keras quietly on the TensorFlow backend, seeded and deterministic."""
    with _quiet():
        import keras
        import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if threads is not None:
        _limit_threads(tf, threads)
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    return keras


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep TensorFlow's C++ start-up lines (no GPU here, which CPU instructions) off stderr."""
    os.putenv("TF_CPP_MIN_LOG_LEVEL", "3")  # it reads nothing but the environment, and before its first line
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _limit_threads(tf: Any, threads: int) -> None:
    """Limit TensorFlow's threads; it can't be changed once it has run in this process."""
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        return


def _build(keras: Any, scaler: Scaler, sizes: tuple[int, ...], popularity: np.ndarray, recipe: Recipe) -> Any:
    """Build the members' graph: inputs to (n, n_members, 101)."""
    layers, k, width = keras.layers, recipe.n_members, recipe.width
    numeric = keras.Input((len(NUMERIC),), name="numeric", dtype="float32")
    codes = keras.Input((len(CATEGORIES),), name="categories", dtype="int32")
    pieces = layers.Dense(len(CUT) * N_PIECES, trainable=False, name="pieces")
    pieces.build((None, len(NUMERIC)))
    pieces.set_weights(_piece_weights(scaler.knots))
    flat = layers.Concatenate()([numeric, layers.ReLU(max_value=1.0)(pieces(numeric))])
    hidden = _members(keras, "bi,kio->bko", k, width, flat.shape[-1], "first")(flat)
    for j, (name, size) in enumerate(zip(CATEGORIES, sizes, strict=True)):
        table = layers.Embedding(size, k * recipe.embedding, name=name, embeddings_initializer=_normal(keras, 0.3))
        own = layers.Reshape((k, recipe.embedding))(table(codes[:, j]))
        hidden = layers.Add()(
            [hidden, _members(keras, "bki,kio->bko", k, width, recipe.embedding, f"from_{name}")(own)]
        )
    hidden = layers.Dropout(recipe.dropout)(layers.Activation("silu")(hidden))
    hidden = _members(keras, "bki,kio->bko", k, width, width, "second")(hidden)
    hidden = layers.Dropout(recipe.dropout)(layers.Activation("silu")(hidden))
    head = _members(keras, "bki,kio->bko", k, N_VALUES, width, "head", scale=0.3)
    logits = head(hidden)
    start = np.bincount(popularity.astype(np.int64), minlength=N_VALUES) + len(popularity) / 2000
    head.bias.assign(np.tile(np.log(start / start.sum()), (k, 1)))
    return keras.Model([numeric, codes], layers.Softmax(name="members")(logits))


def _normal(keras: Any, stddev: float) -> Any:
    return keras.initializers.RandomNormal(stddev=stddev)


def _members(keras: Any, equation: str, k: int, width: int, n_in: int, name: str, scale: float = 1.0) -> Any:
    """Make a dense layer with weights of its own for each member."""
    return keras.layers.EinsumDense(
        equation, (k, width), bias_axes="ko", name=name, kernel_initializer=_normal(keras, scale / n_in**0.5)
    )


def _piece_weights(knots: np.ndarray) -> list[np.ndarray]:
    """Write the piecewise-linear embedding as a dense layer: clip((x - left) / (right - left), 0, 1) a piece."""
    slope = 1.0 / np.maximum(np.diff(knots, axis=1), 1e-3)
    kernel = np.zeros((len(knots), len(CUT) * N_PIECES), np.float32)
    for piece, j in enumerate(CUT):
        kernel[j, piece * N_PIECES : (piece + 1) * N_PIECES] = slope[j]
    start = (-knots[:, :-1] * slope)[list(CUT)]
    return [kernel, start.ravel().astype(np.float32)]


def _train(
    keras: Any,
    members: Any,
    inputs: dict[str, np.ndarray],
    popularity: np.ndarray,
    seen: np.ndarray,
    recipe: Recipe,
    scaler: Scaler,
    seed: int,
) -> None:
    """Run all epochs, each one call into TensorFlow over shuffled rows."""
    import tensorflow as tf

    steps = max(len(popularity) // recipe.batch, 1)
    batch = min(recipe.batch, len(popularity))
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, recipe.epochs * steps, warmup_target=recipe.learning_rate, warmup_steps=max(steps, 1), alpha=0.01
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, beta_2=0.99)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(members.trainable_variables)
    run_epoch = _epoch_function(tf, members, optimizer, hidden_groups(scaler), recipe, batch, steps)
    data = tuple(map(tf.constant, (inputs["numeric"], inputs["categories"], popularity, seen)))
    shuffle = np.random.default_rng(seed + 1)
    for _ in range(recipe.epochs):
        run_epoch(tf.constant(shuffle.permutation(len(popularity))[: steps * batch].astype(np.int32)), *data)


def _epoch_function(
    tf: Any, members: Any, optimizer: Any, groups: tuple[np.ndarray, np.ndarray], recipe: Recipe, batch: int, steps: int
) -> Callable[..., None]:
    mask, fill = tf.constant(groups[0]), tf.constant(groups[1])
    values = tf.range(N_VALUES, dtype=tf.int32)

    def run_epoch(order: Any, numeric: Any, codes: Any, popularity: Any, weight: Any) -> None:
        for step in tf.range(steps):
            rows = order[step * batch : (step + 1) * batch]
            x, c = tf.gather(numeric, rows), tf.gather(codes, rows)
            hide = tf.cast(tf.random.uniform((batch, mask.shape[0])) < recipe.group_dropout, tf.float32)
            hidden = tf.minimum(hide @ mask, 1.0)
            x = x * (1.0 - hidden) + hidden * fill
            c = tf.where(tf.random.uniform(tf.shape(c)) < recipe.category_dropout, 0, c)
            truth = tf.cast(tf.gather(popularity, rows)[:, None] <= values, tf.float32)[:, None, :]
            with tf.GradientTape() as tape:
                cdf = tf.cumsum(members([x, c], training=True), axis=-1)
                loss = tf.reduce_mean(tf.reduce_sum((cdf - truth) ** 2, -1) * tf.gather(weight, rows))
            variables = members.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    compiled: Callable[..., None] = tf.function(run_epoch)
    return compiled


def _predict(model: Any, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Run a model in batches, traced once for any number of rows."""
    import tensorflow as tf

    shapes = [tf.TensorSpec((None, values.shape[1]), values.dtype) for values in inputs.values()]
    call = tf.function(lambda x, c: model([x, c], training=False), input_signature=shapes).get_concrete_function()
    numeric, codes = inputs["numeric"], inputs["categories"]
    starts = range(0, max(len(numeric), 1), PREDICT_BATCH)
    batches = [(numeric[i : i + PREDICT_BATCH], codes[i : i + PREDICT_BATCH]) for i in starts]
    return np.concatenate([call(tf.constant(x), tf.constant(c)).numpy() for x, c in batches])


def _averages(members: Any, inputs: dict[str, np.ndarray], masks: list[np.ndarray]) -> list[np.ndarray]:
    """Average the distributions of some members for each row, shape (n, 101), once for each mask of shape (n, k)."""
    parts: list[list[np.ndarray]] = [[] for _ in masks]
    for start in range(0, len(masks[0]), 16 * PREDICT_BATCH):
        piece = slice(start, start + 16 * PREDICT_BATCH)
        predicted = _predict(members, {name: values[piece] for name, values in inputs.items()})
        for part, mask in zip(parts, masks, strict=True):
            weight = mask[piece].astype(np.float32)
            part.append(np.einsum("bkv,bk->bv", predicted, weight) / weight.sum(1, keepdims=True))
    return [np.concatenate(part) for part in parts]


def _export_onnx(model: Any, path: Path) -> None:
    """Write the graph for onnxruntime; keras exports only what was called once, and prints, so it is kept quiet."""
    model([np.zeros((1, size.shape[1]), str(size.dtype)) for size in model.inputs])
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # keras asks numpy for an attribute that numpy means to bring back
        model.export(path, format="onnx", verbose=False)
