"""The network as scoring runs it: from ONNX, without TensorFlow."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.estimators import N_VALUES
from songpop.estimators.dead_ids import DeadIds
from songpop.estimators.distribution import predictions_of
from songpop.estimators.margins import Margins
from songpop.estimators.scaling import Scaler, network_inputs
from songpop.features import EncodedRows

# scaling, margins and recipe; and the graph with its weights
SETTINGS_FILE, ONNX_FILE = "net.json", "model.onnx"
BATCH = 4096


class OnnxNet:
    """A fitted network read from model.onnx and net.json; gives what the Keras network gives."""

    family = "keras"

    def __init__(self, session: Any, scaler: Scaler, margins: Margins, dead: DeadIds | None) -> None:
        """Hold an open onnxruntime session."""
        self.session = session
        self.scaler = scaler
        self.margins = margins
        self.dead = dead

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> "OnnxNet":
        """Open a model's folder.

        Raises:
            ModelError: a file is missing or can't be read.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        with model_folder.reading(folder, SETTINGS_FILE, ONNX_FILE):
            settings = model_folder.read_json(folder, SETTINGS_FILE)
            session = onnxruntime.InferenceSession(
                (folder / ONNX_FILE).read_bytes(), options, providers=["CPUExecutionProvider"]
            )
            margins, dead = Margins.from_json(settings["margins"]), DeadIds.from_json(settings["dead_ids"])
            return cls(session, Scaler.from_json(settings["scaling"]), margins, dead)

    def predict_distribution(self, rows: EncodedRows) -> np.ndarray:
        """Predict the probabilities of 0..100, shape (n, 101)."""
        if len(rows) == 0:
            return np.zeros((0, N_VALUES), np.float32)
        inputs = network_inputs(rows, self.scaler)
        parts = [
            self.session.run(None, {name: values[i : i + BATCH] for name, values in inputs.items()})[0]
            for i in range(0, len(rows), BATCH)
        ]
        pmf = np.concatenate(parts)
        return pmf if self.dead is None else self.dead.mix(pmf, rows)

    def predict(self, rows: EncodedRows) -> pl.DataFrame:
        """Predict score, interval and bin probabilities."""
        return self.predictions_of(rows, self.predict_distribution(rows))

    def predictions_of(self, rows: EncodedRows, pmf: np.ndarray) -> pl.DataFrame:
        """Derive score, interval and bin probabilities from the distributions of rows, shape (n, 101)."""
        return predictions_of(pmf, self.margins.of(rows))
