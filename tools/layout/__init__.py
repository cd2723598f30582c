"""The layout measured: how many packages there are, who imports whom, and which files or names break a house rule.

    python -m tools.layout [--list] [--json] [--fail] [--root PATH]

Everything is read from the sources of one tree (nothing is imported), so that any commit can be measured:
`measure(root)` returns a `Measures` record, one `Measure` for each rule with its goal and all places found.

What is counted:

* a *package* is a folder or a module directly in `parity/` (its subfolders belong to it, `__init__.py` and `__main__.py` of
  `parity/` are none), or a folder directly in `adapters/`. `reports/` is not counted: it is met by entry point;
* an *import* is a pair of packages of which one imports the other, by any import statement (lazy ones and those for types too);
* an *upward* import breaks the table in `levels.py`; a package that the table does not have is *unplaced*;
* a *circle* is a set of packages that reach one another.

Each other measure says in its module how it counts.
"""

from __future__ import annotations

from tools.layout.measures import Measure, Measures, measure

__all__ = ["Measure", "Measures", "measure"]
