"""What both sides generated, as the record keeps it: how many texts are equal, and where the others first differ."""

from __future__ import annotations

from typing import Any, Literal

from parity.records.places import Record

__all__ = [
    "FirstDifference",
    "Generation",
    "SameSettings",
    "SettingPair",
    "StepDifference",
    "StepDistributions",
    "TextsAgain",
]


class SettingPair(Record, frozen=True, kw_only=True):
    """A setting of generation with the value of each side; null where a side has none."""

    key: str
    reference: Any
    candidate: Any


class FirstDifference(Record, frozen=True, kw_only=True):
    """Where a row's texts first differ: the position among the new tokens, and each side's token there (null: its text has ended).

    `margin` is by how much the reference scores its own token above the candidate's there, after every processor; `noise` how much of the gap
    between the two sides' margins rounding explains, measured at this step against float64. `explained_by_noise` is null where that cannot
    be known. Without a `position` the tokens are the same, and only the texts made of them differ.
    """

    row: int
    position: int | None
    reference: str | None
    candidate: str | None
    margin: float | None = None
    noise: float | None = None
    explained_by_noise: bool | None = None


class SameSettings(Record, frozen=True, kw_only=True):
    """The candidate run again with the reference's settings: how many texts are then equal, and how many others noise explains."""

    equal: int
    explained_by_noise: int = 0


class StepDifference(Record, frozen=True, kw_only=True):
    """What the two sides draw from at one step: counted from 0 among the new tokens, before the reference's own `token`.

    `total_variation` and `jensen_shannon` (in nats) are distances of the two distributions, `largest` is the largest difference of one
    token's probability (of `largest_token`). `only_reference` and `only_candidate` count the tokens that one side alone can draw.
    """

    row: int
    step: int
    token: str
    total_variation: float
    jensen_shannon: float
    largest: float
    largest_token: int
    only_reference: int = 0
    only_candidate: int = 0


class StepDistributions(Record, frozen=True, kw_only=True):
    """What the sides draw from, compared step by step on the reference's own tokens; a side that does not sample draws its best token.

    `largest` is the largest total variation distance of a step, `largest_js` the largest Jensen-Shannon divergence, `largest_difference` that
    of one token's probability; at `support` steps one side can draw a token that the other cannot. `beyond` counts the steps that noise does
    not explain, in `rows_beyond` rows; `first` are the first such step of each row. `reason` says why nothing was compared.
    """

    steps: int
    beyond: int
    largest: float
    rows_beyond: list[int] = []
    largest_js: float = 0.0
    largest_difference: float = 0.0
    support: int = 0
    first: list[StepDifference] = []
    reason: str = ""


class TextsAgain(Record, frozen=True, kw_only=True):
    """The texts of one side generated again in a way that must not change them.

    `way` is "cache" (with use_cache the other way, `use_cache` in this run), "batch" (`batch` prompts together instead of alone) or
    "streamed" (the text that a streamer gives). Of `rows` texts `equal` are the same; in `first_differences` the reference is the text as the side
    generates it, and the candidate the one generated again. `reason` says why it was not run.
    """

    way: Literal["cache", "batch", "streamed"]
    side: Literal["reference", "candidate"]
    rows: int = 0
    equal: int = 0
    first_differences: list[FirstDifference] = []
    use_cache: bool | None = None
    batch: int = 1
    reason: str = ""

    @property
    def unexplained(self) -> list[FirstDifference]:
        """The differences that noise does not explain."""
        return [item for item in self.first_differences if not item.explained_by_noise]


class Generation(Record, frozen=True, kw_only=True):
    """Texts of up to `new_tokens` tokens for `rows` rows, of which `equal` are the same on both sides.

    `method` is "greedy" or "beam search", or both where the sides differ; `settings` are those that differ. `same_settings` is null where
    none differs or every text is equal, `distributions` null where neither side samples. `batch` is how many prompts each side was given
    together, by side; `again` are the texts of one side that were generated again.
    """

    rows: int
    equal: int
    settings: list[SettingPair]
    first_differences: list[FirstDifference]
    new_tokens: int = 0
    method: str = "greedy"
    same_settings: SameSettings | None = None
    distributions: StepDistributions | None = None
    batch: dict[str, int] = {}
    again: list[TextsAgain] = []

    @property
    def unexplained(self) -> list[int]:
        """The rows whose texts differ by more than noise explains."""
        return [item.row for item in self.first_differences if not item.explained_by_noise]

    @property
    def differs(self) -> bool:
        """Whether texts, or what is drawn from, differ by more than noise explains."""
        return bool(self.unexplained) or (self.distributions is not None and self.distributions.beyond > 0)
