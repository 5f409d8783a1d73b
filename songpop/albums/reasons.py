"""What tells a song apart from the songs beside it, in plain words."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from songpop.estimators.album_order import COLUMNS, AlbumOrder, contrasts
from songpop.features import GROUPS, EncodedRows
from songpop.features.encoder import NUMERIC
from songpop.scoring.contributions import CONTRIBUTION_COLUMNS

CHANCE = "chance"
ALL_ELSE = "all else together"
_LEAST_NAMED = 0.3
_LEAST_CHANCE = 0.01
_SHOWN = 3
_MOST_LOG_ODDS = 100.0
_MOST = 0.5


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for (above 0) or against a song.

    Attributes:
        difference: what would be lost if the song were here as its album is on average; one thing at a time, so these
            do not add up.
        unit: `chance` (to be the album's best, 0-1).
    """

    message: str
    difference: float
    unit: str = CHANCE


@dataclass(frozen=True)
class Beside:
    """One song beside the others.

    Attributes:
        row: its row in the frames.
        scored: the scores of all songs.
        rows: all songs, encoded.
        above: contributions less the album's mean, by group of features.
    """

    row: int
    scored: pl.DataFrame
    rows: EncodedRows
    above: dict[str, float]

    def value(self, name: str) -> float:
        """Return the song's value of an encoded number; NaN is unknown."""
        return float(self.rows.numeric[self.row, NUMERIC.index(name)])

    def mean(self, name: str) -> float:
        """Return the mean of the album's known values; NaN where none is known."""
        values = self.rows.numeric[:, NUMERIC.index(name)].astype(float)
        known = values[~np.isnan(values)]
        return float(known.mean()) if len(known) else float("nan")


@dataclass(frozen=True)
class Factor:
    """Columns of the album order that one sentence is about; `describe` gives "" where there is nothing to say."""

    columns: tuple[str, ...]
    describe: Callable[[Beside], str]


def _score(song: Beside) -> str:
    scores = song.scored["score"]
    gap = scores[song.row] - float(scores.to_numpy().mean())
    if abs(gap) < 0.05:
        return ""
    why = sorted((value for value in song.above.items() if value[1] * gap > 0), key=lambda part: -abs(part[1]))
    named = [f"{group} {value:+.1f}" for group, value in why[:2] if abs(value) >= _LEAST_NAMED]
    by = f" ({', '.join(named)})" if named else ""
    return f"its score is {abs(gap):.1f} {'above' if gap > 0 else 'below'} the album's mean{by}"


def weighed(message: str, difference: float) -> str:
    """Say so where the learned order takes a score above the mean for no advantage, or one below it for none."""
    if difference < 0 and " above the album's mean" in message:
        return f"{message}, which past albums did not reward"
    if difference > 0 and " below the album's mean" in message:
        return f"{message}, which past albums did not hold against a song"
    return message


def _flag(song: Beside, name: str, has: str, has_not: str) -> str:
    if song.mean(name) in (0.0, 1.0):
        return ""
    if song.value(name) == 1:
        return has
    return has_not if song.mean(name) >= _MOST else ""


def _number(song: Beside, name: str, more: str, less: str, form: str) -> str:
    value, mean = song.value(name), song.mean(name)
    shown = form.format(value), form.format(mean)
    if np.isnan(value) or shown[0] == shown[1]:
        return ""
    return f"{more if value > mean else less} than the album ({shown[0]}; mean {shown[1]})"


def _mode(song: Beside) -> str:
    return _flag(song, "mode", "is in a major key", "is in a minor key, unlike most")


def _earlier(song: Beside) -> str:
    popularity = song.value("earlier_version")
    if not np.isnan(popularity):
        return f"came out before, and that version has popularity {popularity:.0f}"
    return "did not come out before, unlike others here" if song.mean("n_earlier_versions") > 0 else ""


