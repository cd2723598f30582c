"""A comparison: everything measured of a pair, from which its audit is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from parity.align.plan import Plan
from parity.border.description import Description
from parity.measure.noise import Floors
from parity.pair_audit.ledgers import Ledgers
from parity.pair_audit.sample import NoiseSample
from parity.records.after import AfterResult
from parity.records.inputs import InputsRecord
from parity.records.pair import Pair
from parity.records.pairing import StagePairing
from parity.records.parameters import Parameters
from parity.records.passes import PassRecord
from parity.records.policy import PolicyRecord
from parity.records.provenance import Provenance
from parity.records.subject import SubjectRecord

__all__ = ["Comparison"]


class Comparison(NamedTuple):
    """What a pair was run with and what it showed; nothing is run any more, and nothing is judged yet.

    `parameters` is how the weights of both compare, `pairing` which stage is which (None: not found out). `upgrade`: the same weights in two interpreters, each
    run as its library does.
    """

    described: Pair[Description]
    records: Pair[SubjectRecord]
    plan: Plan
    sample: NoiseSample
    ledgers: Ledgers
    floors: Floors
    policy: PolicyRecord
    inputs: InputsRecord
    passes: Sequence[PassRecord]
    provenance: Provenance
    command: str
    after: AfterResult = AfterResult()
    parameters: Parameters | None = None
    pairing: StagePairing | None = None
    upgrade: bool = False
