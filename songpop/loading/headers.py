"""Read a file's header as its owner meant it: which of its names is which declared column, by `header_names`."""

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from songpop.audio_features import AUDIO_FEATURES
from songpop.errors import SettingsError, SourceError
from songpop.loading.header_names import ALIASES, LAYOUTS, ONLY_IN, UNUSED, WEAK, Layout
from songpop.loading.input_schemas import ENTITIES, Entity

_SHOWN_COLUMNS = 25
# as alike as 'Artista' and 'artist'; less alike are other things ('artist_id' and 'artist_name')
_NEAR = 0.86
# pandas' names for an index column; in the Kaggle file it leaks the label
_INDEX_NAME = re.compile(r"(Unnamed: \d+(\.\d+)?)?|__index_level_\d+__")
_BRACKETS = re.compile(r"[(\[{]([^)\]}]*)[)\]}]")
# what a bracket says of the unit, and the plural of 'Artist Name(s)'; milliseconds stay, as the declared name has them
_UNITS = frozenset({"s", "sec", "secs", "seconds", "min", "mmss", "db", "dbfs", "bpm", "percent", "", "01", "0100"})
_BY_HAND, _EXACT, _FOLDED, _LAYOUT, _ALIAS = range(5)
_MANY_FEATURES = 3


@dataclass(frozen=True)
class Reading:
    """What a header means for one sort of input file.

    Attributes:
        names: for each column of the file the declared column that it is, or its own name where it is none.
        taken: header name and declared column, where they are not the same; in the file's order.
        weak: declared ids that were read from a name that says too little (id, url) to be believed unseen.
        needed: the declared columns that a header must have.
        layout: the well-known layout of the file, None where it has none.
        by_hand: the declared columns that `--columns` gave.
    """

    names: tuple[str, ...]
    taken: tuple[tuple[str, str], ...] = ()
    weak: frozenset[str] = field(default_factory=frozenset)
    needed: tuple[str, ...] = ()
    layout: str | None = None
    by_hand: frozenset[str] = field(default_factory=frozenset)


@cache
def fold(name: str) -> str:
    """Fold case, width, blanks, punctuation and a unit in brackets out of a header's name."""
    text = _fold_case(name)
    bare = _BRACKETS.sub(lambda match: " " if _letters(match[1]) in _UNITS else match[0], text)
    return _letters(bare) or _letters(text)


def is_index_name(name: str) -> bool:
    """Tell whether a header name is that of an unnamed or index column, which is never kept."""
    return _INDEX_NAME.fullmatch(name.strip()) is not None


def read_header(
    file: object, header: Sequence[str], entity: Entity, by_hand: Mapping[str, str] | None = None
) -> Reading:
    """Find the declared columns of an entity in a header.

    Args:
        file: what messages call the file.
        header: the names as they stand in the file.
        entity: what the file should be.
        by_hand: declared column to header name, as `--columns` gives them; those of other files are passed over.

    Raises:
        SourceError: needed columns are missing, a name is there twice, two names could be the same column, or it is
            another entity's file. The message names every name that was perhaps meant.
    """
    chosen, ambiguous = _choose(header, entity, by_hand or {})
    if ambiguous:
        raise SourceError(_explain_ambiguous(file, header, ambiguous))
    reading = _as_reading(header, entity, chosen)
    _refuse_repeated(file, reading)
    missing = missing_columns(reading.names, entity)
    foreign = _foreign_names(header, entity, chosen)
    if missing or foreign:
        raise SourceError(_explain(file, header, entity, reading, missing, foreign))
    return reading


def fits(header: Sequence[str], entity: Entity, by_hand: Mapping[str, str] | None = None) -> bool:
    """Tell whether a line is a header that has what an entity needs."""
    chosen, _ = _choose(header, entity, by_hand or {})
    return not missing_columns([name for name, _ in chosen.values()], entity)


def count_known(header: Sequence[str], entity: Entity) -> int:
    """Return how many names of a line are those of declared columns."""
    return len(_choose(header, entity, {})[0])


