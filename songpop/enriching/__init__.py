"""Enrichment: ask the services that are turned on for what the files did not tell, and keep every answer.

enrich: who is asked for what, in which order; store: answers into raw; call_log: what is remembered of the services;
scale_mappings: another source's scale beside ours; summary: what came of it; print_summary: that, for a person;
planning: what a run would ask; probing: what a key may do; purging: forgetting.
"""

from songpop.enriching.enrich import enrich
from songpop.enriching.summary import EnrichResult

__all__ = ["EnrichResult", "enrich"]
