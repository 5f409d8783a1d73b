"""What a whole night leaves, offline, on a small synthetic sample: every part is the real one."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from sample_night import DAY, ROWS, copy_home, make_settings, night_home, published

from songpop import warehouse
from songpop.cli import songpop
from songpop.errors import ModelError
from songpop.features import GROUPS
from songpop.pipeline import night, promote, train
from songpop.pipeline.load import Inputs
from songpop.pipeline.score import score
from songpop.published import exports
from songpop.run import open_run
from songpop.scoring.contributions import CONTRIBUTION_COLUMNS
from songpop.settings import Settings
from songpop.training import train as training

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    return night_home(tmp_path_factory, worker_id)


@pytest.fixture
def settings(home: Path) -> Settings:
    return make_settings(home)


@pytest.fixture
def copied(home: Path, tmp_path: Path) -> Settings:
    return copy_home(home, tmp_path)


def test_every_release_is_scored_ranked_andpublished(settings: Settings) -> None:
    n_releases, n_ranked, best, worst = published(
        settings,
        'select (select count(*) from marts.releases), count(*), min("rank"), max("rank") from marts.ranked_releases',
    )[0]

    assert n_releases == n_ranked == worst
    assert best == 1


def test_releases_come_from_the_file_and_from_the_service(settings: Settings) -> None:
    sources = published(settings, "select distinct release_source from marts.releases order by 1")

    assert sources == [("releases_file",), ("spotify",)]
    assert published(
        settings,
        "select count(*) > 0 from marts.releases where release_source = 'spotify' and feature_source = 'spotify'",
    ) == [(True,)]


def test_artist_popularity_comes_from_the_service_and_is_null_where_unknown(settings: Settings) -> None:
    sources = published(
        settings,
        "select popularity_source, count(*) > 0, count(artist_popularity) = count(*) from marts.artists "
        "group by popularity_source order by 1 nulls last",
    )

    assert sources == [("spotify", True, True), (None, True, False)]


def test_scores_are_distributions_with_a_run_a_model_and_words(settings: Settings) -> None:
    rows = published(
        settings,
        "select count(*) filter (where score not between score_low and score_high), "
        "count(*) filter (where abs(p_0_25 + p_26_50 + p_51_75 + p_76_100 - 1) > 1e-6), "
        "count(*) filter (where drivers is null or benchmark_score is null), "
        "count(*) filter (where run_id not in (select run_id from ledger.runs)), "
        "count(*) filter (where model_version not in (select champion from ledger.promotions)), "
        "count(distinct score) > 20 from marts.scores",
    )

    assert rows == [(0, 0, 0, 0, 0, True)]


def test_the_run_is_closed_for_readers_too(settings: Settings) -> None:
    assert published(
        settings, "select flow, status in ('done', 'degraded'), finished_at > started_at from ledger.runs"
    ) == [("nightly", True, True)]


def test_the_model_version_lies_complete_with_a_readable_card(settings: Settings) -> None:
    (version,) = published(settings, "select model_version from ledger.model_versions")[0]
    folder = settings.models_dir / str(version)

    assert {"features.json", "metrics.json", "card.md", "model.keras", "model.onnx"} <= {
        path.name for path in folder.iterdir()
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["model_version"], metrics["seed"], metrics["n_rows"]) == (version, 0, ROWS)
    assert metrics["snapshot_ids"]
    for picture in [word.split(")")[0] for word in (folder / "card.md").read_text().split("](") if ".png" in word]:
        assert (folder / picture.split(")")[0]).is_file()


def test_network_and_benchmark_are_judged_on_three_splits(settings: Settings) -> None:
    rows = published(settings, "select distinct family, split from marts.model_scoreboard order by all")

    assert {("keras", split) for split in ("artist", "random", "temporal")} <= set(rows)
    assert {("lightgbm", split) for split in ("artist", "random", "temporal")} <= set(rows)


def test_report_and_data_docs_are_written(settings: Settings) -> None:
    report = (settings.reports_dir / "latest.md").read_text()

    for part in ("## Steps", "| publish |", "## Model scoreboard", "## Best 10 new releases", "| 1 |"):
        assert part in report
    assert "marts.tracks" in (settings.reports_dir / "data_docs" / "index.html").read_text()


def test_the_pages_commands_for_readers_run(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = "".join((_ROOT / page).read_text() for page in ("README.md", "docs/analyst.md", "docs/artist.md"))
    lines = re.findall(r"^    (?:\.venv/bin/)?songpop ((?:export|sql|status|explain|what-if) .*)$", pages, re.MULTILINE)
    ((track_id,),) = published(settings, 'select track_id from marts.ranked_releases where "rank" = 1')
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(_ROOT / "docs")
    (saved,) = re.findall(r"^```toml\n(.*?)^```$", pages, re.MULTILINE | re.DOTALL)
    (tmp_path / "monday.toml").write_text(saved)
    (tmp_path / "roster.txt").write_text("Synthetic Zetaton\n")
    (tmp_path / "not-ours.txt").write_text("Synthetic Zetaton\n")

    assert len(lines) >= 15
    for line in (line.replace("TRACK_ID", str(track_id)).replace("2026-11-18", str(DAY)) for line in lines):
        done = CliRunner().invoke(songpop, [*shlex.split(line), "--home", str(settings.home)], catch_exceptions=False)
        assert done.exit_code == 0, line


_EXPLAIN = """
import json, sys
from songpop.cli import main
try:
    main(arguments=sys.argv[1:])
