"""The lock on behaviour: what the command line gives for a fixed list of cases, recorded from one tree and compared with another.

    python -m tools.lock record OUT             runs every case with this tree and keeps what it wrote and printed
    python -m tools.lock diff BEFORE AFTER      compares two such folders, after normalising what changes from run to run
    python -m tools.lock against REF            records a commit and this tree in one sitting, and compares them

A case is a list of command lines (`cases.py`) on inputs that are built here (`inputs.py`, `models.py`). It does not import `parity`:
each tree runs in processes of an environment that finds this tree only (`tree.py`). A difference that is intended is listed in
`expected.toml`. Numbers are compared exactly, so both sides must be recorded on the same machine, with the same libraries.
"""
