"""A whole night, offline, on a small synthetic sample: every part is the real one."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from click.testing import CliRunner

from songpop import warehouse
from songpop.cli import songpop
from songpop.clock import utc_now
from songpop.errors import ExpectationFailed, ModelError, SettingsError
from songpop.features import GROUPS
from songpop.pipeline import check, load, night, promote, publish, train
from songpop.pipeline.load import Inputs
from songpop.pipeline.score import score
from songpop.published import exports
from songpop.reporting import status
from songpop.run import Run, open_run
from songpop.scoring.contributions import CONTRIBUTION_COLUMNS
from songpop.settings import Settings
from songpop.training import train as training

_ROOT = Path(__file__).resolve().parents[2]
_DAY = date(2026, 11, 23)
_ROWS = 2_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run one night with the embedded sample; the tests below look at what it left."""
    folder = tmp_path_factory.mktemp("night")
    settings = Settings.from_env({}, home=folder, threads=2, memory_limit="1GB")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "HEADLINE_SEEDS", 1)  # each of three takes its time; test_training has several
        night.run_night(settings, Inputs(), as_of_date=_DAY, sample_rows=_ROWS)
    return folder


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings.from_env({}, home=home, threads=2, memory_limit="1GB")


@pytest.fixture
def copied(settings: Settings, tmp_path: Path) -> Settings:
    """Return the settings of a copy of the night's home, for a test that changes it."""
    shutil.copytree(settings.home, tmp_path / "home")
    return Settings.from_env({}, home=tmp_path / "home", threads=2, memory_limit="1GB")


