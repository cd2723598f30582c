"""An upgrade audit: the same weights in two interpreters, whose question is what the user's own call does in each.

parity runs both sides alike by default (float32, truncation). That would hide what an upgrade changes by itself, such as the dtype that a
library loads weights in: so such a pair is run as its libraries would.
"""

from __future__ import annotations

from parity.records.pair import Pair
from parity.session.session import Session
from parity.subjects.progress import OnProgress, Progress

__all__ = ["run_as_library"]

_OPTION, _LIBRARY = "as", "library"


def run_as_library(sides: Pair[Session], progress: OnProgress) -> bool:
    """Whether the pair is an upgrade audit; if so both sides are loaded anew as their libraries would, where that is not so already.

    It is one where both sides have the same scheme, equal weights and interpreters with other versions, and neither gives the option `as`.
    """
    if not _is_upgrade(sides):
        return False
    if any(
        item.by == "parity" and item.value != item.library for side in sides for item in side.described.chosen
    ):
        progress(Progress("loading both sides as their libraries do"))
        for side in sides:
            side.reopen((_OPTION, _LIBRARY))
        for side in sides:
            side.wait()
    return True


def _is_upgrade(sides: Pair[Session]) -> bool:
    here, there = sides
    digest = here.described.weights_digest
    return (
        here.subject.scheme == there.subject.scheme
        and here.described.versions != there.described.versions
        and digest is not None
        and digest == there.described.weights_digest
        and all(any(option.takes(_OPTION) for option in side.adapter.options) for side in sides)
        and not any(side.subject.option(_OPTION) for side in sides)
    )
