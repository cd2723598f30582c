"""Passes: the ways of running both sides so that their stages can be compared."""
