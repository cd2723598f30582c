"""Runs: which runs are requested, where they are made, and what each returned."""
