"""The levels: which package may import which.

A package imports lower levels only: an import upwards or sideways (within one level) is a fault. The table is edited here, and
nowhere else, when a package is added. Adapters and reports are separate: `may_import` states what they may import.
"""

from __future__ import annotations

from tools.layout.tree import API

__all__ = ["LEVELS", "level_of", "may_import"]

LEVELS = (
    ("errors", "statistics", "stages"),
    ("records", "environments"),
    ("subjects", "measure"),
    ("metrics", "inputs"),
    ("border", "training"),
    ("tasks",),
    ("align",),
    ("session", "causes"),
    ("passes", "trace", "seed_audit"),
    ("pair_audit", "repairs"),
    ("api",),
    (API,),
    ("cli", "pytest_plugin"),
)
_FOREIGN = "_in_process"  # run in another interpreter: imports nothing of parity, and may be read by anyone
_FOR_ADAPTERS = frozenset(
    {_FOREIGN, "errors", "environments", "subjects", "training"}
)  # of _FOREIGN types alone
_APART = frozenset({("pair_audit", "seed_audit")})  # allowed by their levels alone
_LEVEL = {name: number for number, names in enumerate(LEVELS, start=1) for name in names}


def level_of(package: str) -> int | None:
    """The level of a package of `parity/`, None where the table does not have it; `_in_process` is below all."""
    return 0 if package == _FOREIGN else _LEVEL.get(package)


def may_import(source_root: str, importer: str, target_root: str, target: str) -> bool:
    """Whether a package may import another one; what the table does not have is not judged."""
    if target_root != "parity":
        return False  # adapters and reports are met by entry point
    if source_root == "adapters":
        return target in _FOR_ADAPTERS or level_of(target) is None
    there = level_of(target)
    if there is None:
        return True
    if source_root == "reports":
        return target != _FOREIGN and there <= _LEVEL["records"]
    here = level_of(importer)
    return here is None or (there < here and (importer, target) not in _APART)
