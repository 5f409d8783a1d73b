"""The check step on small DuckDB files: what holds, what does not, and what is broken itself."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from checked_warehouse import AS_OF, NOW, RUN, build, empty, fill, make_settings, opened

from songpop import resources, warehouse
from songpop.checking import run_checks
from songpop.checking.run_checks import CheckResult
from songpop.checking.suites import Phase
from songpop.errors import ExpectationFailed
from songpop.findings import Finding
from songpop.loading import load
from songpop.settings import Settings

_SUITES = {path.name.removesuffix(".json"): json.loads(path.read_text()) for path in resources.suite_paths()}
# suites whose tables the small warehouse leaves empty
_UNFILLED = {
    "marts.artist_audiences",
    "marts.release_features",
    "marts.score_backtest",
    "marts.findings",
    "marts.unchecked_files",
    "marts.recalibration",
    "marts.scored_lists",
}
# suites whose tables may stay empty for good
_OPTIONAL = {name for name, suite in _SUITES.items() if suite["meta"].get("may_be_empty")}

# column of a table -> what it is set to, where that is not NULL, and the finding that must come of it
_BLANKED = {
    "raw.files__tracks.danceability": "danceability_must_be_known_in_at_least_90_of_the_rows",
    "raw.files__tracks.genre": "genre_must_be_known_in_at_least_50_of_the_rows",
    "raw.files__tracks.time_signature": "time_signature_must_be_known_in_at_least_1_of_the_rows",
    "raw.files__artists.popularity": "artist_popularity_must_be_known_in_at_least_5_of_the_rows",
    "raw.files__albums.release_date": "release_date_must_be_known_in_at_least_5_of_the_rows",
    "raw.files__releases.energy": "every_feature_column_must_hold_a_value",
    "ledger.scores.benchmark_score": "benchmark_score_must_be_known_in_every_row",
}


def _check(settings: Settings, phase: Phase = "all", suites: list[Path] | None = None) -> CheckResult:
    return run_checks.check(settings, run_id=RUN, now=NOW, as_of_date=AS_OF, phase=phase, suite_paths=suites)


def _by_name(result: CheckResult) -> dict[tuple[str | None, str], Finding]:
    return {(finding.table_name, finding.check_name): finding for finding in result.findings}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, CheckResult]:
    settings = make_settings(tmp_path_factory.mktemp("good"))
    with opened(settings) as con:
        fill(con)
        con.execute(
            "insert into ledger.promotions by name select 'p' as promotion_id, ? as run_id, 'promoted' as decision, "
            "'keras-1' as challenger, 'keras-1' as champion, 'first' as reason, ?::timestamp as decided_at",
            [RUN, NOW],
        )
        build(con)
    return settings, _check(settings)


@pytest.fixture(scope="module")
def emptied(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    settings = make_settings(tmp_path_factory.mktemp("emptied"))
    with opened(settings) as con:
        fill(con)
        empty(con)
    inputs, scores = _check(settings, "inputs"), _check(settings, "scores")
    return CheckResult(inputs.findings + scores.findings, 0, 0, inputs.n_skipped + scores.n_skipped, scores.docs)


@pytest.fixture(scope="module")
def spoilt_result(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    settings = make_settings(tmp_path_factory.mktemp("spoilt"))
    with opened(settings) as con:
        fill(con)
        for place in _BLANKED:
            table, column = place.rsplit(".", 1)
            con.execute(f"update {table} set {column} = null")
        con.execute("update raw.files__tracks set popularity = 412 where line = 3")
        con.execute("update raw.files__tracks set artist_name = ' ' where line in (4, 5)")
        con.execute("update raw.files__releases set track_id = 'spotify:track:1' where line = 3")
        con.execute("insert into raw.files__artists select * replace (99 as line) from raw.files__artists limit 1")
        build(con)
    names = {place.rsplit(".", 1)[0].replace("raw.", "staging.") for place in _BLANKED} | {"marts.tracks"}
    return _check(settings, "all", [path for path in resources.suite_paths() if path.stem in names])


@pytest.fixture(scope="module")
def spoilt(spoilt_result: CheckResult) -> dict[tuple[str | None, str], Finding]:
    return _by_name(spoilt_result)


@pytest.fixture(scope="module")
def broken(
    good: tuple[Settings, CheckResult], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str | None, str], Finding]:
    folder = tmp_path_factory.mktemp("suites")
    lost, unknown, gone = (json.loads(json.dumps(_SUITES[name])) for name in ("marts.artists", *["marts.tracks"] * 2))
    del lost["expectations"][3]
    unknown["expectations"][0]["type"] = "expect_songs_to_be_good"
    unknown["expectations"][4]["kwargs"]["column"] = "popularitee"
    gone["name"] = "marts.drummers"
    for suite in (lost, unknown, gone):
        (folder / f"{suite['name']}.json").write_text(json.dumps(suite))
    (folder / "marts.releases.json").write_text("{")
    return _by_name(_check(good[0], "inputs", sorted(folder.glob("*.json"))))


def test_a_good_warehouse_has_no_finding(good: tuple[Settings, CheckResult]) -> None:
    _, result = good

    assert result.findings == []
    assert (result.n_expectations, result.n_checks) == (
        sum(len(suite["expectations"]) for name, suite in _SUITES.items() if name not in _UNFILLED),
        len(resources.sql_paths("checks")),
    )
    assert result.n_skipped == len(_UNFILLED)
    assert "0 critical, 0 warnings; 7 suites skipped" in result.summary


def test_the_warehouse_is_free_again_after_a_check(good: tuple[Settings, CheckResult]) -> None:
    with warehouse.connect(good[0]) as con:
        assert con.execute("select count(*) > 0 from marts.tracks").fetchall() == [(True,)]


@pytest.mark.parametrize("name", sorted(set(_SUITES) - _OPTIONAL - {"marts.snapshots"}))
def test_every_suite_fails_on_an_empty_table(emptied: CheckResult, name: str) -> None:
    finding = _by_name(emptied)[(name, "the_number_of_rows_must_be_at_least_1")]

    assert finding.severity == "critical"
    assert finding.message == f"In {name} the number of rows must be at least 1, however it is 0."


@pytest.mark.parametrize("name", sorted(_SUITES))
def test_every_suite_lists_as_many_expectations_as_it_promises_and_counts_rows_first(name: str) -> None:
    suite = _SUITES[name]

    assert len(suite["expectations"]) == suite["meta"]["n_expectations"]
    assert suite["expectations"][0]["type"] == "expect_table_row_count_to_be_between"
    assert all(" must " in expectation["description"] for expectation in suite["expectations"])
    assert len({expectation["description"] for expectation in suite["expectations"]}) == len(suite["expectations"])


def test_every_mart_and_every_input_has_a_suite() -> None:
    assert {f"marts.{name}" for name in warehouse.BUILD_ORDER} <= set(_SUITES)
    assert {f"staging.files__{name}" for name in ("tracks", "artists", "albums", "releases")} <= set(_SUITES)
    assert "ledger.scores" in _SUITES


def test_a_warehouse_without_optional_sources_skips_their_suites(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with opened(settings) as con:
        fill(con)
        for entity in ("artists", "albums", "releases"):
            con.execute(f"delete from raw.files__{entity}")
            con.execute("delete from ledger.loads where entity = ?", [entity])
        con.execute("delete from ledger.scores")
        con.execute("delete from ledger.model_metrics")
        build(con)

    result = _check(settings)

    assert result.findings == []
    assert result.n_skipped == 27


@pytest.mark.parametrize("place", _BLANKED)
def test_a_column_that_is_null_throughout_is_found(spoilt: dict[tuple[str | None, str], Finding], place: str) -> None:
    table = place.rsplit(".", 1)[0].replace("raw.", "staging.")

    assert (table, _BLANKED[place]) in spoilt


def test_a_mart_column_that_is_null_throughout_is_found_and_named(
    spoilt: dict[tuple[str | None, str], Finding],
) -> None:
    finding = spoilt[("marts.tracks", "every_text_and_feature_column_must_hold_a_value")]

    assert finding.severity == "warning"
    assert set(finding.example_keys) == {"danceability", "genre", "time_signature"}


def test_a_finding_says_rule_count_share_and_first_key(spoilt: dict[tuple[str | None, str], Finding]) -> None:
    finding = spoilt[("staging.files__tracks", "popularity_must_lie_in_0_to_100")]

    assert finding == Finding(
        "popularity_must_lie_in_0_to_100",
        "critical",
        "In staging.files__tracks popularity must lie in 0 to 100, however 1 of 120 rows (0.833 %) break this "
        "(first: track_id 'oldTrack00000000000002', popularity 412).",
        "staging.files__tracks",
        "popularity",
        1,
        ("oldTrack00000000000002",),
    )


def test_a_rule_that_is_a_query_names_its_rows(spoilt: dict[tuple[str | None, str], Finding]) -> None:
    blank = spoilt[("staging.files__tracks", "artist_name_must_not_be_blank")]
    odd = spoilt[("staging.files__releases", "track_id_must_be_22_letters_and_digits")]

    assert (blank.severity, blank.n_rows, sorted(blank.example_keys)) == (
        "critical",
        2,
        ["oldTrack00000000000003", "oldTrack00000000000004"],
    )
    assert (odd.severity, odd.n_rows, odd.example_keys) == ("warning", 1, ("spotify:track:1",))


def test_a_key_that_stands_twice_is_found(spoilt: dict[tuple[str | None, str], Finding]) -> None:
    finding = spoilt[("staging.files__artists", "artist_name_must_stand_once")]

    assert (finding.n_rows, finding.example_keys) == (2, ("Artist 0", "Artist 0"))


def test_a_suite_that_lost_an_expectation_is_found(broken: dict[tuple[str | None, str], Finding]) -> None:
    finding = broken[("marts.artists", "every_expectation_is_listed")]

    assert finding.severity == "critical"
    assert "must list the 10 expectations that its meta promises, however it lists 9" in finding.message


def test_a_broken_expectation_is_told_from_bad_data(good: tuple[Settings, CheckResult], tmp_path: Path) -> None:
    suite = json.loads(json.dumps(_SUITES["marts.tracks"]))
    suite["expectations"][0]["type"] = "expect_songs_to_be_good"
    suite["expectations"][3]["kwargs"]["column"] = "artist_nam"
    path = tmp_path / "marts.tracks.json"
    path.write_text(json.dumps(suite))

    result = _check(good[0], "inputs", [path])

    assert [(finding.check_name, finding.severity) for finding in result.findings] == [
        ("every_expectation_runs", "critical")
    ] * 2
    assert "expect_songs_to_be_good not found" in result.findings[0].message
    assert "artist_nam" in result.findings[1].message
    assert all("The check is broken" in finding.message for finding in result.findings)
    assert result.n_expectations == len(suite["expectations"]) - 2


def test_a_suite_without_its_table_is_found(broken: dict[tuple[str | None, str], Finding]) -> None:
    finding = broken[("marts.drummers", "every_suite_has_its_table")]

    assert finding.severity == "critical"
    assert finding.message.startswith("marts.drummers must exist")


def test_a_suite_that_is_no_json_is_found(broken: dict[tuple[str | None, str], Finding]) -> None:
    finding = broken[("marts.releases", "every_suite_loads")]

    assert finding.severity == "critical"
    assert "JSONDecodeError" in finding.message


def test_a_suite_with_a_broken_condition_is_found(good: tuple[Settings, CheckResult], tmp_path: Path) -> None:
    suite = json.loads(json.dumps(_SUITES["marts.releases"]))
    suite["meta"]["rows"] = "no_such_column = 1"
    path = tmp_path / "marts.releases.json"
    path.write_text(json.dumps(suite))

    result = _check(good[0], "inputs", [path])

    assert result.findings
    assert {finding.severity for finding in result.findings} == {"critical"}
    assert {finding.check_name for finding in result.findings} <= {"every_suite_loads", "every_expectation_runs"}


def test_critical_findings_stop_a_run_and_are_all_told() -> None:
    findings = [
        Finding("one", "critical", "One must hold, however it does not."),
        Finding("two", "warning", "Two must hold, however it does not."),
        Finding("three", "critical", "Three must hold, however it does not."),
    ]

    with pytest.raises(ExpectationFailed) as raised:
        run_checks.raise_if_critical(findings)

    assert str(raised.value) == (
        "Every critical check must hold, however 2 do not. Readers keep what was published before.\n"
        "  - One must hold, however it does not.\n"
        "  - Three must hold, however it does not."
    )


def test_warnings_do_not_stop_a_run() -> None:
    warning = Finding("two", "warning", "Two must hold, however it does not.")
    run_checks.raise_if_critical([warning])
    with pytest.raises(ExpectationFailed):
        run_checks.raise_if_critical([warning, Finding("one", "critical", "One must hold, however it does not.")])


def test_a_check_says_nothing_on_stderr(good: tuple[Settings, CheckResult], capfd: pytest.CaptureFixture[str]) -> None:
    _check(good[0], "scores")

    assert capfd.readouterr() == ("", "")


def test_data_docs_name_every_table_and_need_no_network(good: tuple[Settings, CheckResult]) -> None:
    settings, result = good

    assert result.docs == settings.reports_dir / "data_docs" / "index.html"
    index = result.docs.read_text()
    for name in _SUITES:
        assert name in index
    pages = list(result.docs.parent.rglob("*.html"))
    assert len(pages) == len(_SUITES) - len(_UNFILLED) + 2
    for page in pages:
        text = page.read_text()
        assert "://" not in text
        assert str(settings.home) not in text
        assert "duckdb:" not in text
    linked = re.findall(r'href="([^"#]+)"', index)
    assert linked
    for link in linked:
        assert (result.docs.parent / link).is_file()


def test_the_page_of_a_table_counts_its_rows_and_names_the_version(good: tuple[Settings, CheckResult]) -> None:
    from great_expectations import __version__

    page = (good[1].docs.parent / RUN / "staging.files__tracks.html").read_text()

    assert "<dt>Rows looked at</dt><dd>120<small>where <code>snapshot_id = (" in page
    assert "42 of 42 held" in page
    assert "70 different values" in page
    assert page.count("0 of 120 rows break it") == 37
    assert f"Checked with Great Expectations {__version__}" in page


def test_the_page_of_a_spoilt_table_shows_which_rows_break_what(spoilt_result: CheckResult) -> None:
    pages = spoilt_result.docs.parent / RUN
    failed = (pages / "staging.files__tracks.html").read_text().split("Every expectation")[0]

    n_findings = sum(finding.table_name == "staging.files__tracks" for finding in spoilt_result.findings)
    assert n_findings == failed.count("<article")
    assert "1 of 120 rows (0.833 %) break it" in failed
    assert '<td class="value">oldTrack00000000000002</td><td class="value">412</td>' in failed
    assert "2 rows break it" in failed
    assert '<td class="value">&#39; &#39;</td>' in failed
    assert "120 of 120 rows (100 %) break it" in failed
    assert failed.index("popularity must lie in 0 to 100") < failed.index("danceability must be known")
    assert "1 column holds none" in (pages / "staging.files__releases.html").read_text()


def test_both_phases_of_a_run_share_its_pages(good: tuple[Settings, CheckResult], tmp_path: Path) -> None:
    settings = Settings.from_env({}, home=tmp_path, warehouse=str(good[0].warehouse), threads=1, memory_limit="1GB")
    tables = [path for path in resources.suite_paths() if path.name in ("marts.artists.json", "marts.scores.json")]
    _check(settings, "inputs", tables)
    result = _check(settings, "scores", tables)

    index = result.docs.read_text()
    rows = index.split("<h2>Tables")[1].split("<h2>")[0]
    assert rows.count(f"{RUN}/marts.artists.html") == rows.count(f"{RUN}/marts.scores.html") == 1


def test_a_later_run_leads_to_the_earlier_one(good: tuple[Settings, CheckResult], tmp_path: Path) -> None:
    settings = Settings.from_env({}, home=tmp_path, warehouse=str(good[0].warehouse), threads=1, memory_limit="1GB")
    _check(settings, "inputs", [])
    later = run_checks.check(
        settings,
        run_id="check-20261123T031500000000Z",
        now=NOW + timedelta(days=1),
        as_of_date=AS_OF,
        phase="inputs",
        suite_paths=[],
    )

    index = later.docs.read_text()
    assert "Run <code>check-20261123T031500000000Z</code>" in index
    assert f'<a href="{RUN}/index.html">' in index


@pytest.mark.real_data
@pytest.mark.parametrize(
    "files",
    [
        {
            "tracks": "kaggle_sample.csv",
            "artists": "artist_popularity.csv",
            "releases": "kaggle_sample_unlabelled.csv",
        },
        {
            "tracks": "spotify_tracks.csv",
            "albums": "track_albums.csv",
            "artists": "artist_popularity.csv",
            "releases": "new_releases.csv",
        },
    ],
    ids=["kaggle", "with albums"],
)
def test_real_files_have_no_finding(real_data: Path, tmp_path: Path, files: dict[str, str]) -> None:
    settings = make_settings(tmp_path)
    with opened(settings) as con:
        paths: dict[str, Any] = {entity: real_data / name for entity, name in files.items()}
        load.load(con, settings, **paths, run_id=RUN, as_of_date=AS_OF, now=NOW)
        build(con)

    assert [one for one in _check(settings).findings if one.severity != "note"] == []


def test_a_warehouse_in_which_no_snapshot_counts_is_critical(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with opened(settings) as con:
        build(con)

    findings = _by_name(_check(settings, "inputs"))

    assert findings["marts.snapshots", "the_number_of_rows_must_be_at_least_1"].severity == "critical"
    assert findings["marts.tracks", "the_number_of_rows_must_be_at_least_1"].severity == "critical"


def test_columns_are_not_counted_as_rows(spoilt: dict[tuple[str | None, str], Finding]) -> None:
    finding = spoilt["staging.files__releases", "every_feature_column_must_hold_a_value"]

    assert finding.message == (
        "In staging.files__releases every feature column must hold a value, however 1 column holds none (energy)."
    )
    assert (finding.n_rows, finding.example_keys) == (None, ("energy",))
