"""Enrichment: ask the services that are turned on for what the files did not tell, and keep every answer.

gathering: who is asked for what, in which order; store: answers into raw; call_log: what is remembered of the
services; scales: another source's scale beside ours; summary: what came of it; showing: that, for a person;
planning: what a run would ask; probing: what a key may do; purging: forgetting.
"""

from songpop.enriching.enrich import enrich
from songpop.enriching.store import KEEP_DAYS
from songpop.enriching.summary import EnrichResult

__all__ = ["KEEP_DAYS", "EnrichResult", "enrich"]
