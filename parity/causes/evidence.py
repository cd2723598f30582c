"""The evidence of one comparison: all that was observed, from which causes are suspected and notices are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from parity.align.labels import LabelAlignment
from parity.border.breakdown import Breakdown
from parity.border.description import Description
from parity.measure.relations import Relation
from parity.measure.spans import AnswersSeen
from parity.records.after import AfterResult
from parity.records.decisions import Decisions
from parity.records.embeddings import Embeddings
from parity.records.inputs import InputsRecord
from parity.records.pair import Pair
from parity.records.parameters import Parameters
from parity.records.policy import PolicyRecord
from parity.records.stage import FirstDivergence, NotCompared, StageRecord
from parity.records.targets import Targets
from parity.records.tokens import Tokens

__all__ = ["Evidence", "Feeds", "InputsSeen", "Lost", "Outputs", "TokensSeen", "WordsSeen"]


class InputsSeen(NamedTuple):
    """The inputs, and how their labels were used: `unknown` are the first ones that are not a class, `numbered` counts those that
    were read as a class's number. `unscored` says why decisions are not held against labels, empty where they are."""

    record: InputsRecord
    unknown: Sequence[str] = ()
    numbered: int = 0
    unscored: str = ""


class TokensSeen(NamedTuple):
    """How the encodings compare; `text_changes` counts the rows whose normalised texts differ, by the rule that makes them equal,
    `unknown` those in which a word is the unknown token on this side and not on the other, `cut` those that a side truncated."""

    record: Tokens
    text_changes: Mapping[str, int] = {}
    unknown: Pair[int] = Pair(0, 0)
    cut: Pair[int] = Pair(0, 0)


class Feeds(NamedTuple):
    """What was fed beside the ids; `mask_missing` counts, by side, the padded rows in which padding was attended to."""

    mask_missing: Mapping[str, int] = {}


class WordsSeen(NamedTuple):
    """The words that were decided on both sides: those of one piece and those of several, and how many of each differ."""

    single: int = 0
    single_differing: int = 0
    several: int = 0
    several_differing: int = 0


class Outputs(NamedTuple):
    """How the logits stand to each other: their classes, how they are the same numbers after all (`relation`, if they are), and
    whether no other order of their columns is nearer (`columns_fit`); `answers` counts the different classes that each side predicts,
    and `spans` are what start and end logits showed."""

    classes: LabelAlignment | None = None
    relation: Relation | None = None
    columns_fit: bool = False
    answers: Pair[int] | None = None
    words: WordsSeen = WordsSeen()
    spans: AnswersSeen = AnswersSeen()

    def related(self, first: FirstDivergence | None) -> Relation | None:
        """The relation, where it explains the first divergence: one at the logits or after them."""
        return self.relation if first is not None and first.stage in ("logits", "probabilities") else None


class Lost(NamedTuple):
    """What was not compared, and the sides whose own forwards failed."""

    not_compared: Sequence[NotCompared] = ()
    breakdowns: Sequence[Breakdown] = ()


class Evidence(NamedTuple):
    """All that one comparison saw; `parameters` is how the weights of both compare (None: not found out).

    `upgrade`: the same weights in two interpreters, each run as its library does.
    """

    described: Pair[Description]
    policy: PolicyRecord
    inputs: InputsSeen
    tokens: TokensSeen
    feeds: Feeds
    stages: Sequence[StageRecord]
    first: FirstDivergence | None
    decisions: Decisions | None
    outputs: Outputs
    lost: Lost
    after: AfterResult = AfterResult()
    parameters: Parameters | None = None
    upgrade: bool = False
    embeddings: Embeddings | None = None
    targets: Targets | None = None

    @property
    def severity(self) -> Literal["divergent", "notice"]:
        """The severity of what explains anything that differs: "notice" where nothing does."""
        return "notice" if self.first is None else "divergent"

    @property
    def start(self) -> StageRecord | FirstDivergence | None:
        """Where what is to be explained begins: the first divergence, else the first stage that only a limit permits."""
        if self.first is not None:
            return self.first
        return next(
            (record for record in self.stages if record.status == "within_limit" and not record.ignored), None
        )

    @property
    def sides(self) -> Iterator[tuple[str, Description]]:
        """Both descriptions with their names."""
        yield from zip(Pair._fields, self.described, strict=True)
