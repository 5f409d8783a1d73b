"""What titles and album names say about a track, as polars expressions."""

import polars as pl

# Remarks about the version stand in brackets or after " - "; "Live" alone may be the song's own name.
_REMARK = r"[\(\[\{].*|\s[-–—]\s.*"

_IN_REMARK = {
    "is_remix": r"\b(remix|rmx|mix|rework|reworked|bootleg|mashup|vip|refix|flip|dub)\b",
    "is_live": r"\b(live|en vivo|ao vivo|en directo|unplugged|concert|session|sessions)\b",
    "is_remaster": r"remaster",
    "is_acoustic": r"\b(acoustic|acústic\w|acustic\w|stripped|unplugged|piano version)\b",
    "is_instrumental": r"\b(instrumental|karaoke|backing track)\b",
    "is_edit": r"\bedit\b",
    "is_radio_edit": r"\bradio\b",
    "is_version": r"\b(version|versión|take|demo|alternate|mono|single)\b",
    "is_extended": r"\b(extended|original mix|club mix|12\")",
}
_ANYWHERE = {
    "is_interlude": r"\b(intro|interlude|skit|outro|prelude|introduction|interlúdio)\b",
    "is_part": r"\b(pt|part|vol|chapter|act|scene|kapitel|teil)\b\.? ?(\d|[ivx]+\b)",
    "is_work": r"\b(op|no|bwv|k|kv|hob|rv|d)\. ?\d|\b(symphony|concerto|sonata|quartet|suite|allegro|andante)\b",
    "is_cover": r"\b(tribute|cover|in the style of|originally performed|made famous)\b",
    "is_christmas": r"\b(christmas|xmas|santa|noel|navidad|jingle|weihnacht\w*|holiday)\b",
}
_GUEST = r"\b(feat|ft|featuring)\b\.?|[\(\[]with "
_SEPARATORS = r", | & | x | vs\.? | and | feat\.? | ft\.? "


def _contains(column: pl.Expr, pattern: str) -> pl.Expr:
    return column.str.contains(pattern).fill_null(False).cast(pl.Float32)


def canonical(column: pl.Expr) -> pl.Expr:
    """Reduce a name to what two spellings of it share: lower case, no remarks, letters and digits only.

    Where nothing would be left, remarks stay ("(What's the Story) Morning Glory?"), then signs too ("!!!").
    """
    lower = column.str.to_lowercase().str.strip_chars()
    steps = [_letters_and_digits(lower.str.replace_all(_REMARK, "")), _letters_and_digits(lower), lower]
    return pl.coalesce(pl.when(step != "").then(step) for step in steps)


def _letters_and_digits(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()


def title_expressions() -> list[pl.Expr]:
    """Build one expression a title or album feature, over `track_name`, `album_name` and `artist_name`."""
    raw = pl.col("track_name")
    title = raw.str.to_lowercase()
    remark = title.str.extract(f"({_REMARK})", 1)
    album = pl.col("album_name").str.to_lowercase()
    is_same = canonical(raw) == canonical(pl.col("album_name"))
    artists = pl.col("artist_name").str.to_lowercase().str.count_matches(_SEPARATORS).fill_null(0)
    guests = _contains(title, _GUEST)
    has_letters = raw.str.contains(r"\p{L}").fill_null(False)
    return [
        *[_contains(remark, pattern).alias(name) for name, pattern in _IN_REMARK.items()],
        *[_contains(title, pattern).alias(name) for name, pattern in _ANYWHERE.items()],
        _contains(title, r"[\(\[]").alias("has_brackets"),
        _contains(title, r"\s[-–—]\s").alias("has_dash"),
        guests.alias("has_guest"),
        ((raw == title) & has_letters).fill_null(False).cast(pl.Float32).alias("is_lower_case"),
        ((raw == raw.str.to_uppercase()) & has_letters).fill_null(False).cast(pl.Float32).alias("is_upper_case"),
        _contains(raw, r"[^\x00-\x7F]").alias("is_not_ascii"),
        raw.str.len_chars().cast(pl.Float32).alias("title_length"),
        (raw.str.count_matches(r"\s+") + 1).cast(pl.Float32).alias("n_title_words"),
        (1 + artists + guests).cast(pl.Float32).alias("n_artists"),
        is_same.fill_null(False).cast(pl.Float32).alias("is_title_track"),
        _contains(
            album, r"\b(best of|greatest hits|hits|collection|anthology|essential|very best|gold|top \d+)\b"
        ).alias("is_compilation"),
        _contains(album, r"soundtrack|motion picture|original score|\bcast\b|\bost\b").alias("is_soundtrack"),
        pl.max_horizontal(
            _contains(album, r"deluxe|expanded|bonus|anniversary|edition"), _contains(title, r"\b(bonus|deluxe)\b")
        ).alias("is_deluxe"),
    ]
