"""The shapes of the API's answers as JSON Schema, for the OpenAPI description."""

from typing import Any

Schema = dict[str, Any]


def _is(kind: str, description: str = "", *, null: bool = False, **rest: Any) -> Schema:
    schema: Schema = {"type": [kind, "null"] if null else kind, **rest}
    return schema | ({"description": description} if description else {})


def _record(description: str = "", /, **properties: Schema) -> Schema:
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return schema | ({"description": description} if description else {})


def _list(items: Schema, description: str = "") -> Schema:
    return {"type": "array", "items": items} | ({"description": description} if description else {})


def ref(name: str) -> Schema:
    """Point to a schema by name."""
    return {"$ref": f"#/components/schemas/{name}"}


text, maybe_text = _is("string"), _is("string", null=True)
number, maybe_number = _is("number"), _is("number", null=True)
whole, maybe_whole = _is("integer"), _is("integer", null=True)
yes_or_no = _is("boolean")
day = _is("string", null=True, format="date")
moment = _is("string", null=True, format="date-time")
_score = _is("number", "Predicted popularity", minimum=0, maximum=100)
_mean = _is("number", "What to sum and average: the score leans to the median", minimum=0, maximum=100)
_family = _is("string", "Kind of estimator that made the score")
_share = _is("number", minimum=0, maximum=1)
_maybe_share = _is("number", null=True, minimum=0, maximum=1)
_evidence = _is("string", "Of the song most is known of", enum=["full", "some", "little"])
_any_value: Schema = {"type": ["string", "number", "null"]}
_BINS = dict.fromkeys(("p_0_25", "p_26_50", "p_51_75", "p_76_100"), _share)
_OUTCOME = {
    "score": _score, "score_mean": _mean, "score_low": _score, "score_high": _score, **_BINS, "family": _family,
    "benchmark_score": _is("number", "What LightGBM says"),
}  # fmt: skip

