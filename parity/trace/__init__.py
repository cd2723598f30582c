"""Traces: the values of one subject at every stage for one set of inputs, written to a folder and read again."""
