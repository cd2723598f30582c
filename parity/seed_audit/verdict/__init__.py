"""Verdicts over runs: stable, equivalent, different, and how many runs would settle it."""
