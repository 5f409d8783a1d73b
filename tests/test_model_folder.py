"""A model version's folder: complete or not there, and one error for whatever is wrong with a file of it."""

from pathlib import Path

import polars as pl
import pytest

from songpop import model_folder
from songpop.errors import ModelError


def test_a_version_that_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="cut"), model_folder.writing(tmp_path / "models", "m-1") as folder:
        model_folder.write_json(folder, model_folder.METRICS, {})
        raise RuntimeError("cut")

    assert list((tmp_path / "models").iterdir()) == []


def test_a_version_fitted_again_replaces_its_old_files(tmp_path: Path) -> None:
    for name in ("old.json", "new.json"):
        with model_folder.writing(tmp_path, "m-1") as folder:
            model_folder.write_json(folder, name, {"name": "Björk"})

    assert [path.name for path in tmp_path.iterdir()] == ["m-1"]
    assert [path.name for path in (tmp_path / "m-1").iterdir()] == ["new.json"]
    assert model_folder.read_json(tmp_path / "m-1", "new.json") == {"name": "Björk"}


@pytest.mark.parametrize("content", [None, b"{", b"[1]", b"\xff"])
def test_a_document_that_can_t_be_read_is_named_with_its_version(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "metrics.json").write_bytes(content)

    with pytest.raises(ModelError, match=rf"must lie complete .* metrics.json of '{tmp_path.name}' can't be read \("):
        model_folder.read_metrics(tmp_path)


def test_a_table_that_can_t_be_read_is_named_with_its_version(tmp_path: Path) -> None:
    for columns in (None, ["score"]):
        with pytest.raises(ModelError, match=r"splits.parquet of .* can't be read"):
            model_folder.read_parquet(tmp_path, model_folder.SPLITS, columns)
        pl.DataFrame({"track_id": ["a"]}).write_parquet(tmp_path / model_folder.SPLITS)


def test_only_a_missing_file_may_be_optional(tmp_path: Path) -> None:
    assert model_folder.read_optional_metrics(tmp_path) is None
    assert model_folder.read_optional_parquet(tmp_path, model_folder.TRAINED_ON) is None
    for name in (model_folder.METRICS, model_folder.TRAINED_ON):
        (tmp_path / name).write_text("broken")
    with pytest.raises(ModelError, match="JSONDecodeError"):
        model_folder.read_optional_metrics(tmp_path)
    with pytest.raises(ModelError, match="trained_on"):
        model_folder.read_optional_parquet(tmp_path, model_folder.TRAINED_ON)


def test_rows_of_a_version_of_before_get_the_role_that_their_family_had(tmp_path: Path) -> None:
    families = ("keras", "lightgbm", "genre_year_mean", "median")
    rows = [{"family": family, "mae": 9.0} for family in families]
    metrics = {"scoreboard": [*rows, {"family": "keras", "role": "baseline"}], "measures": rows[:1]}
    model_folder.write_json(tmp_path, model_folder.METRICS, metrics)

    found = model_folder.read_metrics(tmp_path)

    assert [row["role"] for row in found["scoreboard"]] == [
        "network", "benchmark", "baseline", "baseline",
        # a version that says so itself is believed
        "baseline",
    ]  # fmt: skip
    assert found["measures"] == [{"family": "keras", "mae": 9.0, "role": "network"}]
    model_folder.write_json(tmp_path, model_folder.METRICS, {"scoreboard": [{"mae": 9.0}]})
    with pytest.raises(ModelError, match="KeyError: 'family'"):
        model_folder.read_metrics(tmp_path)


def test_files_read_together_are_named_together_and_what_they_say_themselves_stays(tmp_path: Path) -> None:
    with (
        pytest.raises(ModelError, match=r"however a, b or c of .* can't be read \(KeyError: 'x'\)"),
        model_folder.reading(tmp_path, "a", "b", "c"),
    ):
        raise KeyError("x")
    with pytest.raises(ModelError, match=r"^of another format$"), model_folder.reading(tmp_path, "a"):
        raise ModelError("of another format")
