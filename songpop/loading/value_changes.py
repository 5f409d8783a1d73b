"""What was read otherwise than it was written in one file, and the words and findings that tell of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from songpop.findings import MAX_EXAMPLES, Finding
from songpop.loading.value_rules import RULES

SHOWN = 3  # examples of one rule
_SHOWN_LENGTH = 60  # characters of one


@dataclass(frozen=True)
class Change:
    """What one rule did to one column of a file.

    Attributes:
        rule: as in `value_rules`.
        n_cells: how many values it did it to.
        examples: some of them, each with what it is read as; the same text where it is left as written.
        what: which values those are, in words; "" for those that are only of another form.
    """

    rule: str
    column: str
    n_cells: int
    examples: tuple[tuple[str, str | None], ...] = ()
    what: str = ""


@dataclass(frozen=True)
class Changes:
    """All that was read otherwise than it was written in one file."""

    changes: tuple[Change, ...] = field(default_factory=tuple)

    def findings(self, file_name: str, table: str | None = None) -> list[Finding]:
        """Return one finding a rule, in the order of the rules."""
        found = []
        for rule in RULES:
            changes = [change for change in self.changes if change.rule == rule.name]
            if changes:
                found.append(
                    Finding(
                        rule.name,
                        rule.severity,
                        f"{rule.rule}, however in {file_name} {_describe(changes)}. {rule.told}",
                        table_name=table,
                        column_name=changes[0].column if len(changes) == 1 else None,
                        n_rows=sum(change.n_cells for change in changes),
                        example_keys=tuple(_show(*pair) for one in changes for pair in one.examples)[:MAX_EXAMPLES],
                    )
                )
        return found

    def sentences(self, file_name: str) -> tuple[str, ...]:
        """Return what to tell a person, a text a rule."""
        return tuple(finding.message for finding in self.findings(file_name))


def _describe(changes: Sequence[Change]) -> str:
    """Say of each column how many values of which sort it has, with three examples in all."""
    groups: dict[tuple[int, str], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.n_cells, change.what), []).append(change)
    parts = []
    n_left = SHOWN
    for number, ((n_cells, what), alike) in enumerate(groups.items()):
        most = max(n_left - (len(groups) - number - 1), min(n_left, 1))
        # one of each column before two of one
        examples = [pair for nth in range(SHOWN) for one in alike for pair in one.examples[nth : nth + 1]]
        shown = list(dict.fromkeys(_show(*pair) for pair in examples))[:most]
        n_left -= len(shown)
        names = [one.column for one in alike]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        verb, each = ("has", "") if len(names) == 1 else ("have", " each")
        words = what or "values of another form"
        words = (
            words.replace("values", "value", 1).replace("titles that are", "title that is") if n_cells == 1 else words
        )
        some = f" ({', '.join(shown)})" if shown else ""
        parts.append(f"{listed} {verb} {n_cells:,} {words}{each}{some}")
    return "; ".join(parts)


def _show(written: str, read: str | None) -> str:
    short = written if len(written) <= _SHOWN_LENGTH else written[: _SHOWN_LENGTH - 1] + "…"
    if written == read:
        return f"'{short}'"
    return f"'{short}' → {_quoted(read)}"


def _quoted(read: str | None) -> str:
    return "blank" if read is None else f"'{read}'"