def _published(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with warehouse.open_file(settings.published, settings, read_only=True) as con:
        return con.execute(query).fetchall()


def test_every_release_is_scored_ranked_and_published(settings: Settings) -> None:
    n_releases, n_ranked, best, worst = _published(
        settings,
        'select (select count(*) from marts.releases), count(*), min("rank"), max("rank") from marts.ranked_releases',
    )[0]

    assert n_releases == n_ranked == worst
    assert best == 1


def test_releases_come_from_the_file_and_from_the_service(settings: Settings) -> None:
    sources = _published(settings, "select distinct release_source from marts.releases order by 1")

    assert sources == [("releases_file",), ("spotify",)]
    assert _published(
        settings,
        "select count(*) > 0 from marts.releases where release_source = 'spotify' and feature_source = 'spotify'",
    ) == [(True,)]


def test_artist_popularity_comes_from_the_service_and_is_null_where_unknown(settings: Settings) -> None:
    sources = _published(
        settings,
        "select popularity_source, count(*) > 0, count(artist_popularity) = count(*) from marts.artists "
        "group by popularity_source order by 1 nulls last",
    )

    assert sources == [("spotify", True, True), (None, True, False)]


def test_scores_are_distributions_with_a_run_a_model_and_words(settings: Settings) -> None:
    rows = _published(
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
    assert _published(
        settings, "select flow, status in ('done', 'degraded'), finished_at > started_at from ledger.runs"
    ) == [("nightly", True, True)]


def test_the_model_version_lies_complete_with_a_readable_card(settings: Settings) -> None:
    (version,) = _published(settings, "select model_version from ledger.model_versions")[0]
    folder = settings.models_dir / str(version)

    assert {"features.json", "metrics.json", "card.md", "model.keras", "model.onnx"} <= {
        path.name for path in folder.iterdir()
    }
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["model_version"], metrics["seed"], metrics["n_rows"]) == (version, 0, _ROWS)
    assert metrics["snapshot_ids"]
    for picture in [word.split(")")[0] for word in (folder / "card.md").read_text().split("](") if ".png" in word]:
        assert (folder / picture.split(")")[0]).is_file()


def test_network_and_benchmark_are_judged_on_three_splits(settings: Settings) -> None:
    rows = _published(settings, "select distinct family, split from marts.model_scoreboard order by all")

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
    ((track_id,),) = _published(settings, 'select track_id from marts.ranked_releases where "rank" = 1')
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(_ROOT / "docs")
    (saved,) = re.findall(r"^```toml\n(.*?)^```$", pages, re.MULTILINE | re.DOTALL)
    (tmp_path / "monday.toml").write_text(saved)
    (tmp_path / "roster.txt").write_text("Synthetic Zetaton\n")
    (tmp_path / "not-ours.txt").write_text("Synthetic Zetaton\n")

    assert len(lines) >= 15
    for line in (line.replace("TRACK_ID", str(track_id)).replace("2026-11-18", str(_DAY)) for line in lines):
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


def _asked(settings: Settings, *arguments: str) -> dict[str, Any]:
    # in a process of its own, to see what it imports
    child = subprocess.run(
        [sys.executable, "-c", _EXPLAIN, *arguments, "--json", "--home", str(settings.home)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stderr.splitlines()[-1] == "[]"
    told: dict[str, Any] = json.loads(child.stdout)
    return told


def test_one_track_is_explained_as_the_list_has_it(settings: Settings) -> None:
    columns = ", ".join(CONTRIBUTION_COLUMNS)
    (track_id, score, low, reference, *stored) = _published(
        settings,
        f'select track_id, score, score_low, reference_score, {columns} from marts.ranked_releases where "rank" = 3',
    )[0]
    explained = _asked(settings, "explain", str(track_id))
    changed = _asked(settings, "what-if", str(track_id), "--set", "year=1950", "--sweep", "genre")

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
    assert _published(
        settings,
        f"select count(*) = count({total}), max(abs(score - reference_score - ({total}))) < 1e-3 from marts.scores",
    ) == [(True, True)]


def test_the_export_is_the_published_list(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "list.parquet"
    frame = exports.read_list(settings, "releases")
    exports.write_list(frame, out, "parquet", notes={})

    assert pl.read_parquet(out)["track_id"].to_list() == [
        track_id for (track_id,) in _published(settings, 'select track_id from marts.ranked_releases order by "rank"')
    ]


def test_the_next_night_keeps_the_champion_and_remembers_the_ranks(copied: Settings) -> None:
    run = night.run_night(copied, Inputs(), as_of_date=_DAY, clock=lambda: utc_now() + timedelta(days=1))

    assert _published(copied, "select count(*) from ledger.model_versions") == [(1,)]
    assert _published(
        copied, "select count(*) > 0, count(*) filter (where rank_change <> 0) from marts.ranked_releases "
        "where previous_rank is not null",
    ) == [(True, 0)]  # fmt: skip
    assert _published(copied, f"select count(*) > 0 from ledger.scores where run_id = '{run.run_id}'") == [(True,)]


def test_a_night_that_finds_something_critical_leaves_readers_with_yesterday(copied: Settings) -> None:
    before = copied.published.read_bytes()
    with duckdb.connect(str(copied.warehouse)) as con:
        con.execute("insert into raw.files__tracks by name select * replace (line + 90000 as line, 777 as popularity, "
                    "track_id || 'x' as track_id) from raw.files__tracks limit 5")  # fmt: skip

    with pytest.raises(ExpectationFailed, match="Every critical check must hold"):
        night.run_night(copied, Inputs(), as_of_date=_DAY)

    assert copied.published.read_bytes() == before
    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        assert con.execute(
            "select status, message like '%popularity%' from ledger.runs order by started_at desc limit 1"
        ).fetchall() == [("failed", True)]
        assert con.execute("select count(*) > 0 from ledger.findings where severity = 'critical'").fetchall() == [
            (True,)
        ]
    assert "failed" in (copied.reports_dir / "latest.md").read_text()


def test_synthetic_and_real_tracks_do_not_meet(copied: Settings, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    shutil.copy(copied.home / "sample" / "synthetic_tracks.csv", mine)
    with pytest.raises(SettingsError, match=r"must have a warehouse each, however .* holds synthetic_tracks\.csv"):
        night.run_night(copied, Inputs(tracks=mine), as_of_date=_DAY)

    others = Settings.from_env({}, home=tmp_path / "others")
    with open_run(others, "load", as_of_date=_DAY) as run:
        load.load(run, Inputs(tracks=mine))
    with pytest.raises(SettingsError, match=r"holds mine\.csv and is to load synthetic_tracks\.csv"):
        night.run_night(others, Inputs(), as_of_date=_DAY, sample_rows=_ROWS)


def test_two_tracks_files_in_one_run_are_refused(tmp_path: Path) -> None:
    settings = Settings.from_env({}, home=tmp_path)
    with (
        pytest.raises(SettingsError, match="must load one tracks file"),
        open_run(settings, "load", as_of_date=_DAY) as run,
    ):
        load.load(run, Inputs(tracks=tmp_path / "mine.csv", kaggle=True))


def test_a_file_that_fails_its_checks_is_withdrawn_and_the_next_night_goes_on(copied: Settings, tmp_path: Path) -> None:
    bad = tmp_path / "synthetic_tracks_again.csv"
    tracks = pl.read_csv(copied.home / "sample" / "synthetic_tracks.csv", infer_schema=False)
    tracks.with_columns(pl.lit("0").alias("popularity")).write_csv(bad)

    with pytest.raises(ExpectationFailed, match="Popularity must not fall to nothing"):
        night.run_night(copied, Inputs(tracks=bad), as_of_date=_DAY)
    run = night.run_night(copied, Inputs(), as_of_date=_DAY, retrain="never")

    assert _published(copied, "select count(*), max(popularity) > 0 from marts.tracks") == [(_ROWS, True)]
    assert _published(copied, "select snapshot_id like 'tracks-%' from ledger.withdrawals") == [(True,)]
    assert _published(copied, f"select status from ledger.runs where run_id = '{run.run_id}'") == [("done",)]


def test_a_quiet_night_is_degraded_and_published(copied: Settings) -> None:
    run = night.run_night(copied, Inputs(), as_of_date=_DAY + timedelta(days=90), retrain="never")
    # the artists' popularity has grown old by then, and what is left of it is none
    assert [finding.check_name for finding in run.findings] == ["new_releases_look_like_what_was_learned"]
    assert "artist_popularity (missing: 100%" in run.findings[0].message

    with warehouse.connect(copied) as con:
        con.execute("delete from ledger.loads where entity = 'releases'")
    run = night.run_night(copied, Inputs(), as_of_date=_DAY + timedelta(days=90), retrain="never")

    assert [finding.check_name for finding in run.findings] == ["there_is_a_new_release"]
    assert _published(copied, "select count(*) from marts.ranked_releases") == [(0,)]
    assert _published(copied, f"select status from ledger.runs where run_id = '{run.run_id}'") == [("degraded",)]


def test_a_night_whose_services_are_dead_is_degraded_and_published(copied: Settings) -> None:
    before = copied.published.stat().st_mtime_ns
    dead = "http://127.0.0.1:9"
    keyed = replace(
        copied,
        spotify_client_id="id",
        spotify_client_secret="secret",
        urls={"spotify_api_url": dead, "spotify_token_url": dead, "reccobeats_url": dead},
        enrich_deadline=timedelta(seconds=0.5),
    )
    run = night.run_night(keyed, Inputs(), as_of_date=_DAY, retrain="never")

    assert {finding.check_name for finding in run.findings} == {"enrichment_is_complete"}
    assert copied.published.stat().st_mtime_ns > before
    assert _published(copied, f"select status from ledger.runs where run_id = '{run.run_id}'") == [("degraded",)]


def test_a_list_with_a_release_that_has_no_score_is_not_published(copied: Settings, tmp_path: Path) -> None:
    before = copied.published.read_bytes()
    releases = tmp_path / "new.csv"
    releases.write_text("artist_name,track_name\nSynthetic Someone,A Song\n")

    with open_run(copied, "load", as_of_date=_DAY) as run:
        load.load(run, Inputs(releases=releases))
    with (
        pytest.raises(ExpectationFailed, match="must have a score before readers see the list"),
        open_run(copied, "publish", as_of_date=_DAY) as run,
    ):
        publish.publish(run)

    assert copied.published.read_bytes() == before


def test_a_promotion_is_rolled_back_when_its_scores_fail_their_checks(copied: Settings) -> None:
    (first,) = _published(copied, "select champion from ledger.promotions")[0]
    with pytest.raises(ExpectationFailed), open_run(copied, "nightly", as_of_date=_DAY) as run:
        with run.warehouse() as con:
            con.execute(
                "insert into ledger.promotions by name select 'p' as promotion_id, ? as run_id, "
                "'promoted' as decision, 'second' as challenger, ? as previous_champion, 'second' as champion, "
                "'newer' as reason, ?::timestamp as decided_at",
                [run.run_id, first, run.clock()],
            )
        score(_as_champion(run, str(first)))
        with run.warehouse() as con:
            con.execute("update ledger.scores set score = 777 where run_id = ?", [run.run_id])
            run.build(con)
        check.check(run, "all")

    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        assert con.execute("select decision, champion from ledger.promotions order by decided_at").fetchall()[1:] == [
            ("promoted", "second"),
            ("rolled back", first),
        ]


def _register(settings: Settings, name: str) -> Path:
    """Register a copy of the night's version under another name, with weights of its own."""
    (first,) = _published(settings, "select model_version from ledger.model_versions")[0]
    folder = settings.models_dir / name
    shutil.copytree(settings.models_dir / str(first), folder)
    with open_run(settings, "test", as_of_date=_DAY) as run, run.warehouse() as con:
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
    (first,) = _published(copied, "select champion from ledger.promotions")[0]
    _register(copied, "second")
    to_second = ["promote", "second", "--home", str(copied.home), "--json", "--as-of", str(_DAY)]

    forth = json.loads(CliRunner().invoke(songpop, to_second, catch_exceptions=False).stdout)
    with open_run(copied, "promote", as_of_date=_DAY) as run:
        back = promote.promote(run, str(first), "odd scores")
    _let_training_give(monkeypatch, _register(copied, "third"), "weights of second")
    with open_run(copied, "train", as_of_date=_DAY) as run:
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
    with open_run(copied, "train", as_of_date=_DAY) as run:
        result = train.train(run)

    half = float((rows["score"] - rows["popularity"]).abs().mean()) / 2  # type: ignore[arg-type]
    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        told = con.execute(
            "select decision, champion, basis, n_rows, mae_low < mae_difference, mae_difference < mae_high, "
            "mae_difference from ledger.promotions order by decided_at desc limit 1"
        ).fetchall()[0]
    assert told[:6] == ("promoted", "second", "shared held-out tracks", rows.height, True, True)
    assert told[6] == pytest.approx(-half)
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
    (first,) = _published(copied, "select champion from ledger.promotions")[0]
    name = {"name": "keras-unknown", "nothing": str(first), "folder": "second"}[spoil]
    with pytest.raises(ModelError, match=match), open_run(copied, "promote", as_of_date=_DAY) as run:
        with run.warehouse() as con:
            con.execute(
                "insert into ledger.model_versions select * replace ('second' as model_version) "
                "from ledger.model_versions"
            )
        promote.promote(run, name)
    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        assert con.execute("select count(*) from ledger.promotions").fetchall() == [(1,)]


def _as_champion(run: Run, first: str) -> Run:
    """Let the folder of the first model also be that of the second."""
    models = run.settings.models_dir
    shutil.copytree(models / first, models / "second")
    return run


def test_a_report_that_cannot_be_written_does_not_hide_why_a_night_failed(copied: Settings) -> None:
    (copied.reports_dir / "latest.md").unlink()
    (copied.reports_dir / "latest.md").mkdir()
    with pytest.raises(SettingsError, match="must have a warehouse each"):
        night.run_night(copied, Inputs(kaggle=True), as_of_date=_DAY)


def test_scoring_without_a_champion_says_what_to_do(tmp_path: Path) -> None:
    settings = Settings.from_env({}, home=tmp_path)

    with pytest.raises(ModelError, match="must have a champion"), open_run(settings, "score", as_of_date=_DAY) as run:
        score(run)


_RUN_THE_FLOW = """
import json, sys
from datetime import date
from pathlib import Path
from songpop import resources
from songpop.settings import set_prefect_defaults

set_prefect_defaults(Path(sys.argv[1]))
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.flows import load_flow_from_entrypoint

nightly = load_flow_from_entrypoint(f"{resources.flow_path('nightly')}:nightly")
run_id = nightly(home=sys.argv[1], retrain="never", as_of=date.fromisoformat(sys.argv[2]))
with get_client(sync_client=True) as client:
    names = [flow_run.name for flow_run in client.read_flow_runs()]
    tasks = {task_run.name: task_run.state_name for task_run in client.read_task_runs()}
report, ranked = Artifact.get("nightly-report").data, json.loads(Artifact.get("ranked-releases").data)
print(json.dumps({"run_id": run_id, "names": names, "tasks": tasks, "report": report, "ranked": ranked}))
"""


def test_the_flow_does_the_same_night_and_leaves_two_artifacts(copied: Settings) -> None:
    # in a process of its own, as a schedule runs it
    child = subprocess.run(
        [sys.executable, "-c", _RUN_THE_FLOW, str(copied.home), _DAY.isoformat()],
        capture_output=True,
        text=True,
        check=False,
    )

    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout.splitlines()[-1])
    run_id = told["run_id"]
    assert _published(copied, f"select status in ('done', 'degraded') from ledger.runs where run_id = '{run_id}'") == [
        (True,)
    ]
    assert told["names"] == ["nightly 2026-11-23"]
    assert told["tasks"] == dict.fromkeys(
        ("load", "check inputs", "enrich", "train", "score", "check scores", "publish"), "Completed"
    )
    assert "## Best 10 new releases" in told["report"]
    assert told["ranked"][0]["rank"] == 1
    assert "score: " in child.stderr + child.stdout


def test_the_night_keeps_how_its_releases_lie_beside_what_was_learned(settings: Settings) -> None:
    rows = _published(
        settings, "select count(*), count(*) filter (where kind = 'score'), min(n_releases) from marts.drift"
    )
    n_releases = _published(settings, "select count(*) from marts.releases")[0][0]
    assert rows[0][0] > 15  # type: ignore[operator]
    assert rows[0][1] == 1
    assert 0 < rows[0][2] <= n_releases  # type: ignore[operator]


def test_releases_unlike_what_was_learned_are_a_finding(copied: Settings) -> None:
    with open_run(copied, "score", as_of_date=_DAY) as run:
        with run.warehouse() as con:
            for table in ("files__releases", "spotify__audio_features"):
                con.execute(f"update raw.{table} set energy = 0.01, tempo = 240")
            run.build(con)
        score(run)
        words = {finding.check_name: finding.message for finding in run.findings}
    message = words["new_releases_look_like_what_was_learned"]
    assert "energy (lower: median 0.01" in message
    assert "tempo (higher" in message
    assert status.read_status(copied, now=datetime(2026, 11, 24))["drift"]["n_drifted"] >= 2


def test_a_model_of_before_the_reference_scores_and_tells_no_drift(copied: Settings) -> None:
    for reference in copied.models_dir.glob("*/reference.json"):
        reference.unlink()
    with open_run(copied, "score", as_of_date=_DAY) as run:
        assert score(run).n_scored > 0
    assert run.findings == []
    with warehouse.open_file(copied.warehouse, copied, read_only=True) as con:
        assert con.execute("select count(*) from ledger.drift where run_id = ?", [run.run_id]).fetchall() == [(0,)]
        assert con.execute("select count(*) from marts.drift").fetchall() == [(0,)]
    assert status.read_status(copied, now=datetime(2026, 11, 24))["drift"] is None