def missing_columns(names: Sequence[str], entity: Entity) -> list[str]:
    """Return what an entity needs and a header has not; one of several as one text."""
    missing = [name for name in entity.needed if name not in names]
    if entity.one_of and not set(entity.one_of).intersection(names):
        missing.append(" or ".join(entity.one_of))
    return missing


def find_near(name: str, wanted: Sequence[str]) -> str | None:
    """Return the declared column, among those that are wanted, that an unknown name was perhaps meant as."""
    folded = fold(name)
    if not folded or folded in UNUSED:
        return None
    known = {text: column for column in wanted for text in (fold(column), *_aliases(column))}
    near = difflib.get_close_matches(folded, known, 1, _NEAR)
    return known[near[0]] if near else None


def find_layout(header: Sequence[str]) -> Layout | None:
    """Return the well-known layout that a header is of: the one that says most of it."""
    present = {fold(name) for name in header}
    found = [layout for layout in LAYOUTS if present.issuperset(layout.marks)]
    return max(found, key=lambda layout: len(layout.marks), default=None)


def find_misplaced(header: Sequence[str], entity: Entity) -> Entity | None:
    """Return the entity that a header looks like, where it is another than the one it was passed as."""
    counts = {}
    for other in ENTITIES.values():
        chosen, _ = _choose(header, other, {})
        names = {name for name, _ in chosen.values()}
        if (
            other is not entity
            and not missing_columns(list(names), other)
            and not _foreign_names(header, other, chosen)
        ):
            counts[other.name] = len(names)
    return ENTITIES[max(counts, key=lambda name: counts[name])] if counts else None


def check_by_hand(by_hand: Mapping[str, str]) -> None:
    """Look whether `--columns` names declared columns.

    Raises:
        SettingsError: a name is not declared; the message has the near ones.
    """
    declared = sorted({name for entity in ENTITIES.values() for name in entity.names})
    for name in by_hand:
        if name not in declared:
            near = difflib.get_close_matches(name.strip().casefold().replace(" ", "_"), declared, 3)
            raise SettingsError(
                f"--columns NAME=HEADER must name a declared column first, however there is no '{name}'. "
                + (f"Near it are {', '.join(near)}." if near else f"They are {', '.join(declared)}.")
            )


def refuse_unfound(by_hand: Mapping[str, str], headers: Mapping[str, tuple[Entity, Sequence[str]]]) -> None:
    """Look whether every pair of `--columns` finds its place in one of the files.

    Args:
        by_hand: declared column to header name.
        headers: what messages call a file, to its entity and header.

    Raises:
        SourceError: no file has such a header, or those that have it have no such column.
    """
    for name, wanted in by_hand.items():
        homes = {file: header for file, (entity, header) in headers.items() if name in entity.names}
        if not homes:
            sorts = " or ".join(dict.fromkeys(entity.name for entity, _ in headers.values()))
            raise SourceError(
                f"--columns {name}={wanted} must name a column of {sorts} files, however they have none such."
            )
        if all(_find_by_hand(header, wanted) is None for header in homes.values()):
            file, header = next(iter(homes.items()))
            near = difflib.get_close_matches(wanted, header, 3) or [text for text in header if not is_index_name(text)]
            shown = ", ".join(map(repr, near[:_SHOWN_COLUMNS]))
            raise SourceError(
                f"--columns {name}={wanted} must name a column of {file}, however its header has {shown}."
            )


def describe(taken: Sequence[tuple[str, str]]) -> str:
    """Say in words what was read under another name: "'Track Name' as track_name, ..."."""
    return ", ".join(f"'{name}' as {column}" for name, column in taken)


def describe_unknown(unknown: Sequence[str], present: Collection[str], entity: Entity, most: int | None = None) -> str:
    """Name the columns that are none of the entity's, each with the one that it was perhaps meant as.

    Args:
        unknown: the names.
        present: the declared columns that the file has; none of these is meant.
        entity: what the file is.
        most: so many are named, and the rest counted.
    """
    free = [name for name in entity.names if name not in present]
    shown = []
    for name in unknown[:most]:
        near = find_near(name, free)
        shown.append(f"'{name}'{f' (did you mean {near}?)' if near else ''}")
    more = f" and {len(unknown) - most} more" if most is not None and len(unknown) > most else ""
    return ", ".join(shown) + more


