"""Measured, never tested: seconds, rows a second and peak memory of the steps of a night."""
