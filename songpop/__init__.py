"""Nightly popularity scores for new Spotify releases, in a DuckDB warehouse."""

__version__ = "0.1.0"
