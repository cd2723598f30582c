"""Faults put into the product on purpose, one at a time, and the tests that must notice each: `python -m tools.mutants`."""
