"""Formats: blocks in, text out."""
