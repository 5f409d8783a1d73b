"""The closing tables of a run of enrichment, for a person."""

from songpop import console
from songpop.enriching.summary import EnrichResult


def show_result(result: EnrichResult) -> None:
    """Show what was asked and what came, and the calls by bucket."""
    if result.asked:
        console.table(
            "Asked",
            ["what", "wanted", "answered", "found", "ambiguous", "missing", "from cache"],
            [
                [row.what, row.n_wanted, row.n_asked, row.n_found, row.n_ambiguous, row.n_missing, row.n_from_cache]
                for row in result.asked
            ],
        )
    if result.buckets:
        console.table(
            "Calls",
            ["service", "bucket", "calls", "left in 24 h", "next call"],
            [
                [
                    use.service,
                    use.bucket,
                    use.n_calls,
                    "no limit" if use.calls_left is None else f"{use.calls_left:,}",
                    "now" if use.next_call_at is None else f"{use.next_call_at:%Y-%m-%d %H:%M} UTC",
                ]
                for use in result.buckets
            ],
        )
    if result.n_forgotten:
        console.say(f"{result.n_forgotten:,} answers had expired and were deleted.")
