"""The rules by which a cell is read as its owner meant it: each with what it takes, and what is said of it."""

from dataclasses import dataclass

from songpop.audio_features import AUDIO_FEATURES
from songpop.findings import Severity

# words that programs write where they know nothing, compared without case
BLANK_WORDS = frozenset(
    (
        *("na", "n/a", "n.a.", "#n/a", "nan", "none", "null", "nil", "-", "--", "---", "<na>", "(null)", "\\n", "nat"),
        # empty lists
        *("[]", "{}", "()", "set()"),
        # a spreadsheet's faults
        *("#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!"),
    )
)
# columns in which a blank word may be somebody's name
OWN_WORDS = ("artist_name", "track_name", "note")


_SHARES = ", ".join(
    f"`{feature.name}`"
    for feature in AUDIO_FEATURES
    if feature.kind == "number" and (feature.low, feature.high) == (0, 1)
)


@dataclass(frozen=True)
class Rule:
    """One way in which a value is read otherwise than it was written.

    Attributes:
        name: the finding's name, the truth that it guards.
        severity: a note where it can't be meant otherwise, a warning where a person should look.
        columns: which columns it is for, in words.
        written, meaning: what is taken, and as what; for the table in the documentation.
        rule: how a value must be written, the beginning of what is told.
        told: what is done with it, the end of what is told.
    """

    name: str
    severity: Severity
    columns: str
    written: str
    meaning: str
    rule: str
    told: str


