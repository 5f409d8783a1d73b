"""Each SQL check on clean rows and on rows that break it."""

from collections.abc import Iterator

import duckdb
import pytest
from checked_warehouse import AS_OF, RUN, build, build_snapshots, build_unchecked_files, fill, save_snapshot

from songpop import warehouse
from songpop.checking import sql_checks
from songpop.checking.sql_checks import Check
from songpop.findings import SEVERITIES, Finding

_CHECKS = {check.name: check for check in sql_checks.load_checks("all")}

_SECOND_SNAPSHOT = (
    "insert into raw.files__tracks by name select * replace ('tracks-2' as snapshot_id) from raw.files__tracks "
)

# check -> what breaks it, how many rows it then returns, and the first key
_BROKEN: dict[str, tuple[str, int, str]] = {
    "every_track_is_unique": (
        "insert into marts.tracks select * from marts.tracks where track_id like '%000'",
        1,
        "oldTrack00000000000000",
    ),
    "every_track_is_kept": ("delete from marts.tracks where track_id like '%007'", 1, "oldTrack00000000000007"),
    "every_release_is_unique": (
        "insert into marts.releases select * from marts.releases where track_id like '%003'",
        1,
        "newTrack00000000000003",
    ),
    "every_release_is_kept": ("delete from marts.releases where track_id like '%003'", 1, "newTrack00000000000003"),
    "no_feature_is_index_like": ("update raw.files__tracks set tempo = line + 0.5", 1, "tempo"),
    "popularity_did_not_collapse": (
        f"{_SECOND_SNAPSHOT}; update raw.files__tracks set popularity = 0 where snapshot_id = 'tracks-2'",
        1,
        "tracks-2",
    ),
    "no_column_went_blank": (
        f"{_SECOND_SNAPSHOT}; update raw.files__tracks set energy = null where snapshot_id = 'tracks-2'",
        1,
        "energy",
    ),
    "snapshot_did_not_shrink": (f"{_SECOND_SNAPSHOT} where line <= 60", 1, "tracks-2"),
    "known_ids_stay": (
        f"{_SECOND_SNAPSHOT}; update raw.files__tracks set track_id = 'x' || track_id where snapshot_id = 'tracks-2' "
        "and line > 70",
        1,
        "tracks-2",
    ),
    "known_artists_keep_a_popularity": (
        "update marts.artists set artist_popularity = 0; "
        "insert into marts.artists by name select 'Other ' || i as artist_name, 0 as artist_popularity, "
        "'artists_file' as popularity_source, 0 as n_tracks from range(20) as rows(i)",
        29,
        "Artist 0",
    ),
    "analysis_failed_rows_are_few": (
        "update marts.tracks set tempo = 0, danceability = 0, valence = 0 where track_id < 'oldTrack00000000000004'",
        4,
        "oldTrack00000000000000",
    ),
    "releases_are_not_dated_in_the_future": (
        "update marts.releases set release_date = '2027-11-20' where track_id like '%002'",
        1,
        "newTrack00000000000002",
    ),
    "releases_are_not_old_tracks": (
        "update marts.releases set track_id = 'oldTrack00000000000005' where track_id like '%002'",
        1,
        "oldTrack00000000000005",
    ),
    "releases_have_a_date": (
        "update marts.releases set is_date_assumed = true where track_id like '%002'",
        1,
        "newTrack00000000000002",
    ),
    "releases_have_features": (
        "update marts.releases set feature_source = 'none' where track_id <> 'newTrack00000000000000'",
        11,
        "newTrack00000000000001",
    ),
    "every_release_has_a_score": ("delete from ledger.scores where track_id like '%004'", 1, "newTrack00000000000004"),
    "every_score_has_a_run": ("delete from ledger.runs", 12, "newTrack00000000000000"),
    "every_score_has_a_model_version": (
        "update ledger.scores set model_version = 'keras-2' where track_id like '%004'",
        1,
        "newTrack00000000000004",
    ),
    "scores_lie_in_0_100": (
        "update ledger.scores set score_high = 'nan' where track_id like '%004'",
        1,
        "newTrack00000000000004",
    ),
    "score_lies_in_its_interval": (
        "update ledger.scores set score_low = 69 where track_id like '%004'",
        1,
        "newTrack00000000000004",
    ),
    "probabilities_sum_to_one": (
        "update ledger.scores set p_0_25 = 0.4 where track_id like '%004'",
        1,
        "newTrack00000000000004",
    ),
    "contributions_add_up": (
        "update ledger.scores set contribution_album = 0.3 where track_id like '%004'; "
        "update ledger.scores set contribution_title = null where track_id like '%005'",
        1,
        "newTrack00000000000004",
    ),
    "scores_are_not_all_alike": ("update ledger.scores set score = 33.3", 1, "keras-1"),
    "every_rank_is_unique": ("update marts.ranked_releases set rank = 2 where rank = 1", 1, "newTrack00000000000010"),
    "every_scored_release_is_ranked": (
        "delete from marts.ranked_releases where rank = 12",
        1,
        "newTrack00000000000000",
    ),
    "past_scores_came_true": (
        "insert into marts.score_backtest by name select 't' || i as track_id, 50.0 as score, 70 as popularity, "
        "-20.0 as error, 30 as age_days, false as covered, '2026-11-20'::timestamp as observed_at "
        "from range(200) as rows(i)",
        1,
        "200",
    ),
    "genres_are_known": (
        "update marts.releases set genre = 'polka' where track_id like '%001'; "
        "insert into marts.genre_keys values ('polka', 'polka', false)",
        1,
        "polka",
    ),
    "genres_are_written_as_known": (
        "update marts.genre_keys set genre = 'Rock' where written_genre = 'rock'",
        1,
        "rock",
    ),
    "artists_are_written_as_known": (
        "update marts.artist_keys set match_method = 'another spelling' where artist_name = 'Artist 3'",
        1,
        "Artist 3",
    ),
    "an_album_id_stands_for_one_album": (
        "update marts.album_ids set is_id_shared = true where is_release and written_album_id = 'newAlbum2'",
        1,
        "newAlbum2",
    ),
    "no_album_is_ranked_twice": (
        "insert into marts.album_singles select * from marts.album_singles where album_id = 'newAlbum1'",
        1,
        "newAlbum1",
    ),
}


