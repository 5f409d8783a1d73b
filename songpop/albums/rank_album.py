"""Which song of one album should be the single: the songs in order, and what speaks for and against each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from songpop import model_folder
from songpop.albums.read_album import MIN_SONGS, AlbumInput
from songpop.albums.reasons import CHANCE, FACTORS, Beside, Reason, by_contributions, weighed
from songpop.errors import ModelError
from songpop.estimators.album_order import COLUMNS, contrasts
from songpop.features import GROUPS, EncodedRows, conform
from songpop.features.encoder import NUMERIC
from songpop.scoring.album_picks import CLEAR, pick_singles
from songpop.scoring.contributions import ASSOCIATION, CONTRIBUTION_COLUMNS
from songpop.scoring.explain import LITTLE_KNOWN, little_known
from songpop.scoring.model import ScoringModel
from songpop.scoring.score import encode_and_score

_ONE = "album"
_SHOWN_REASONS = 3
_LEAST_CHANCE, _LEAST_POINTS = 0.01, 0.3
_UNKNOWN = {
    "is_artist_new": "the artist's other tracks",
    "is_artist_popularity_missing": "the artist's popularity",
    "is_audio_missing": "the audio analysis",
    "is_genre_missing": "the genre",
    "is_year_missing": "the year",
}


@dataclass(frozen=True)
class Song:
    """One song of a ranked album.

    Attributes:
        place: 1 is the likeliest to be the album's most popular song.
        p_best: the chance of that, 0-1; the album's songs sum to 1.
        speaks_for, speaks_against: what tells it apart from the songs beside it, the largest first.
        popularity: as last reported, None where it is not out yet.
    """

    place: int
    track_id: str
    track_name: str
    artist_name: str
    p_best: float
    score: float
    score_mean: float
    score_low: float
    score_high: float
    p_0_25: float
    p_26_50: float
    p_51_75: float
    p_76_100: float
    family: str
    benchmark_score: float
    drivers: str
    speaks_for: list[Reason]
    speaks_against: list[Reason]
    popularity: int | None = None


@dataclass(frozen=True)
class AlbumRanking:
    """An album's songs, best first, and whether the first one should be the single.

    Attributes:
        verdict: `clear` or `too close to call`.
        messages: the verdict in sentences, the last of them on how often such verdicts were right.
        measured: what is known of earlier verdicts, as `load_measured` has it.
        remarks: what the model does not know about the songs.
    """

    model_version: str
    verdict: str
    messages: list[str]
    songs: list[Song]
    measured: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_clear(self) -> bool:
        """Say whether the first song should be the single."""
        return self.verdict == CLEAR

    def to_document(self, album: AlbumInput) -> dict[str, Any]:
        """Return the JSON document of a ranked album, the same for command, page and API."""
        return {
            **album.facts,
            **asdict(self),
            "is_clear": self.is_clear,
            "rejects": [asdict(reject) for reject in album.rejects],
            "notes": list(album.notes),
            "is_synthetic": album.is_synthetic,
            "association": ASSOCIATION,
        }


def load_measured(model_dir: Path) -> dict[str, dict[str, Any]]:
    """Load how often a model's picks were right from its metrics.json.

    Returns:
        `left_out` (albums left out of the fit of the order) and `latest` (the newest releases), each absent where it
        was not measured: `n_albums, right_share, chance_share, n_clear, clear_right_share`.
    """
    metrics = model_folder.read_optional_metrics(model_dir) or {}
    found = {"left_out": metrics.get("album_order"), "latest": metrics.get("singles")}
    return {name: value for name, value in found.items() if value and value.get("n_albums")}


def rank_album(
    frame: pl.DataFrame, model: ScoringModel, measured: Mapping[str, dict[str, Any]] | None = None
) -> AlbumRanking:
    """Rank the songs of one album and say whether one of them should be the single.

    Args:
        frame: one row a song, two or more, columns as for `score_releases`; all rows count as one album, whatever
            their album_id. `popularity` is passed on where it is there.
        model: from `load_model`.
        measured: from `load_measured`.

    Raises:
        ModelError: there are fewer than two songs, or `frame` lacks `track_id` or `artist_name`.
    """
    if frame.height < MIN_SONGS:
        raise ModelError(
            f"A single must be chosen among {MIN_SONGS} songs or more, however there {_are(frame.height)} here."
        )
    popularity = frame["popularity"] if "popularity" in frame.columns else pl.Series([None] * frame.height)
    frame = conform(frame).with_columns(pl.lit(_ONE).alias("album_id"))
    scores, rows, pmf = encode_and_score(frame, model)
    scored = scores.with_columns(frame["track_name"], frame["artist_name"], frame["album_id"])
    reasons = _reasons(scored, rows, pmf, model)
    order = scored.with_row_index("row").sort(["p_best", "score", "track_id"], descending=[True, True, False])
    songs = [
        _song(place, row, reasons[row["row"]], popularity[row["row"]])
        for place, row in enumerate(order.to_dicts(), start=1)
    ]
    verdict = pick_singles(scored)["verdict"][0]
    known = dict(measured or {})
    messages = [_verdict_message(songs, verdict), _record_message(known, verdict)]
    return AlbumRanking(model.model_version, verdict, messages, songs, known, _remarks(frame, rows, model))


def _are(n: int) -> str:
    return {0: "is none", 1: "is one"}.get(n, f"are {n}")


def _song(place: int, row: Mapping[str, Any], reasons: list[Reason], popularity: Any) -> Song:
    named = {name: row[name] for name in Song.__dataclass_fields__ if name in row}
    return Song(
        place=place,
        speaks_for=[reason for reason in reasons if reason.difference > 0][:_SHOWN_REASONS],
        speaks_against=[reason for reason in reasons if reason.difference < 0][:_SHOWN_REASONS],
        popularity=popularity,
        **named,
    )


def _reasons(scored: pl.DataFrame, rows: EncodedRows, pmf: np.ndarray, model: ScoringModel) -> list[list[Reason]]:
    """Find what speaks for and against each song, the largest first; one list a song."""
    above = _contributions_above(scored)
    if model.order is None:
        found = [by_contributions(row) for row in above]
        return [_largest(row, _LEAST_POINTS) for row in found]
    x = contrasts(rows, pmf, np.zeros(len(rows), int))
    chance = scored["p_best"].to_numpy()
    utility = model.order.utilities(x)
    reasons: list[list[Reason]] = [[] for _ in range(len(rows))]
    for factor in FACTORS:
        plain = x.copy()
        plain[:, [COLUMNS.index(name) for name in factor.columns]] = 0.0
        odds = chance * np.exp(model.order.utilities(plain) - utility)
        difference = chance - odds / (1 - chance + odds)
        for row in range(len(rows)):
            message = factor.describe(Beside(row, scored, rows, above[row]))
            if message:
                reasons[row].append(Reason(weighed(message, difference[row]), float(difference[row]), CHANCE))
    return [_largest(row, _LEAST_CHANCE) for row in reasons]


def _contributions_above(scored: pl.DataFrame) -> list[dict[str, float]]:
    """Return each song's contributions less the album's mean, by group, in points of the score."""
    table = scored.select(CONTRIBUTION_COLUMNS).to_numpy()
    return [dict(zip(GROUPS, row.tolist(), strict=True)) for row in table - table.mean(axis=0)]


def _largest(reasons: list[Reason], least: float) -> list[Reason]:
    return sorted(
        (reason for reason in reasons if abs(reason.difference) >= least), key=lambda reason: -abs(reason.difference)
    )


def _percent(share: float) -> str:
    """Return a share in percent, below 1 % with a decimal, so that a small chance is not none."""
    return f"{100 * share:.{1 if 0 < share < 0.01 else 0}f} %"


def _verdict_message(songs: list[Song], verdict: str) -> str:
    first, second = (f"'{song.track_name}'" for song in songs[:2])
    chances = [_percent(song.p_best) for song in songs[:2]]
    if verdict == CLEAR:
        return (
            f"{first} should be the single: its chance to become the album's most popular song is {chances[0]}, "
            f"that of {second} is {chances[1]}."
        )
    return (
        f"Too close to call: {first} leads with a chance of {chances[0]}, {second} has {chances[1]} (each song would "
        f"have {_percent(1 / len(songs))} if nothing were known). Choose by what you know besides."
    )


def _record_message(measured: Mapping[str, dict[str, Any]], verdict: str) -> str:
    """Say how often picks of this verdict were right, on albums whose songs' popularity is known."""
    where = {"left_out": "albums left out of training", "latest": "of the latest albums known"}
    parts = [
        f"{_percent(right)} of {n:,} {where[name]}"
        for name, found in measured.items()
        for n, right in [_right_share(found, verdict)]
        if right is not None
    ]
    if not parts:
        return "How often such verdicts are right was not measured: the model learned from too few albums."
    sort = "A clear pick was" if verdict == CLEAR else "Where it was too close to call, the leading song was still"
    return f"{sort} the album's most popular song on {' and on '.join(parts)}."


