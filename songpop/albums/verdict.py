"""What is said of an album's leading song: whether it is clear, and how often such songs were right."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from songpop import queries
from songpop.albums.song import Song
from songpop.estimators.picks import LEAST_ALBUMS, leads_clearly, size_class
from songpop.scoring.album_picks import CLEAR

TOO_CLOSE, CANNOT_TELL = "Too close to call", "songpop can't tell these apart"
_SIZES = {"2": "albums of two songs", "3": "albums of three songs", "4+": "albums of four songs or more"}
_EVIDENCE = {
    "full": " of known sound, artist and genre",
    "some": " of which only some is known",
    "little": " of which little is known",
}


@dataclass(frozen=True)
class AlbumRecord:
    """How often the leading song was right on albums like one, as `marts.single_records` has it.

    Attributes:
        size_class: 2, 3 or 4+ songs.
        evidence: of the song of the album that most is known of: full, some or little.
        record_evidence: whose albums were counted, those of this evidence or any; None where nothing is known.
        n_albums, right_share, chance_share, lift: of those, None where nothing is known.
        n_clear, clear_right_share: of all albums of this size.
        can_tell: whether the leading song is right clearly more often than one picked by chance.
        has_clear: whether a clear lead is to be believed.
    """

    size_class: str
    evidence: str
    record_evidence: str | None = None
    n_albums: int | None = None
    right_share: float | None = None
    chance_share: float | None = None
    lift: float | None = None
    n_clear: int | None = None
    clear_right_share: float | None = None
    can_tell: bool = False
    has_clear: bool = False

    @property
    def of_size(self) -> str:
        """Name the albums of this size."""
        return _SIZES[self.size_class]

    @property
    def of_kind(self) -> str:
        """Name the albums of this size, and of this evidence where only those were counted."""
        return self.of_size + ("" if self.record_evidence == "any" else _EVIDENCE[self.evidence])


def read_records(con: duckdb.DuckDBPyConnection, model_version: str) -> tuple[AlbumRecord, ...]:
    """Read the records of a model version; none of a version, or in a file, of before they were kept."""
    rows = queries.read_if_built(con, "lookups", "single_records", model_version=model_version) or []
    return tuple(AlbumRecord(**row) for row in rows)


def record_of(records: Sequence[AlbumRecord], n_songs: int, evidence: str) -> AlbumRecord:
    """Find the record of albums of so many songs and this evidence."""
    kind = AlbumRecord(size_class(n_songs), evidence)
    found = (record for record in records if (record.size_class, record.evidence) == (kind.size_class, evidence))
    return next(found, kind)


def describe_verdict(songs: Sequence[Song], verdict: str, record: AlbumRecord, n_album_tracks: int) -> list[str]:
    """Say whether an album's single is clear, how often such songs were right, and where songs are missing.

    Args:
        songs: two or more, the best first.
        verdict: as `verdict_of` gives it.
        record: of albums like this one.
        n_album_tracks: how many tracks of the album are known, these among them.
    """
    is_fragment = n_album_tracks > len(songs)
    messages = [_describe_clear(songs)] if verdict == CLEAR else [_describe_close(songs, record, is_fragment)]
    spoken = _describe_record(record, verdict)
    # what is worth nothing is said to be so before anything else
    messages = [*messages, spoken] if record.can_tell or record.n_albums is None else [spoken, *messages]
    if is_fragment:
        messages.append(
            f"This is a fragment: {n_album_tracks} tracks of the album are known, and {len(songs)} stand here, so its "
            "best song may be another one."
        )
    return messages


def percent(share: float) -> str:
    """Return a share in percent, below 1 % with a decimal, so that a small chance is not none."""
    return f"{100 * share:.{1 if 0 < share < 0.01 else 0}f} %"


def _describe_clear(songs: Sequence[Song]) -> str:
    first, second = songs[:2]
    return (
        f"'{first.track_name}' should be the single: its chance to become the album's most popular song is "
        f"{percent(first.p_best)}, that of '{second.track_name}' is {percent(second.p_best)}."
    )


def _describe_close(songs: Sequence[Song], record: AlbumRecord, is_fragment: bool) -> str:
    first, second = songs[:2]
    sentences = [
        f"{TOO_CLOSE}: '{first.track_name}' leads with a chance of {percent(first.p_best)}, '{second.track_name}' has "
        f"{percent(second.p_best)} (each song would have {percent(1 / len(songs))} if nothing were known)."
    ]
    if leads_clearly(first.p_best, second.p_best) and not is_fragment:
        sentences += _doubt(record)
    return " ".join([*sentences, "Choose by what you know besides."])


def _doubt(record: AlbumRecord) -> list[str]:
    """Say why a clear lead is no clear verdict, where the record of such albums is known."""
    if record.n_clear is None:
        return []
    if record.n_clear < LEAST_ALBUMS or record.clear_right_share is None:
        return [f"So clear a lead was seen on {record.n_clear} {record.of_size}, too few to believe it."]
    return [f"So clear a lead was right on {percent(record.clear_right_share)} of {record.n_clear:,} {record.of_size}."]


def _describe_record(record: AlbumRecord, verdict: str) -> str:
    if record.n_albums is None or record.right_share is None or record.chance_share is None:
        kind = record.of_size + _EVIDENCE[record.evidence]
        return (
            f"How often the leading song is right on {kind} is not known: the model was judged on fewer than "
            f"{LEAST_ALBUMS} of them, so no lead is called clear."
        )
    right, chance = percent(record.right_share), percent(record.chance_share)
    judged = (
        f"On {record.n_albums:,} {record.of_kind} that the model had not seen, the leading song was the most popular "
        f"one on {right}; one picked by chance would have been on {chance}."
    )
    if not record.can_tell:
        return f"{CANNOT_TELL}. {judged}"
    if verdict == CLEAR and record.clear_right_share is not None:
        return (
            f"{judged} Where it led clearly, it was right on {percent(record.clear_right_share)} of {record.n_clear:,}."
        )
    return judged