def _length(song: Beside) -> str:
    length, mean = song.value("duration_ms"), song.mean("duration_ms")
    if np.isnan(length) or _minutes(length) == _minutes(mean):
        return ""
    return f"lasts {_minutes(length)}, {'longer' if length > mean else 'shorter'} than the album ({_minutes(mean)})"


def _minutes(milliseconds: float) -> str:
    seconds = round(milliseconds / 1000)
    return f"{seconds // 60}:{seconds % 60:02d}"


def _title(song: Beside) -> str:
    length, mean = song.value("title_length"), song.mean("title_length")
    if np.isnan(length) or round(length) == round(mean):
        return ""
    return f"has a {'longer' if length > mean else 'shorter'} title than the others"


def _guest(song: Beside) -> str:
    return _flag(song, "has_guest", "has a guest", "has no guest, unlike most")


def _remark(song: Beside) -> str:
    has = song.value("has_brackets") == 1 or song.value("has_dash") == 1
    shares = song.mean("has_brackets"), song.mean("has_dash")
    if set(shares) <= {0.0, 1.0}:
        return ""
    if has:
        return "has brackets or a dash in its title"
    return "has a plain title, unlike most" if max(shares) >= _MOST else ""


def _edit(song: Beside) -> str:
    return _flag(song, "is_edit", "is an edit", "is not an edit, unlike most")


def _letters(song: Beside) -> str:
    return _flag(song, "is_lower_case", "has a title in lower case", "has capitals in its title, unlike most") or _flag(
        song, "is_not_ascii", "has a title with letters beyond A to Z", "has a title of plain letters, unlike most"
    )


def _flags(name: str, has: str, has_not: str) -> Factor:
    return Factor((name,), partial(_flag, name=name, has=has, has_not=has_not))


def _kind(name: str, noun: str) -> Factor:
    return _flags(name, f"is {noun}", f"is not {noun}, unlike most")


def _sound(name: str, more: str, less: str, form: str = "{:.2f}") -> Factor:
    return Factor((name,), partial(_number, name=name, more=more, less=less, form=form))


# every column of the album order stands in one of these
FACTORS = (
    Factor(("score_mean", "score_middle", "score_high", "score_low"), _score),
    Factor(("earlier_above", "n_earlier_versions"), _earlier),
    _kind("is_title_track", "the title track"),
    Factor(("has_guest", "n_artists"), _guest),
    _kind("is_remix", "a remix"),
    _kind("is_live", "a live recording"),
    _kind("is_remaster", "a remaster"),
    _kind("is_acoustic", "an acoustic version"),
    _kind("is_instrumental", "an instrumental"),
    Factor(("is_edit", "is_radio_edit"), _edit),
    _kind("is_version", "a version of another recording"),
    _kind("is_extended", "an extended mix"),
    _kind("is_interlude", "an intro, interlude or outro"),
    _kind("is_part", "a numbered part"),
    _kind("is_cover", "a cover or tribute"),
    _kind("is_deluxe", "a bonus or deluxe track"),
    Factor(("has_brackets", "has_dash"), _remark),
    Factor(("title_length", "n_title_words"), _title),
    Factor(("is_lower_case", "is_not_ascii"), _letters),
    Factor(("odd_length", "duration_ms"), _length),
    _sound("danceability", "is more danceable", "is less danceable"),
    _sound("energy", "is more energetic", "is calmer"),
    _sound("loudness", "is louder", "is quieter", "{:.1f} dB"),
    _sound("speechiness", "has more spoken words", "has fewer spoken words"),
    _sound("acousticness", "is more acoustic", "is less acoustic"),
    _sound("instrumentalness", "is more instrumental", "has more singing"),
    _sound("liveness", "sounds more like a live recording", "sounds less like a live recording"),
    _sound("valence", "is brighter in mood", "is darker in mood"),
    _sound("tempo", "is faster", "is slower", "{:.0f} bpm"),
    Factor(("mode",), _mode),
)  # fmt: skip