@pytest.fixture(scope="module")
def filled() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        warehouse.create_tables(con)
        fill(con)
        yield con


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        warehouse.create_tables(con)
        build(con)
        yield con


@pytest.fixture
def rolled_back(filled: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    filled.execute("begin transaction")
    yield filled
    filled.execute("rollback")


def _finding(con: duckdb.DuckDBPyConnection, check: Check) -> Finding | None:
    return sql_checks.run_check(con, check, RUN, AS_OF).finding


@pytest.mark.parametrize("name", _CHECKS)
def test_a_check_finds_nothing_in_clean_rows(filled: duckdb.DuckDBPyConnection, name: str) -> None:
    assert _finding(filled, _CHECKS[name]) is None


@pytest.mark.parametrize("name", _CHECKS)
def test_a_check_finds_the_rows_that_break_it(rolled_back: duckdb.DuckDBPyConnection, name: str) -> None:
    breaking, n_rows, key = _BROKEN[name]
    if "tracks-2" in breaking:
        save_snapshot(rolled_back, "tracks", 2)
        build_snapshots(rolled_back)
    for statement in breaking.split(";"):
        rolled_back.execute(statement)
    if "tracks-2" in breaking:
        build_unchecked_files(rolled_back)

    finding = _finding(rolled_back, _CHECKS[name])

    assert finding is not None
    assert (finding.check_name, finding.n_rows, finding.example_keys[0]) == (name, n_rows, key)
    assert len(finding.example_keys) <= 5
    assert finding.message.startswith(_CHECKS[name].rule)
    assert "however" in finding.message


@pytest.mark.parametrize("name", _CHECKS)
def test_a_check_says_its_rule_severity_and_table(name: str) -> None:
    check = _CHECKS[name]

    assert " must " in check.rule
    assert check.severity in SEVERITIES
    assert check.phase in ("inputs", "scores")
    assert check.table.split(".")[0] in ("staging", "marts", "ledger")


@pytest.mark.parametrize("name", _CHECKS)
def test_a_check_has_nothing_to_say_about_an_empty_warehouse(empty: duckdb.DuckDBPyConnection, name: str) -> None:
    assert _finding(empty, _CHECKS[name]) is None


def test_two_files_of_different_tracks_are_not_compared(rolled_back: duckdb.DuckDBPyConnection) -> None:
    save_snapshot(rolled_back, "tracks", 2)
    build_snapshots(rolled_back)
    rolled_back.execute(
        "insert into raw.files__tracks by name select * replace ('tracks-2' as snapshot_id, "
        "'x' || track_id as track_id, 0 as popularity, null as energy) from raw.files__tracks where line <= 5"
    )
    build_unchecked_files(rolled_back)

    for name in ("popularity_did_not_collapse", "snapshot_did_not_shrink", "no_column_went_blank"):
        assert _finding(rolled_back, _CHECKS[name]) is None


def test_releases_that_came_after_a_finished_run_are_not_missed_in_it(
    rolled_back: duckdb.DuckDBPyConnection,
) -> None:
    rolled_back.execute("delete from ledger.scores where track_id like '%004'")
    rolled_back.execute("update ledger.runs set finished_at = started_at")

    assert _finding(rolled_back, _CHECKS["every_release_has_a_score"]) is None
