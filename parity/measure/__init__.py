"""Measuring: how far apart, in arrays and in decisions. Arrays in, records out; nothing here reads or prints."""