def _right_share(found: Mapping[str, Any], verdict: str) -> tuple[int, float | None]:
    """Return on how many albums a verdict was given, and the share of them where its first song was the best."""
    n, n_clear = found["n_albums"], found["n_clear"]
    clear = found["clear_right_share"]
    if verdict == CLEAR:
        return n_clear, clear
    if n == n_clear:
        return 0, None
    return n - n_clear, (found["right_share"] * n - (clear or 0.0) * n_clear) / (n - n_clear)


def _remarks(frame: pl.DataFrame, rows: EncodedRows, model: ScoringModel) -> list[str]:
    n = frame.height
    odd = sorted(set(frame["genre"].drop_nulls()) - set(model.encoder.genres))
    n_little = sum(little_known(rows))
    whom = "these songs" if n_little == n else f"{n_little} of the {n} songs"
    remarks = [LITTLE_KNOWN.format(whom, "such scores are")] if n_little else []
    remarks += [f"The genre '{genre}' is none that the model learned, so it counts as unknown." for genre in odd]
    unknown = []
    for name, what in _UNKNOWN.items():
        n_unknown = int(rows.numeric[:, NUMERIC.index(name)].sum()) if name in NUMERIC else 0
        if n_unknown:
            unknown.append(what if n_unknown == n else f"{what} ({n_unknown} of {n} songs)")
    if unknown:
        remarks.append(f"The model does not know {_listed(unknown)}, so the intervals are wider.")
    return remarks


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
