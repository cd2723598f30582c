"""Subjects: what is run, how it is written, and the adapters that declare how subjects of a scheme are run."""