def tell_apart(
    scored: pl.DataFrame, rows: EncodedRows, pmf: np.ndarray, order: AlbumOrder | None
) -> list[list[Reason]]:
    """Find what speaks for and against each song of one album, the largest first; one list a song.

    What every song was given is shared out over things that add up to its distance from the album's mean, by which the
    songs stand in order. Those that are not listed are told as one, so that the reasons can't contradict the order.

    Args:
        scored: the scores of n songs, with `p_best` and their contributions.
        rows: the songs, encoded.
        pmf: their distributions, shape (n, 101).
        order: by which `p_best` was computed; None where the model learned none.
    """
    table = scored.select(CONTRIBUTION_COLUMNS).to_numpy()
    above = [dict(zip(GROUPS, row.tolist(), strict=True)) for row in table - table.mean(axis=0)]
    songs = [Beside(row, scored, rows, above[row]) for row in range(len(rows))]
    messages, shares, total = _by_score(songs) if order is None else _by_order(songs, order, rows, pmf)
    chance = scored["p_best"].to_numpy()
    return [_reasons(messages[row], shares[row], total[row], chance[row]) for row in range(len(rows))]


Told = tuple[list[list[str]], np.ndarray, np.ndarray]


def _by_order(songs: list[Beside], order: AlbumOrder, rows: EncodedRows, pmf: np.ndarray) -> Told:
    """Share the utilities out: messages a song and factor, log chances of shape (n, f) and their sums, shape (n,)."""
    x = contrasts(rows, pmf, np.zeros(len(songs), int))
    of_columns, utility = order.shares(x), order.utilities(x)
    shares = np.stack(
        [of_columns[:, [COLUMNS.index(name) for name in factor.columns]].sum(axis=1) for factor in FACTORS], axis=1
    )
    shares -= shares.mean(axis=0)
    messages = [
        [weighed(factor.describe(song), share) for factor, share in zip(FACTORS, shares[song.row], strict=True)]
        for song in songs
    ]
    return messages, shares, utility - utility.mean()


def _by_score(songs: list[Beside]) -> Told:
    """Share chances out by the score's contributions, for models that learned no order of albums.

    What chances do not follow of the scores, as where outcomes spread wider, is left to all else.
    """
    utility = np.log(np.maximum(songs[0].scored["p_best"].to_numpy(), 1e-12))
    total = utility - utility.mean()
    above = np.array([list(song.above.values()) for song in songs])
    score = above.sum(axis=1)
    slope = max(float(total @ score), 0.0) / max(float(score @ score), 1e-9)
    messages = [
        [
            f"its {group} brings {abs(value):.1f} points {'more' if value > 0 else 'less'} than the album's mean"
            for group, value in song.above.items()
        ]
        for song in songs
    ]
    return messages, slope * above, total


def _reasons(messages: list[str], shares: np.ndarray, total: float, chance: float) -> list[Reason]:
    """List one song's reasons: the largest on either side, and all else as one."""

    against = (1 - chance) / max(chance, 1e-12)

    def difference(share: float) -> float:
        return float(chance - 1 / (1 + against * np.exp(np.clip(share, -_MOST_LOG_ODDS, _MOST_LOG_ODDS))))

    told = [
        (share, Reason(message, difference(share)))
        for message, share in zip(messages, shares, strict=True)
        if message and abs(difference(share)) >= _LEAST_CHANCE
    ]
    told.sort(key=lambda part: -abs(part[0]))
    shown = [part for side in (1, -1) for part in [one for one in told if one[0] * side > 0][:_SHOWN]]
    left = total - sum(share for share, _ in shown)
    all_else = Reason(ALL_ELSE, difference(left))
    is_needed = bool(shown) and all(share * total < 0 for share, _ in shown)
    reasons = sorted((reason for _, reason in shown), key=lambda reason: -abs(reason.difference))
    return [*reasons, all_else] if abs(all_else.difference) >= _LEAST_CHANCE or is_needed else reasons
