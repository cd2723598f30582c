"""Populations: the runs that may be averaged, and which runs may not."""
