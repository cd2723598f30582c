"""The page of false passes, docs/false-passes.md: pairs that other checks call equal, and what parity reported of each in a run of their tests.

`python -m tools.false_passes` runs the tests marked `false_pass` and writes the page from what they left in JUnit XML.
"""
