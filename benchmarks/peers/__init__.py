"""The false passes of docs/false-passes.md, put to other tools as arrays and as modules, each tool with its own defaults; and to parity.

    python -m venv peers && peers/bin/pip install -r requirements.txt polygraphy pytest-torch
    peers/bin/python -m benchmarks.peers            who is fooled, as a table
    peers/bin/python -m benchmarks.peers.speed      CPU time: the kernel against Polygraphy's comparison

A tool that is not installed is a column that says so. Not part of the tests: the tools are no dependency of this project.
"""
