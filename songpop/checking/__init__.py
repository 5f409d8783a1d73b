"""Checks: expectation suites and SQL checks, their findings, and Data Docs."""