def is_unused(name: str, entity: Entity) -> bool:
    """Tell whether an unknown name is known to be of no use; a list of tracks tells more than its albums."""
    columns = {column for column, _ in _ranks("tracks").get(fold(name), ())}
    of_no_use = {"releases": {"popularity"}, "albums": set(ENTITIES["tracks"].names)}
    return fold(name) in UNUSED or bool(columns.intersection(of_no_use.get(entity.name, ())))


def _fold_case(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _letters(text: str) -> str:
    """Return letters, digits and accents; what stood apart can come together by it."""
    kept = "".join(letter for letter in text if letter.isalnum() or unicodedata.category(letter).startswith("M"))
    return _fold_case(kept)


def _aliases(column: str) -> tuple[str, ...]:
    return tuple(name for group in ALIASES.get(column, ()) for name in group if name not in ONLY_IN.get(column, {}))


@cache
def _ranks(entity_name: str) -> dict[str, list[tuple[str, int]]]:
    """Return for each folded name the declared columns of an entity that it can be, each with how far it is from it."""
    ranks: dict[str, list[tuple[str, int]]] = {}
    for column in ENTITIES[entity_name].names:
        ranks.setdefault(fold(column), []).append((column, _FOLDED))
        for place, group in enumerate(ALIASES.get(column, ())):
            for name in group:
                if entity_name in ONLY_IN.get(column, {}).get(name, (entity_name,)):
                    ranks.setdefault(name, []).append((column, _ALIAS + place))
    return ranks


def _choose(
    header: Sequence[str], entity: Entity, by_hand: Mapping[str, str]
) -> tuple[dict[int, tuple[str, int]], dict[str, list[int]]]:
    """Return position to declared column and rank, and the columns for which two positions are as good.

    Each column takes the nearest of its names, the surest columns first, so that a name serves one column alone.
    """
    layout = find_layout(header)
    candidates: dict[str, list[tuple[int, int]]] = {}
    for position, name in enumerate(header):
        for column, rank in _columns_of(name, entity, layout):
            candidates.setdefault(column, []).append((rank, position))
    for column, wanted in by_hand.items():
        place = _find_by_hand(header, wanted)
        if column in entity.names and place is not None:
            candidates[column] = [(_BY_HAND, place)]
    if _is_of_tracks(header, entity):
        candidates.pop("artist_id", None)
    chosen: dict[int, tuple[str, int]] = {}
    ambiguous: dict[str, list[int]] = {}
    for column, found in sorted(candidates.items(), key=lambda item: min(item[1])):
        free = sorted((rank, position) for rank, position in found if position not in chosen)
        if not free:
            continue
        best = [position for rank, position in free if rank == free[0][0]]
        if len(best) > 1 and free[0][0] != _EXACT:
            ambiguous[column] = best
        for position in best:  # of one exact name that is there twice the caller tells
            chosen[position] = (column, free[0][0])
    return chosen, ambiguous


def _columns_of(name: str, entity: Entity, layout: Layout | None) -> list[tuple[str, int]]:
    if is_index_name(name):
        return []
    if name in entity.names:
        return [(name, _EXACT)]
    folded = fold(name)
    if layout and layout.names.get(folded) in entity.names:
        return [(layout.names[folded], _LAYOUT)]
    return _ranks(entity.name).get(folded, [])


def _find_by_hand(header: Sequence[str], wanted: str) -> int | None:
    """Return where a header has a name that was given by hand, exactly or else folded, where that is one place."""
    for same in (lambda name: name == wanted, lambda name: fold(name) == fold(wanted)):
        found = [position for position, name in enumerate(header) if same(name)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _is_of_tracks(header: Sequence[str], entity: Entity) -> bool:
    """Tell whether an `id` can't be an artist's: the file has the sound of songs."""
    if "artist_id" not in entity.names or "artist_id" in header:
        return False
    folded = {fold(name) for name in header}
    is_weak = not folded.intersection({fold("artist_id"), *_aliases("artist_id")})
    return is_weak and sum(fold(feature.name) in folded for feature in AUDIO_FEATURES) >= _MANY_FEATURES


def _as_reading(header: Sequence[str], entity: Entity, chosen: dict[int, tuple[str, int]]) -> Reading:
    taken_names = {column for column, _ in chosen.values()}
    names = []
    for position, name in enumerate(header):
        column = chosen[position][0] if position in chosen else name
        # a column that --columns put out of its own name stays under another
        names.append(f"{name} (of the file)" if position not in chosen and name in taken_names else column)
    layout = find_layout(header)
    taken = tuple((header[position], column) for position, (column, _) in sorted(chosen.items()))
    return Reading(
        tuple(names),
        tuple((name, column) for name, column in taken if name != column),
        frozenset(
            column
            for position, (column, rank) in chosen.items()
            if rank >= _ALIAS and column.endswith("_id") and fold(header[position]) in WEAK
        ),
        entity.needed,
        layout.name if layout else None,
        frozenset(column for column, rank in chosen.values() if rank == _BY_HAND),
    )


def _foreign_names(header: Sequence[str], entity: Entity, chosen: dict[int, tuple[str, int]]) -> list[str]:
    """Return what tells that a file is of another entity, under whatever name it stands."""
    found = []
    for wanted in entity.not_here:
        for position, name in enumerate(header):
            if position in chosen or is_index_name(name):
                continue
            columns = {column for column, _ in _ranks("tracks").get(fold(name), ())}
            if wanted in columns or fold(name) == fold(wanted):
                found.append(name)
                break
    return found


def _refuse_repeated(file: object, reading: Reading) -> None:
    named = [name for name in reading.names if not is_index_name(name)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise SourceError(
            f"A header must name each column once, however {file} has {', '.join(map(repr, twice))} more than "
            "once. Rename or drop one of them."
        )


def _explain_ambiguous(file: object, header: Sequence[str], ambiguous: dict[str, list[int]]) -> str:
    pairs = "; ".join(
        f"{' and '.join(repr(header[position]) for position in positions)} could each be {column}"
        for column, positions in ambiguous.items()
    )
    column, positions = next(iter(ambiguous.items()))
    return (
        f"A header must say which column is which, however in {file} {pairs}. Say which is meant, as in "
        f"--columns {column}={_shell_quoted(header[positions[0]])}, or drop the other."
    )


def _explain(
    file: object, header: Sequence[str], entity: Entity, reading: Reading, missing: list[str], foreign: list[str]
) -> str:
    named = [name for name in header if not is_index_name(name)]
    seen = ", ".join(map(repr, named[:_SHOWN_COLUMNS])) or "no names"
    if len(named) > _SHOWN_COLUMNS:
        seen += f" and {len(named) - _SHOWN_COLUMNS} more"
    lack = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    problem = lack if missing else f"there is {', '.join(foreign)}"
    one_of = f" and one of {', '.join(entity.one_of)}" if entity.one_of else ""
    wanted = "have the columns " + ", ".join(entity.needed) + one_of
    if not missing:
        wanted = f"have no {' or '.join(entity.not_here)}"
    return (
        f"{_article(entity.name).capitalize()} file must {wanted}, however in {file} {problem}; seen: {seen}. "
        f"{_advise(header, entity, reading, missing)}"
    )


def _advise(header: Sequence[str], entity: Entity, reading: Reading, missing: list[str]) -> str:
    if other := find_misplaced(header, entity):
        return f"This looks like {_article(other.name)} file; pass it with --{other.name}."
    wanted = [name for name in entity.names if name in missing]
    unread = [name for name in reading.names if name not in entity.names and not is_index_name(name)]
    near = [(name, column) for name in unread if (column := find_near(name, wanted))]
    if near:
        pairs = " ".join(f"--columns {column}={_shell_quoted(name)}" for name, column in near)
        return f"If they are meant, pass {pairs}."
    return (
        "Check that it is the file you meant; docs/understood.md lists the names that are understood, and --columns "
        "NAME=HEADER says of any other which column it is."
    )


def _article(entity: str) -> str:
    return f"{'an' if entity[0] in 'aeiou' else 'a'} {entity}"


def _shell_quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else "'" + name.replace("'", "'\\''") + "'"
