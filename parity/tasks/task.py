"""What a task is: which inputs it reads, which outputs there are, what is derived from them, and how and per what they decide.

One file holds one task, which says what is different from the plain one below. A task decides by rules that are objects
(`parity.measure.decision_rule`, `parity.measure.activation`): one of another package brings its own. Nothing in parity branches on
the name of a task: whoever would need it asks the task.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from parity.measure.activation import Activation
from parity.measure.decision_rule import DecisionRule
from parity.measure.language import Target
from parity.metrics.metric import Counted, Metric

__all__ = ["Column", "Decided", "Described", "Per", "Task"]

Column = Literal["text", "text_pair", "label", "words", "tags", "choices", "target"]
Per = Literal["input", "token", "word"]
Decided = Literal["text", "all", "mask"]


class Described(NamedTuple):
    """What of a subject's description tells its task: the name that its runner gives, and its stages.

    `each_class` is what its runner says of the classes: each of them is decided by itself.
    """

    task: str
    each_class: bool
    stages: Sequence[str]


class Task:
    """One task; as it stands here its outputs are compared as stages, and nothing is decided.

    `name` is what a runner calls it; `does` completes "one side …". `columns` of the inputs are read; without "label" nothing is
    held against labels. `outputs` are the stages with its outputs, the first of which decides, by `rule` (None: nothing is
    decided). `activation` makes probabilities of it (None: there are none). `noun` is what is decided, in words ("label"), and
    `decided_by` how, where that is not obvious. `without_classes` says why there are no classes, where more is known than that
    nothing is decided. `of_a_file` is how a user says of a file of outputs that it is this task. `assumed`: nobody
    named it, so that what another side knows of the outputs comes first. `bare`: it has no outputs, so that what a side has beside it
    are layers alone. `embeds`: vectors of texts are what it is used for; `singly`: each text has its own, also those of a pair.
    `wide`: its output has a column for each word of a vocabulary, so that it is compared block by block and no
    probabilities are compared as a stage. Where each token decides, `decided` says which do: those that stand for text, all, or those of
    the mask token where the input has it (else all). `target` is the token that a wide output is held against: that of the next position, or the one
    that stands at the position itself (empty: none is known). `unit` is what the record calls a decision's unit, where that is another word than
    input, token or word, and `stage` the stage that shows the decisions. `counted` says what an example of many runs is decided by
    (`parity.metrics.metric.Counted`).
    """

    name: str
    does: str
    columns: tuple[Column, ...] = ("text", "text_pair")
    outputs: tuple[str, ...] = ()
    rule: DecisionRule | None = None
    activation: Activation | None = None
    noun: str = "label"
    decided_by: str = ""
    without_classes: str = ""
    of_a_file: str = ""
    assumed: bool = False
    bare: bool = False
    embeds: bool = False
    singly: bool = False
    wide: bool = False
    decided: Decided = "text"
    target: Target = ""
    unit: str = ""
    stage: str = "label"
    counted: Counted = "classes"

    @property
    def by_choice(self) -> bool:
        """Whether each choice of an input is a row, and the input decides between its rows."""
        return "choices" in self.columns

    def fits(self, described: Described) -> bool:
        """Whether a subject that is described so has this task; of all that fit the last one counts."""
        return described.task == self.name

    def per(self, axes: Sequence[str]) -> Per:
        """What has a decision of its own, where the output that decides has these axes."""
        if "token" in axes[1:2]:
            return "token"
        return "word" if "word" in axes[1:2] else "input"

    def unscored(self, per: Per) -> str:
        """Why decisions per input, token or word are not held against labels; empty where they are."""
        return "" if "label" in self.columns else "its task reads no labels"

    def scored_by(self, metric: Metric) -> bool:
        """Whether a metric applies to what is decided."""
        return False