RULES = (
    Rule(
        "ids_are_taken_out_of_links",
        "note",
        "`track_id`, `album_id`, `artist_id`",
        "`spotify:track:…`, `https://open.spotify.com/intl-de/track/…?si=…`",
        "the 22 characters; a link to something else is refused",
        "An id must be Spotify's 22 letters and digits",
        "The ids were taken out of the links.",
    ),
    Rule(
        "local_files_have_no_id",
        "note",
        "`track_id`, `album_id`",
        "`spotify:local:…`",
        "blank: in releases an id is made, elsewhere the line is set aside",
        "An id must be Spotify's own",
        "A local file has none, so these count as blank.",
    ),
    Rule(
        "ids_are_whole",
        "warning",
        "`track_id`, `album_id`, `artist_id`",
        "`1.23E+21`",
        "blank where an id may be blank, else the line is set aside",
        "An id must be whole",
        "A spreadsheet made numbers of them, so that the ids are lost. Export again with that column as text.",
    ),
    Rule(
        "ids_keep_their_case",
        "warning",
        "`track_id`, `album_id`, `artist_id`",
        "`4uluttnfkyh6…`, where no id of the column has a capital, or none a small letter",
        "as written",
        "An id must keep its capitals and small letters",
        "A program folded them, and such ids are of nothing that is known. Take them from their source again.",
    ),
    Rule(
        "blank_words_are_blank",
        "note",
        "all but `artist_name`, `track_name`, `note`",
        "`NA`, `NaN`, `None`, `null`, `N/A`, `#N/A`, `-`, `--`, `<NA>`, `(null)`, `\\N`, `#VALUE!`, `[]` and the like, "
        "in any case",
        "blank",
        "What is not known must be blank",
        "They are read as blank.",
    ),
    Rule(
        "outer_blanks_are_left_out",
        "note",
        "all but `artist_name`, `track_name`, `note`",
        "blanks of any sort before or after the value",
        "the value without them",
        "A value must begin and end without blanks",
        "They are left out.",
    ),
    Rule(
        "dates_are_read_as_meant",
        "note",
        "`release_date`, `observed_at`, `fetched_at`, `year`",
        "`2026-11-20 00:00:00`, `2026-11-20T00:00:00Z`, `20261120`, `2026/11/20`, `20 Nov 2026`, `Nov 20, 2026`, "
        "`20 de noviembre de 2026`, `2019.0`",
        "`2026-11-20`, `2019`; a year is that of its date",
        "A date must be of the form YYYY-MM-DD, YYYY-MM or YYYY",
        "They are read as meant.",
    ),
    Rule(
        "day_and_month_are_told_apart",
        "note",
        "`release_date`, `observed_at`, `fetched_at`",
        "`20/11/2026`, `11/20/2026`, `20.11.2026`",
        "in the order that a number above 12 (or a decimal comma: day first) decides for the whole column; refused "
        "where nothing decides, or two lines contradict each other",
        "A date must be of the form YYYY-MM-DD",
        "The order of day and month was told by the column.",
    ),
    Rule(
        "unknown_date_parts_are_left_out",
        "note",
        "`release_date`, `year`",
        "`0000`, `0000-00-00`, `2019-00-00`, `2019-05-00`",
        "blank, `2019`, `2019-05`",
        "An unknown part of a date must be left out",
        "Zeros are read as unknown.",
    ),
    Rule(
        "serial_dates_are_dates",
        "note",
        "`release_date`, `observed_at`, `fetched_at`",
        "`46346`, where the whole column is such",
        "the day that a spreadsheet counts so, `2026-11-20`",
        "A date must be of the form YYYY-MM-DD",
        "A spreadsheet's day numbers are read as its days.",
    ),
    Rule(
        "years_have_four_digits",
        "warning",
        "`release_date`, `observed_at`, `fetched_at`",
        "`20-Nov-26`",
        "`2026-11-20`: the year that is not after next year; `20/11/26` is refused",
        "A year must have four digits",
        "The century was guessed.",
    ),
    Rule(
        "durations_are_written_in_ms",
        "note",
        "`duration_ms`",
        "`3:42`, `0:03:42`, `PT3M42S`, `222 s`, `3m 42s`",
        "`222000`",
        "A duration must be in milliseconds",
        "They are read as minutes and seconds.",
    ),
    Rule(
        "durations_are_milliseconds",
        "note",
        "`duration_ms`",
        "`222`, where half of a column is below 1,000 and none is too long for seconds (or minutes or days, where "
        "nothing else fits)",
        "`222000`",
        "A duration must be in milliseconds",
        "The whole column was turned into milliseconds.",
    ),
    Rule(
        "durations_are_plausible",
        "warning",
        "`duration_ms`",
        "`3:42:00` in all of a column; other values under 2,000; a column that looks like minutes",
        "3 min 42 s; as written; blank",
        "A duration must be in milliseconds",
        "Hours and minutes are read as minutes and seconds, what fits no unit is left out, the rest is as written.",
    ),
    Rule(
        "shares_are_not_percent",
        "note",
        _SHARES,
        "`72`, where the columns are percent (0-100); `72 %`",
        "`0.72`; a column of zeros and ones beside them is percent too",
        "A share must lie in 0-1",
        "These columns look like percent (0-100): divided by 100.",
    ),
    Rule(
        "shares_are_of_one_scale",
        "warning",
        "the same",
        "some columns in percent and others 0-1, or both in one; a scale of 0 to 10",
        "a column that is percent throughout is divided by 100, so are whole numbers among 0-1; others stay as written",
        "Shares must lie in 0-1",
        "Look at these.",
    ),
    Rule(
        "loudness_is_decibels",
        "warning",
        "`loudness`",
        "a column within 0-1, or without a value below 0; a value below -100",
        "blank",
        "Loudness must be in dB, nearly always below 0",
        "A wrong loudness is worse than none.",
    ),
    Rule(
        "tempo_is_beats_a_minute",
        "warning",
        "`tempo`",
        "a column within 0-20; a value above 1,000",
        "blank",
        "Tempo must be in beats a minute",
        "A wrong tempo is worse than none.",
    ),
    Rule(
        "popularity_is_0_to_100",
        "warning",
        "`popularity`",
        "`0.65`, where all of the column lies within 0-1",
        "`65`",
        "Popularity must be a whole number from 0 to 100",
        "It looks scaled to 0-1: multiplied by 100.",
    ),
    Rule(
        "units_are_left_out",
        "note",
        "`tempo`, `loudness`, `popularity`, `duration_ms`",
        "`120 bpm`, `-5.2 dB`, `72/100`, `222000 ms`",
        "`120`, `-5.2`, `72`, `222000`",
        "A number must stand without its unit",
        "The units are left out.",
    ),
    Rule(
        "decimal_marks_are_points",
        "note",
        "numbers",
        "`0,72`, `1.234,5`, `\u22125.2` (a typeset minus)",
        "`0.72`, `1234.5`, `-5.2`",
        "A number must have a decimal point",
        "Commas are read as decimal points.",
    ),
    Rule(
        "thousands_are_not_set_apart",
        "note",
        "numbers",
        "`227,000`, `227 000`, `227'000`; `227.000` beside decimal commas",
        "`227000`",
        "A number must be written without separators",
        "The separators of thousands are left out.",
    ),
    Rule(
        "music_is_read_in_words",
        "note",
        "`key`, `mode`, `time_signature`",
        "`C# minor`, `D♭m`, `8A`; `Major`, `TRUE`; `4/4`",
        "pitch class (and `mode`, where the line has none); 1 and 0; 4",
        "Key, mode and time signature must be Spotify's numbers",
        "They are read from their names.",
    ),
    Rule(
        "titles_are_names",
        "warning",
        "`track_name`",
        "`1`, `2`, `3` and so on in all of a column, which may be the numbers of the tracks",
        "as written",
        "A title must be a song's name",
        "Where another column has the titles, name it with --columns track_name=HEADER.",
    ),
    Rule(
        "titles_are_not_times",
        "warning",
        "`track_name`",
        "`0.958333333333333`, which may have been 23:00",
        "as written",
        "A title must be its song's",
        "A spreadsheet may have made numbers of times. Look them up.",
    ),
    Rule(
        "years_agree_with_release_dates",
        "note",
        "`year`",
        "a year that is not that of `release_date`",
        "as written",
        "A line's year must be that of its release_date",
        "Both are kept.",
    ),
)
BY_NAME = {rule.name: rule for rule in RULES}
