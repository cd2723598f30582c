"""The sections of a seed audit's report."""
