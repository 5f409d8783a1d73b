"""Tell from all values of a column in which unit they were written; a single value never tells."""

from collections.abc import Mapping
from dataclasses import dataclass

from songpop.audio_features import SHARES

# shorter is no song, as milliseconds; the longest that is believed as seconds lasts five hours and a half
SHORTEST_MS = 2_000
LONGEST_SECONDS = 20_000
LONGEST_COMMON_SECONDS = 1_000
SLOWEST_BPM, FASTEST_BPM = 20, 1_000
# the loudest tracks that Spotify knows reach 6.2 dBFS; no column lies above 7
LOUDEST_DB, QUIETEST_DB = 7, -100
_ANY = 1e300
MS_A_SECOND, MS_A_MINUTE, MS_A_DAY = 1_000, 60_000, 86_400_000


@dataclass(frozen=True)
class Stats:
    """The values of one column that do not tell their unit themselves.

    Attributes:
        n: how many numbers there are.
        low, high, median: of them; the median is that of the numbers above 0.
        n_nonzero, n_above_1, n_negative: how many are that.
        n_fraction: how many are not whole; n_small_fraction: how many of those lie within 0-1;
            n_past_60: how many have a fraction of 0.6 or more, as minutes and seconds
            written as 3.42 never have.
        n_short: how many are above 0 and below `SHORTEST_MS`.
    """

    n: int
    low: float
    high: float
    median: float
    n_nonzero: int
    n_above_1: int
    n_negative: int
    n_fraction: int
    n_small_fraction: int
    n_past_60: int
    n_short: int


@dataclass(frozen=True)
class Scale:
    """What a column's values say of its unit.

    Attributes:
        rule: as in `value_rules`.
        what: which values those are, in words.
        factor: what they are multiplied by; None leaves them out, 1 leaves them as written.
        n: how many are told of; None is all of the column.
        within: the ends of the values that are concerned; None is all.
    """

    column: str
    rule: str
    what: str
    factor: float | None
    n: int | None = None
    within: tuple[float, float] | None = None


def is_suspect(column: str, low: float, high: float) -> bool:
    """Say whether a column with these ends may be in another unit, so that a closer look is due."""
    if column in SHARES:
        return high > 1
    if column == "duration_ms":
        return low < SHORTEST_MS or high <= LONGEST_SECONDS
    if column == "loudness":
        return low >= -1 or low < QUIETEST_DB
    if column == "tempo":
        return high <= SLOWEST_BPM or high > FASTEST_BPM
    return column == "popularity" and high <= 1


def find_scales(stats: Mapping[str, Stats]) -> list[Scale]:
    """Return what is to be done with columns that are not in the declared unit, or are perhaps not."""
    known = {name: each for name, each in stats.items() if each.n}
    scales = _find_shares({name: known[name] for name in SHARES if name in known})
    finders = {"duration_ms": _find_duration, "loudness": _find_loudness, "tempo": _find_tempo}
    finders |= {"popularity": _find_popularity}
    for name, find in finders.items():
        scale = find(known[name]) if name in known else None
        scales += [scale] if scale else []
    return scales


def _find_shares(stats: Mapping[str, Stats]) -> list[Scale]:
    """Tell percent from shares over all such columns of a file, as one column alone tells little."""
    able = [name for name, each in stats.items() if each.low >= 0 and 1 < each.high <= 100]
    sure = [name for name in able if _is_mostly_above_1(stats[name])]
    if not sure:
        return []
    if max(stats[name].high for name in sure) <= 10:
        return [Scale(name, "shares_are_of_one_scale", "values up to 10", 1) for name in sure]
    others = [name for name, each in stats.items() if each.high <= 1 and each.low >= 0]
    fractions = [name for name in others if stats[name].n_fraction]
    if not fractions:
        # 0.65 among whole percents is a share of its own
        mixed = [name for name in able if 0 < stats[name].n_small_fraction == stats[name].n_fraction]
        apart = [name for name in (*able, *others) if name not in mixed]
        scales = [Scale(name, "shares_are_not_percent", "values in percent", 0.01) for name in apart]
        what = "values in percent, among values of 0-1"
        return scales + [Scale(name, "shares_are_of_one_scale", what, 0.01, within=(1, 100)) for name in mixed]
    # a column among shares must be percent from end to end to be taken for it
    whole = [
        name for name in sure if stats[name].n_above_1 > 1 and stats[name].high > 10 and _is_throughout(stats[name])
    ]
    rule = "shares_are_of_one_scale"
    left = [name for name in fractions if len(whole) > len(fractions)]
    scales = [Scale(name, rule, "values in percent, beside columns of 0-1", 0.01) for name in whole]
    return scales + [Scale(name, rule, "values within 0-1, beside columns in percent", 1) for name in left]


def _is_mostly_above_1(stats: Stats) -> bool:
    return stats.n_above_1 * 2 > stats.n_nonzero


def _is_throughout(stats: Stats) -> bool:
    return stats.n_above_1 >= 0.9 * stats.n_nonzero


def _find_duration(stats: Stats) -> Scale | None:
    rule, doubt = "durations_are_milliseconds", "durations_are_plausible"
    if not stats.n_nonzero or stats.low < 0:
        return None
    if stats.high < 0.5 and stats.median >= 0.0003:
        return Scale("duration_ms", rule, "values in days", MS_A_DAY)
    if stats.median <= 30 and stats.high <= 200:
        if stats.n_past_60 and stats.median >= 0.5:
            return Scale("duration_ms", rule, "values in minutes", MS_A_MINUTE)
        return Scale("duration_ms", doubt, "values that look like minutes or seconds of an unknown form", None)
    is_long = stats.median > 30 or 200 < stats.high < LONGEST_COMMON_SECONDS
    # longer ones may be an album of very short pieces, in milliseconds
    if is_long and stats.median < LONGEST_COMMON_SECONDS and stats.high <= LONGEST_SECONDS:
        return Scale("duration_ms", rule, "values in seconds", MS_A_SECOND)
    if stats.n_short:
        return Scale("duration_ms", doubt, "values under 2,000, which is two seconds", 1, stats.n_short)
    return None


def _find_loudness(stats: Stats) -> Scale | None:
    rule = "loudness_is_decibels"
    if stats.low < QUIETEST_DB:
        what = "values below any silence, so the decimal point may be lost"
        return Scale("loudness", rule, what, None, within=(-_ANY, QUIETEST_DB))
    if (stats.low >= 0 and stats.high <= 1) or (stats.n > 2 and stats.low >= -1 and stats.high <= 1):
        return Scale("loudness", rule, "values that look scaled to 0-1", None)
    if stats.n_negative:
        return None
    if stats.low > LOUDEST_DB or stats.n > 1:
        return Scale("loudness", rule, "values and none below 0, so the minus may be lost", None)
    return None


def _find_tempo(stats: Stats) -> Scale | None:
    if stats.high > FASTEST_BPM:
        what = "values too fast for music, so the decimal point may be lost"
        return Scale("tempo", "tempo_is_beats_a_minute", what, None, within=(FASTEST_BPM, _ANY))
    if not stats.n_nonzero or stats.high > SLOWEST_BPM or stats.low < 0:
        return None
    what = "values that look scaled to 0-1" if stats.high <= 1 else "values too slow for music"
    return Scale("tempo", "tempo_is_beats_a_minute", what, None)


def _find_popularity(stats: Stats) -> Scale | None:
    if stats.n_fraction and stats.low >= 0 and stats.high <= 1:
        return Scale("popularity", "popularity_is_0_to_100", "values within 0-1", 100)
    return None
