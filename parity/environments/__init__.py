"""Environments: the interpreters that have a framework, found, named by the user, or built and kept."""
