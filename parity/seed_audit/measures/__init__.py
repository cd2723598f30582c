"""Measures over runs. Arrays in, records out."""