finally:
    print(json.dumps([name for name in ("tensorflow", "keras") if name in sys.modules]), file=sys.stderr)
"""


def _run_json(settings: Settings, *arguments: str) -> dict[str, Any]:
    # in a process of its own, to see what it imports
    child = subprocess.run(
        [sys.executable, "-c", _EXPLAIN, *arguments, "--json", "--home", str(settings.home)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stderr.splitlines()[-1] == "[]"
    result: dict[str, Any] = json.loads(child.stdout)
    return result


def test_one_track_is_explained_as_the_list_has_it(settings: Settings) -> None:
    columns = ", ".join(CONTRIBUTION_COLUMNS)
    (track_id, score, low, reference, *stored) = published(
        settings,
        f"select track_id, score, score_low, reference_score, {columns} from marts.ranked_releases "
        'where genre is not null order by "rank" limit 1',
    )[0]
    explained = _run_json(settings, "explain", str(track_id))
    changed = _run_json(settings, "what-if", str(track_id), "--set", "year=1950", "--sweep", "genre")

    assert sum(stored) == pytest.approx(score - reference, abs=1e-3)  # type: ignore[operator, arg-type]
    assert explained["reference_score"] == pytest.approx(reference, abs=1e-3)
    assert [explained["contributions"][group] for group in GROUPS] == pytest.approx(stored, abs=1e-3)
    for prediction in (explained["prediction"], changed["before"]):
        assert (prediction["score"], prediction["score_low"]) == (pytest.approx(score, abs=1e-3), low)
    assert changed["changes"][0]["name"] == "year"
    # year 1950 is marked, for training has kept where the model has experience
    assert "of its training tracks lie" in changed["changes"][0]["outside"]
    assert [point["score"] for point in changed["sweep"]["points"] if point["is_present"]] == [
        pytest.approx(changed["after"]["score"], abs=1e-3)
    ]


def test_contributions_of_the_whole_list_add_up(settings: Settings) -> None:
    total = " + ".join(CONTRIBUTION_COLUMNS)
    assert published(
        settings,
        f"select count(*) = count({total}), max(abs(score - reference_score - ({total}))) < 1e-3 from marts.scores",
    ) == [(True, True)]


def test_the_export_is_the_published_list(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "list.parquet"
    frame = exports.read_list(settings, "releases")
    exports.write_list(frame, out, "parquet", notes={})

    query = "select track_id from marts.ranked_releases where version_number = 1 and place is not null order by place"
    listed = published(settings, query)
    assert listed
    assert pl.read_parquet(out)["track_id"].to_list() == [track_id for (track_id,) in listed]


def test_a_night_whose_services_are_dead_is_degraded_andpublished(copied: Settings) -> None:
    before = copied.published.stat().st_mtime_ns
    dead = "http://127.0.0.1:9"
    keyed = replace(
        copied,
        spotify_client_id="id",
        spotify_client_secret="secret",
        urls={"spotify_api_url": dead, "spotify_token_url": dead, "reccobeats_url": dead},
        enrich_deadline=timedelta(seconds=0.5),
    )
    run = night.run_night(keyed, Inputs(), as_of_date=DAY, retrain="never")

    assert {finding.check_name for finding in run.findings} == {"enrichment_is_complete"}
    assert copied.published.stat().st_mtime_ns > before
    assert published(copied, f"select status from ledger.runs where run_id = '{run.run_id}'") == [("degraded",)]


def _register(settings: Settings, name: str) -> Path:
    """Register a copy of the night's version under another name, with weights of its own."""
    (first,) = published(settings, "select model_version from ledger.model_versions")[0]
    folder = settings.models_dir / name
    shutil.copytree(settings.models_dir / str(first), folder)
    with open_run(settings, "test", as_of_date=DAY) as run, run.warehouse() as con:
        con.execute(
            "insert into ledger.model_versions select * replace (? as model_version, ? as weights_sha256, "
            "?::timestamp as registered_at) from ledger.model_versions where model_version = ?",
            [name, f"weights of {name}", run.clock(), first],
        )
    return folder


