"""A small warehouse whose champion is a toy network, trained in seconds and without TensorFlow."""

import shutil
import sys
from pathlib import Path

import checked_warehouse
import pytest
from quick_training import train_quickly
from toy_network import ToyNetwork

from songpop.evaluation import contestants
from songpop.pipeline import train
from songpop.run import open_run
from songpop.settings import Settings


@pytest.fixture(scope="session")
def toy_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a warehouse and train on it, with the one line patched that says which network competes."""
    settings = checked_warehouse.make_settings(tmp_path_factory.mktemp("toy"))
    with checked_warehouse.opened(settings) as con:
        checked_warehouse.fill(con)
        for table in ("model_measures", "model_metrics", "model_versions"):
            con.execute(f"delete from ledger.{table}")
        # dated over years, so that there are latest ones, and more popular the easier they are to dance to
        con.execute("update raw.files__albums set release_date = (2000 + line % 20) || '-06-01'")
        con.execute("update raw.files__tracks set danceability = popularity / 100")
        checked_warehouse.build(con)
    with pytest.MonkeyPatch.context() as patch:
        train_quickly(patch)
        patch.setattr(contestants, "NETWORK", ToyNetwork)
        for name in ("tensorflow", "keras", "onnxruntime"):
            patch.setitem(sys.modules, name, None)  # an import of it fails
        with open_run(settings, "train", as_of_date=checked_warehouse.AS_OF) as run:
            train.train(run)
    return settings.home


@pytest.fixture
def toy(toy_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return the settings of a copy of that home, while the toy competes."""
    train_quickly(monkeypatch)
    monkeypatch.setattr(contestants, "NETWORK", ToyNetwork)
    shutil.copytree(toy_home, tmp_path / "home")
    return checked_warehouse.make_settings(tmp_path / "home")
