"""Inputs: the examples that both sides are given, read from files repeatedly and never kept."""
