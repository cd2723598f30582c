"""The pairing of a comparison: stages that are joined get one name on both sides, and what a map changes of it is reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from parity.align.module_pairs import KnownPairs
from parity.align.pair_map import PairMap
from parity.align.parameters import Pairing, pair_parameters
from parity.align.plan import Plan, plan_of
from parity.align.stage_joins import StageJoin, joined_stages
from parity.align.stage_pairs import why_paired
from parity.border.description import Description
from parity.border.stage_names import StageNames
from parity.pair_audit.parameters import Compared, compare_parameters
from parity.records.pair import Pair
from parity.records.pairing import StagePair, StagePairing
from parity.session.session import Session

__all__ = ["Mapped", "name_stages"]


def name_stages(candidate: Session, joins: Sequence[StageJoin]) -> None:
    """Give the joined stages of the candidate the reference's names."""
    offered = [seen.name for seen in candidate.described.stages]
    candidate.runner.names = StageNames.joined({one.candidate: one.reference for one in joins}, offered)


class Mapped(NamedTuple):
    """Both sides under the names of the comparison; `pairs` is the map, in the file `named` (None: there is none). `joins` are the stages of unlike names."""

    described: Pair[Description]
    pairs: PairMap | None
    named: str
    overrides: list[str]
    joins: Sequence[StageJoin] = ()

    @classmethod
    def of(cls, sides: Pair[Session], pairs: PairMap | None, named: str, *, words: bool) -> Mapped:
        """Join the stages that the map joins, or without one those that are one another's by what they are; raises MapDoesNotFit where it does not fit these sides."""
        found = Pair(*(side.described for side in sides))
        pairing = pair_parameters(found)
        joins, overrides = joined_stages(found, pairing), list[str]()
        if pairs is not None:
            pairs.check(found, named)
            overrides = pairs.overrides(plan_of(found, words=words), joins, pairing)
            joins = [StageJoin(*one, "the map") for one in pairs.joined()]
        name_stages(sides.candidate, joins)
        return cls(Pair(*(side.described for side in sides)), pairs, named, overrides, joins)

    def plan(self, *, words: bool) -> Plan:
        """What will be compared."""
        plan = plan_of(self.described, words=words)
        return plan if self.pairs is None else self.pairs.planned(plan)

    def parameters(self, sides: Pair[Session], ended: str) -> Compared:
        """The parameters compared, as the map pairs them where there is one; `ended` says how the process of a side ended."""
        if self.pairs is None:
            return compare_parameters(sides, ended)
        return compare_parameters(sides, ended, self.pairs.pairs(), self.pairs.fused(self.described))

    def known(self, pairing: Pairing) -> KnownPairs:
        """What is known of which parameter and which module is which."""
        return KnownPairs.of(pairing, None if self.pairs is None else self.pairs.modules())

    def record(self, sides: Pair[Session], plan: Plan, pairing: Pairing) -> StagePairing:
        """Every stage that was compared with its reason, and what the map changed."""
        names = sides.candidate.runner.names
        stages = [
            StagePair(
                reference=name,
                candidate=names.runners(name),
                by=why_paired(name, self.described, pairing, self.joins),
            )
            for name in plan.stages
        ]
        return StagePairing(stages=stages, map=self.named, overrides=self.overrides)
