"""The declaration of the audio features, against the tables, what-ifs and controls that take them up."""

import duckdb
import pytest

from songpop.audio_features import AUDIO_FEATURES, NAMES, AudioFeature
from songpop.features import FEATURES, MODEL_COLUMNS
from songpop.loading.input_schemas import RELEASES, TRACKS
from songpop.scoring.what_if_inputs import SETTABLE
from songpop.sources.sample.writing import TRACK_COLUMNS
from songpop.sources.spotify.parsing import feature_row
from songpop.web.controls import BY_NAME as CONTROLS

_SQL_TYPES = {"number": "DOUBLE", "whole": "INTEGER", "large_whole": "BIGINT"}
every_feature = pytest.mark.parametrize("feature", AUDIO_FEATURES, ids=lambda feature: feature.name)


@pytest.mark.parametrize("table", ["files__tracks", "files__releases", "spotify__audio_features"])
def test_raw_tables_hold_every_feature_in_order_and_in_its_type(con: duckdb.DuckDBPyConnection, table: str) -> None:
    columns = con.execute(
        "select column_name, data_type from duckdb_columns() "
        "where schema_name = 'raw' and table_name = ? and list_contains(?, column_name) order by column_index",
        [table, list(NAMES)],
    ).fetchall()

    assert columns == [(feature.name, _SQL_TYPES[feature.kind]) for feature in AUDIO_FEATURES]


def test_files_services_the_sample_and_the_models_have_the_same_features() -> None:
    held = [TRACKS.names, RELEASES.names, tuple(feature_row({"id": "a"})), TRACK_COLUMNS, tuple(MODEL_COLUMNS)]

    assert [tuple(name for name in names if name in NAMES) for names in held] == [NAMES] * len(held)
    assert set(NAMES) < {feature.name for feature in FEATURES}


@every_feature
def test_what_may_be_set_lies_in_the_range_by_definition_and_a_slider_in_what_may_be_set(
    feature: AudioFeature,
) -> None:
    what, control = SETTABLE[feature.name], CONTROLS[feature.name]
    low, high = (min(what.choices), max(what.choices)) if what.choices else (what.low, what.high)

    assert low is not None
    assert high is not None
    assert feature.low is None or feature.low <= low
    assert feature.high is None or high <= feature.high
    if control.kind == "slider":
        assert low <= control.low < control.high <= high
    else:
        assert {float(value) for value, _ in control.choices} == set(what.choices or range(int(low), int(high) + 1))
