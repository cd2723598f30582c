"""A population: the runs of one arm on the same inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from parity.measure.decision_rule import LARGEST
from parity.metrics.metric import Counted, Outputs
from parity.seed_audit.population.decided import Decided, metrics_of
from parity.seed_audit.population.held import Held

__all__ = ["Population"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Population:
    """The outputs of the runs of one recipe on the same examples in the same order.

    logits: [runs, examples, classes] raw, float64. labels: [examples] the class, -1 for an example without one; None when
    none has. factors: for each run the seeds it was made with ("init_seed", "order_seed", "dropout_seed", ...), and
    "repeat" where one set of seeds was run again; empty where nothing is known. names: what each run is called. decided: where an
    example is not decided by one class, the decisions; an example is then a row, labels are codes of the right decisions, and logits are
    those of words, or the scores of answers, or what `Held` says.
    """

    logits: Floats
    labels: Integers | None = None
    factors: tuple[Mapping[str, int], ...] = ()
    arm: str = "candidate"
    names: tuple[str, ...] = field(default=())
    decided: Decided | Held | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where the parts do not fit each other."""
        logits = np.asarray(self.logits, dtype=np.float64)
        if logits.ndim != 3 or not logits.shape[2]:
            raise ValueError(f"logits of shape {logits.shape} are not [runs, examples, classes]")
        object.__setattr__(self, "logits", logits)
        object.__setattr__(self, "factors", tuple(self.factors) or ({},) * len(logits))
        object.__setattr__(
            self, "names", tuple(self.names) or tuple(f"run {k + 1}" for k in range(len(logits)))
        )
        if len(self.factors) != len(logits) or len(self.names) != len(logits):
            raise ValueError(
                f"{len(self.factors)} factors and {len(self.names)} names for {len(logits)} runs"
            )
        if self.labels is not None:
            labels = np.asarray(self.labels, dtype=np.int64)
            if labels.shape != (self.examples,):
                raise ValueError(f"{labels.shape} labels for {self.examples} examples")
            if (
                self.decided is None
                and labels.size
                and not -1 <= labels.min() <= labels.max() < logits.shape[2]
            ):
                raise ValueError(f"a label outside the {logits.shape[2]} classes")
            object.__setattr__(self, "labels", labels if (labels >= 0).any() else None)

    @property
    def runs(self) -> int:
        return int(self.logits.shape[0])

    @property
    def examples(self) -> int:
        return int(self.logits.shape[1] if self.decided is None else self.decided.codes.shape[1])

    @property
    def classes(self) -> int:
        return int(self.logits.shape[2])

    @property
    def counted(self) -> Counted:
        """What an example is decided by."""
        if self.decided is None:
            return "classes"
        if isinstance(self.decided, Held):
            return self.decided.counted
        return "answers" if self.decided.rows is None else "words"

    @property
    def of_classes(self) -> bool:
        """Whether each example is decided by one class, the same ones for all examples."""
        return self.decided is None

    @property
    def has_probabilities(self) -> bool:
        """Whether each example is decided between columns of logits, which have probabilities."""
        return self.counted in ("classes", "choices")

    @property
    def decides(self) -> bool:
        """Whether examples are decided at all, so that two runs decide them alike or not."""
        return self.counted not in ("scores", "vectors")

    @property
    def texts(self) -> Integers | None:
        """[decisions] the example of each decision, where one has several that are counted each by itself: the tokens of a text."""
        return self.decided.rows if isinstance(self.decided, Held) else None

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that apply, by name."""
        return metrics_of("classes") if self.decided is None else self.decided.metrics

    @property
    def right(self) -> Integers | None:
        """[examples] the one right decision, -1 where it is not known; None where none is known, or several are right."""
        return self.labels if self.decided is None or self.decided.one_right else None

    @cached_property
    def predictions(self) -> Integers:
        """[runs, examples] the class of the largest logit, the first of equals; -1 where a row cannot decide (NaN, +inf).

        Where examples are not decided by one class, the codes of the decisions; of texts [runs, tokens] the likeliest tokens.
        """
        if isinstance(self.decided, Held) and self.decided.predictions is not None:
            return self.decided.predictions
        if self.decided is not None:
            return self.decided.codes
        fine = LARGEST.usable(self.logits.reshape(-1, self.classes)).reshape(self.runs, self.examples)
        with np.errstate(invalid="ignore"):
            return np.where(fine, self.logits.argmax(axis=2), -1).astype(np.int64)

    def of_runs(self, runs: Sequence[int]) -> Population:
        """The same examples, only these runs, in this order."""
        chosen = list(runs)
        return Population(
            self.logits[chosen],
            self.labels,
            tuple(self.factors[run] for run in chosen),
            self.arm,
            tuple(self.names[run] for run in chosen),
            None if self.decided is None else self.decided.of_runs(chosen),
        )

    def of_examples(self, examples: npt.NDArray[np.bool_] | Integers) -> Population:
        """The same runs, only these examples (a mask or indices)."""
        labels = None if self.labels is None else self.labels[examples]
        if self.decided is not None:
            places = np.arange(self.examples)[examples].tolist()
            units = self.decided.units_of(places)
            part = self.decided.of_examples(places)
            return Population(self.logits[:, units], labels, self.factors, self.arm, self.names, part)
        return Population(self.logits[:, examples], labels, self.factors, self.arm, self.names)

    def outputs(self, temperature: float = 1.0) -> Outputs:
        """What metrics are of: the labelled examples, at one temperature. Raises ValueError where no example has a label."""
        labelled = self.labelled()
        if labelled is None or labelled.labels is None:
            raise ValueError("no example has a label")
        if labelled.decided is not None:
            return labelled.decided.outputs(labelled.logits, temperature)
        return Outputs(labelled.logits, labelled.predictions, labelled.labels, temperature)

    def labelled(self) -> Population | None:
        """The examples that have a label; None when none has."""
        if self.labels is None:
            return None
        return self if (self.labels >= 0).all() else self.of_examples(self.labels >= 0)