def _let_training_give(monkeypatch: pytest.MonkeyPatch, folder: Path, weights: str) -> None:
    metrics = json.loads((folder / "metrics.json").read_text()) | {"model_version": folder.name}
    metrics["weights_sha256"] = weights
    (folder / "metrics.json").write_text(json.dumps(metrics))
    trained = training.TrainedModel(folder.name, "keras", folder, [], metrics)
    monkeypatch.setattr(training, "train", lambda frame, **arguments: trained)


def test_a_version_is_promoted_and_rolled_back_by_hand_and_stays_so(
    copied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = published(copied, "select champion from ledger.promotions")[0]
    _register(copied, "second")
    to_second = ["promote", "second", "--home", str(copied.home), "--json", "--as-of", str(DAY)]

    forth = json.loads(CliRunner().invoke(songpop, to_second, catch_exceptions=False).stdout)
    with open_run(copied, "promote", as_of_date=DAY) as run:
        back = promote.promote(run, str(first), "odd scores")
    _let_training_give(monkeypatch, _register(copied, "third"), "weights of second")
    with open_run(copied, "train", as_of_date=DAY) as run:
        assert train.is_training_due(run, "auto") is None
        trained = train.train(run)

    assert (forth["decision"], forth["champion"], forth["previous_champion"]) == ("promoted", "second", first)
    assert (back.decision, back.champion, back.previous_champion) == ("rolled back", first, "second")
    assert (trained.champion, trained.decision) == (first, "kept")
    assert "a version of the same weights was rolled back" in trained.reason
    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        rows = con.execute(
            "select decision, challenger, champion, reason like '%odd scores' from ledger.promotions "
            "order by decided_at offset 1"
        ).fetchall()
    assert rows == [
        ("promoted", "second", "second", False),
        ("rolled back", "second", first, True),
        ("kept", "third", first, False),
    ]


def test_a_decision_is_in_the_ledger_with_its_figures(copied: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _register(copied, "second")
    rows = pl.read_parquet(folder / "eval_predictions.parquet")
    better = rows.with_columns(((pl.col("score") + pl.col("popularity")) / 2).alias("score"))
    better.write_parquet(folder / "eval_predictions.parquet")
    _let_training_give(monkeypatch, folder, "other")
    with open_run(copied, "train", as_of_date=DAY) as run:
        result = train.train(run)

    half = float((rows["score"] - rows["popularity"]).abs().mean()) / 2  # type: ignore[arg-type]
    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        row = con.execute(
            "select decision, champion, basis, n_rows, mae_low < mae_difference, mae_difference < mae_high, "
            "mae_difference from ledger.promotions order by decided_at desc limit 1"
        ).fetchall()[0]
    assert row[:6] == ("promoted", "second", "shared held-out tracks", rows.height, True, True)
    assert row[6] == pytest.approx(-half)
    assert "surely better" in result.reason


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        ("name", "must be registered, however 'keras-unknown' is not. There is: keras-"),
        ("nothing", "must not be the champion, however keras-.* is it already"),
        ("folder", "must lie complete in its folder"),
    ],
)
def test_a_version_that_can_t_score_is_not_promoted_by_hand(copied: Settings, spoil: str, match: str) -> None:
    (first,) = published(copied, "select champion from ledger.promotions")[0]
    name = {"name": "keras-unknown", "nothing": str(first), "folder": "second"}[spoil]
    with pytest.raises(ModelError, match=match), open_run(copied, "promote", as_of_date=DAY) as run:
        with run.warehouse() as con:
            con.execute(
                "insert into ledger.model_versions select * replace ('second' as model_version) "
                "from ledger.model_versions"
            )
        promote.promote(run, name)
    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        assert con.execute("select count(*) from ledger.promotions").fetchall() == [(1,)]


def test_scoring_without_a_champion_says_what_to_do(tmp_path: Path) -> None:
    settings = Settings.from_env({}, home=tmp_path)

    with pytest.raises(ModelError, match="must have a champion"), open_run(settings, "score", as_of_date=DAY) as run:
        score(run)


def test_the_night_keeps_how_its_releases_lie_beside_what_was_learned(settings: Settings) -> None:
    rows = published(
        settings, "select count(*), count(*) filter (where kind = 'score'), min(n_releases) from marts.drift"
    )
    n_releases = published(settings, "select count(*) from marts.releases")[0][0]
    assert rows[0][0] > 15  # type: ignore[operator]
    assert rows[0][1] == 1
    assert 0 < rows[0][2] <= n_releases  # type: ignore[operator]
