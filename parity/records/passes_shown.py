"""The passes that a report shows, in their order; those of records that list none are known all the same."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.audit import Audit
from parity.records.passes import PassRecord

__all__ = ["PassesShown", "passes_shown"]

_OWN = PassRecord(
    name="own",
    title="own ids",
    sentence="each side on its own ids",
    note="each side on its own encoding",
    phase="sweep",
    feed="own",
)
_SHARED = PassRecord(
    name="",
    title="same ids",
    sentence="the candidate on the reference's ids",
    note="the candidate on the reference's ids, mask, types and positions, so that what differs is the model's",
    phase="sweep",
    feed="shared",
)


class PassesShown:
    """The passes that run on all rows; the titles of any."""

    def __init__(self, passes: list[PassRecord]) -> None:
        self.all = tuple(one for one in passes if one.phase == "sweep")
        self._known = {one.name: one for one in passes}

    def title(self, name: str) -> str:
        """What heads the column of a pass; a pass that is not known is called what it is called."""
        known = self._known.get(name)
        return name if known is None else known.title

    def sentence(self, name: str) -> str:
        """What was run in a pass."""
        known = self._known.get(name)
        return name if known is None else known.sentence

    def shared(self, name: str) -> bool:
        """Whether a pass feeds both sides the same."""
        known = self._known.get(name)
        return known is not None and known.feed == "shared"


def passes_shown(audit: Audit) -> PassesShown:
    """The passes of an audit. Earlier records list none: they have two, and the first feeds each side its own ids."""
    if audit.passes:
        return PassesShown(audit.passes)
    other = next((name for name in _named(audit) if name != _OWN.name), _SHARED.name)
    shared = PassRecord(
        name=other,
        title=_SHARED.title,
        sentence=_SHARED.sentence,
        note=_SHARED.note,
        phase=_SHARED.phase,
        feed=_SHARED.feed,
    )
    return PassesShown([_OWN, shared])


def _named(audit: Audit) -> Iterator[str]:
    """Every pass that a record names."""
    yield from (record.pass_ for record in audit.stages)
    yield from (item.pass_ for item in audit.not_compared if item.pass_ is not None)
    if audit.first_divergence is not None:
        yield audit.first_divergence.pass_
    if audit.seed_scale is not None:
        yield from (item.pass_ for item in audit.seed_scale.stages)
