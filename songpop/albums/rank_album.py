"""Which song of one album should be the single: the songs in order, and what speaks for and against each."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from songpop.albums.read_album import MIN_SONGS, AlbumInput
from songpop.albums.reasons import Reason, tell_apart
from songpop.albums.song import Song
from songpop.albums.verdict import CANNOT_TELL, TOO_CLOSE, AlbumRecord, describe_verdict, record_of
from songpop.errors import ModelError
from songpop.estimators.picks import EVIDENCE
from songpop.features import EncodedRows, conform
from songpop.features.encoder import NUMERIC
from songpop.scoring.album_picks import CLEAR, verdict_of
from songpop.scoring.contributions import ASSOCIATION
from songpop.scoring.evidence import evidence_of
from songpop.scoring.explain import LITTLE_KNOWN, little_known
from songpop.scoring.model import ScoringModel
from songpop.scoring.score import encode_and_score

_ONE = "album"
_UNKNOWN = {
    "is_artist_new": "the artist's other tracks",
    "is_artist_popularity_missing": "the artist's popularity",
    "is_audio_missing": "the audio analysis",
    "is_genre_missing": "the genre",
    "is_year_missing": "the year",
}


@dataclass(frozen=True)
class AlbumRanking:
    """An album's songs, best first, and whether the first one should be the single.

    Attributes:
        verdict: `clear` or `too close to call`.
        messages: the verdict in sentences, with how often the leading song was right on albums like this one.
        record: of albums like this one.
        n_album_tracks: how many tracks of the album are known; with more than these songs it is a fragment.
        remarks: what the model does not know about the songs.
    """

    model_version: str
    verdict: str
    messages: list[str]
    songs: list[Song]
    record: AlbumRecord
    n_album_tracks: int
    remarks: list[str] = field(default_factory=list)

    @property
    def is_clear(self) -> bool:
        """Say whether the first song should be the single."""
        return self.verdict == CLEAR

    @property
    def is_fragment(self) -> bool:
        """Say whether more tracks of the album are known than stand here."""
        return self.n_album_tracks > len(self.songs)

    @property
    def headline(self) -> str:
        """Say the verdict in few words: the single, or that there is none."""
        if self.is_clear:
            return self.songs[0].track_name
        return TOO_CLOSE if self.record.can_tell or self.record.n_albums is None else CANNOT_TELL

    def to_document(self, album: AlbumInput) -> dict[str, Any]:
        """Return the JSON document of a ranked album, the same for command, page and API."""
        return {
            **album.facts,
            **asdict(self),
            "is_clear": self.is_clear,
            "is_fragment": self.is_fragment,
            "headline": self.headline,
            "rejects": [asdict(reject) for reject in album.rejects],
            "notes": list(album.notes),
            "is_synthetic": album.is_synthetic,
            "association": ASSOCIATION,
        }


def rank_album(
    frame: pl.DataFrame, model: ScoringModel, records: Sequence[AlbumRecord] = (), *, evidence: str | None = None
) -> AlbumRanking:
    """Rank the songs of one album and say whether one of them should be the single.

    Args:
        frame: one row a song, two or more, columns as for `score_releases`; all rows count as one album, whatever
            their album_id. `popularity` is passed on where it is there. Where `n_album_tracks` is more than the rows,
            they are a fragment of the album.
        model: from `load_model`.
        records: of the model, from `read_records`; without them nothing is clear.
        evidence: of the song most is known of, full, some or little, where the readers' file says so.

    Raises:
        ModelError: there are fewer than two songs, or `frame` lacks `track_id` or `artist_name`.
    """
    if frame.height < MIN_SONGS:
        raise ModelError(
            f"A single must be chosen among {MIN_SONGS} songs or more, however there {_are(frame.height)} here."
        )
    popularity = frame["popularity"] if "popularity" in frame.columns else pl.Series([None] * frame.height)
    frame = conform(frame).with_columns(pl.lit(_ONE).alias("album_id"))
    scores, rows, pmf, _ = encode_and_score(frame, model)
    scored = scores.with_columns(frame["track_name"], frame["artist_name"], frame["album_id"])
    reasons = tell_apart(scored, rows, pmf, model.order)
    order = scored.with_row_index("row").sort(["p_best", "score", "track_id"], descending=[True, True, False])
    songs = [
        _song(place, row, reasons[row["row"]], popularity[row["row"]])
        for place, row in enumerate(order.to_dicts(), start=1)
    ]
    n_album_tracks = max([*frame["n_album_tracks"].drop_nulls(), frame.height])
    record = record_of(records, frame.height, evidence or min(evidence_of(rows), key=EVIDENCE.index))
    verdict = verdict_of(
        [song.p_best for song in songs], has_clear=record.has_clear, is_fragment=n_album_tracks > frame.height
    )
    messages = describe_verdict(songs, verdict, record, n_album_tracks)
    return AlbumRanking(
        model.model_version, verdict, messages, songs, record, n_album_tracks, _remarks(frame, rows, model)
    )


def _are(n: int) -> str:
    return {0: "is none", 1: "is one"}.get(n, f"are {n}")


def _song(place: int, row: Mapping[str, Any], reasons: list[Reason], popularity: Any) -> Song:
    named = {name: row[name] for name in Song.__dataclass_fields__ if name in row}
    return Song(
        place=place,
        speaks_for=[reason for reason in reasons if reason.difference > 0],
        speaks_against=[reason for reason in reasons if reason.difference < 0],
        popularity=None if popularity is None else round(popularity),
        **named,
    )


def _remarks(frame: pl.DataFrame, rows: EncodedRows, model: ScoringModel) -> list[str]:
    n = frame.height
    odd = sorted(set(frame["genre"].drop_nulls()) - set(model.encoder.genres))
    n_little = sum(little_known(rows))
    whom = "these songs" if n_little == n else f"{n_little} of the {n} songs"
    remarks = list(model.adjustment.remarks)
    remarks += [LITTLE_KNOWN.format(whom, "such scores are")] if n_little else []
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
