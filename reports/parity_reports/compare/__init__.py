"""The sections of a pair's report."""