_TRACK = {
    "track_id": text, "track_name": maybe_text, "artist_name": text, "genre": maybe_text, "release_date": day,
    "is_date_assumed": _is("boolean", "It counts as released on the as-of date, for want of its own"),
    "is_release": yes_or_no,
}  # fmt: skip
_FACTS = {
    **_TRACK, "album_id": maybe_text, "album_name": maybe_text, "popularity": maybe_whole, "popularity_date": day,
    "published_score": maybe_number,
}  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "Problem": _record(
        "What was wrong and what to do, as RFC 9457 has it",
        type=text, title=text, status=whole, detail=text,
        errors={"type": "object", "additionalProperties": text, "description": "What is wrong with each value"},
    ),
    "Health": _record(status=_is("string", enum=["ok"]), as_of_date=day, model_version=maybe_text, n_releases=whole),
    "Feature": _record(
        name=text, label=text, rule=_is("string", "What a value must be"), unit=text,
        low=_is("number", "Where the slider begins", null=True), high=maybe_number,
        experience={
            "type": ["array", "null"], "items": number,
            "description": "1st and 99th percentile of the training tracks",
        },
    ),
    "Features": _record(features=_list(ref("Feature")), genres=_list(text, "Those that the model learned")),
    "FoundTracks": _record(tracks=_list(_record(**_TRACK))),
    "FoundAlbums": _record(
        albums=_list(
            _record(
                album_id=text, album_name=maybe_text, artist_name=text, release_date=day, is_release=yes_or_no,
                n_songs=whole,
            )
        )
    ),
    "FoundArtists": _record(
        artists=_list(
            _record(
                artist_name=text, artist_popularity=maybe_number, popularity_source=maybe_text, n_tracks=maybe_whole
            )
        )
    ),
    "Track": _record(
        **_FACTS,
        values={"type": "object", "additionalProperties": _any_value, "description": "What a what-if begins with"},
    ),
    "Song": _record(
        "A song to score: a track of the published file, or a typical song, with the values that are sent put in",
        track_id=_is("string", "Begin with this track", null=True),
        values={
            "type": "object", "additionalProperties": _any_value,
            "description": "By feature; null is unknown. What is not sent stays as it was",
        },
    ) | {"required": []},
    "SongToSweep": _record(
        track_id=maybe_text, values={"type": "object", "additionalProperties": _any_value},
        feature=_is("string", "Whose range to go over"),
    ) | {"required": ["feature"]},
    "Score": _record(
        "What `songpop what-if --json` gives; the new score stands at the top",
        track={"anyOf": [_record(**_FACTS), {"type": "null"}]}, track_id=text, model_version=text, **_OUTCOME,
        reference_score=_is("number", "The score of a typical track; with the contributions it makes the score"),
        changes=_list(
            _record(
                name=text, before=_any_value, after=_any_value, unit=text,
                is_implied=_is("boolean", "Another change brought it along"), outside=maybe_text,
            )
        ),
        before=_record("Without the values that were sent", **_OUTCOME), after=_record(**_OUTCOME),
        difference=_is("number", "The score after less that before, in points"),
        contributions=_list(
            _record(group=text, before=number, after=number, difference=number), "The largest difference first"
        ),
        features=_list(
            _record(feature=text, group=text, unit=text, value=_any_value, typical=_any_value, difference=number),
            "One at a time, so they do not add up",
        ),
        outside={"type": "object", "additionalProperties": text, "description": "Where the model has no experience"},
        remarks=_list(text, "What the model does not know about the song"),
        association=text,
    ),
    "Sweep": _record(
        name=text, unit=text, association=text,
        points=_list(
            _record(
                value=_any_value, score=_score, score_low=_score, score_high=_score, is_present=yes_or_no,
                outside=maybe_text,
            )
        ),
    ),
    "Reason": _record(message=text, difference=number, unit=_is("string", enum=["chance"])),
    "Single": _record(
        album_id=maybe_text, album_name=maybe_text, artist_name=text,
        origin=_is("string", enum=["new release", "known tracks", "file"]), n_songs=whole,
        model_version=text,
        verdict=_is("string", enum=["clear", "too close to call"]),
        messages=_list(text, "The verdict in sentences"),
        songs=_list(
            _record(
                place=whole, track_id=text, track_name=text, artist_name=text, p_best=_share, score=_score,
                score_mean=_mean, score_low=_score, score_high=_score, **_BINS, family=_family, benchmark_score=number,
                drivers=text,
                speaks_for=_list(ref("Reason")), speaks_against=_list(ref("Reason")), popularity=maybe_whole,
            )
        ),
        record=_record(
            "How often the leading song was right on albums like this one; null is not known",
            size_class=_is("string", enum=["2", "3", "4+"]), evidence=_evidence,
            record_evidence=_is("string", "Whose albums were counted", null=True), n_albums=maybe_whole,
            right_share=_maybe_share, chance_share=_maybe_share, lift=maybe_number, n_clear=maybe_whole,
            clear_right_share=_maybe_share,
            can_tell=_is("boolean", "Whether that is 1.2 times as often as chance, or more"),
            has_clear=_is("boolean", "Whether a clear lead is to be believed"),
        ),
        n_album_tracks=_is("integer", "How many tracks of the album are known"),
        remarks=_list(text, "What the model does not know about the songs"),
        is_clear=yes_or_no, is_fragment=_is("boolean", "Whether songs of the album are missing here"),
        headline=_is("string", "The single, or that there is none"),
        rejects=_list(_record(line=whole, reason=text, content=maybe_text), "Lines that were left out"),
        notes=_list(text, "What was read otherwise than it was written"),
        is_synthetic=_is("boolean", "The readers' file is of a synthetic sample"),
        association=text,
    ),
    "List": _record(
        name=text, n_rows=_is("integer", "How many fit, on all pages"), page=whole, n_pages=whole, per_page=whole,
        evidence=_is("string", "The least that a row has", enum=["full", "some", "little"]),
        versions=_is("boolean", "Whether each version of a recording has a row"),
        is_trusted=_is("boolean", "Whether its scores can be trusted; else the remarks tell why not"),
        remarks=_list(text, "What to know of all its scores: that they can't be trusted, or are recalibrated"),
        n_left_out=_is("integer", "Rows that would fit, but of which less is known", minimum=0),
        n_versions_folded=_is("integer", "Releases that another version of their recording stands for", minimum=0),
        rows=_list({"type": "object"}, "Columns as in the mart of the list, described in sql/columns.toml"),
    ),
    "Quality": _record(
        as_of_date=day, published_at=moment, published_age_hours=number, model_version=maybe_text, run_id=maybe_text,
        n_releases=whole, is_synthetic=yes_or_no,
        scoreboard=_list(
            _record(
                split=text, family=text, role=text, is_champion=yes_or_no, n=whole, mae=maybe_number,
                mae_low=maybe_number, mae_high=maybe_number, rmse=maybe_number, r2=maybe_number, spearman=maybe_number,
                accuracy_4bin=_maybe_share, accuracy_majority=_maybe_share, coverage_90=_maybe_share,
                width_90=maybe_number, calibration_error=maybe_number,
            )
        ),
        coverage=_list(
            _record(
                slice=text, slice_value=text, n=whole, coverage_90=_maybe_share, low=maybe_number, high=maybe_number
            )
        ),
        reliability=_list(_record(bin=text, chance=_share, share=_share, low=_share, high=_share, n=whole)),
        drift=_list(
            _record(
                feature=text, kind=text, moved=maybe_text, psi=maybe_number, psi_threshold=maybe_number,
                missing_share=maybe_number, reference_missing_share=maybe_number, is_drifted=yes_or_no,
                n_releases=whole,
            )
        ),
        realised=_list(
            _record(
                age=text, n=whole, mae=maybe_number, bias=maybe_number, coverage_90=_maybe_share,
                benchmark_mae=maybe_number,
            )
        ),
        singles=_list(
            _record(
                size_class=_is("string", enum=["2", "3", "4+", "any"]),
                evidence=_is("string", enum=["full", "some", "little", "any"]), n_albums=whole, n_clear=whole,
                is_known=yes_or_no, can_tell=yes_or_no, has_clear=yes_or_no, right_share=_maybe_share,
                chance_share=_maybe_share, lift=maybe_number, clear_right_share=_maybe_share,
            ),
            "How often the leading song of an album was right on the temporal split, by size and by evidence",
        ),
        runs=_list(
            _record(
                run_id=text, flow=text, status=text, as_of_date=day, started_at=moment, seconds=maybe_number,
                message=maybe_text,
            )
        ),
        findings=_list(_record(severity=text, check_name=text, message=text, n_rows=maybe_whole)),
    ),
}  # fmt: skip
