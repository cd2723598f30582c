"""All causes that are known here: those of parity, then those that other packages register under the entry points `parity.causes`."""

from __future__ import annotations

from functools import cache
from typing import cast

from parity.causes import CAUSES
from parity.causes.cause import Cause
from parity.subjects.registry import Group, with_registered

__all__ = ["all_causes"]

_GROUP = Group("parity.causes", "cause", "causes")


@cache
def all_causes() -> tuple[Cause, ...]:
    """Every cause in the order in which equals are reported; raises NameTaken where two have one name.

    An entry point names a class of causes; it is imported when the first comparison ends.
    """
    return with_registered(_GROUP, CAUSES, lambda cause: cause.NAME, lambda kind: cast("type[Cause]", kind)())
