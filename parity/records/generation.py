"""What both sides generated, as the record keeps it: how many texts are equal, and where the others first differ."""

from __future__ import annotations

from typing import Any

from parity.records.places import Record

__all__ = ["FirstDifference", "Generation", "SameSettings", "SettingPair", "StepDistributions"]


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


class StepDistributions(Record, frozen=True, kw_only=True):
    """What a side that samples draws from, compared step by step on the reference's own tokens.

    `largest` is the largest total variation distance of a step; `beyond` counts the steps that noise does not explain, in `rows_beyond` rows.
    """

    steps: int
    beyond: int
    largest: float
    rows_beyond: list[int] = []


class Generation(Record, frozen=True, kw_only=True):
    """Texts of up to `new_tokens` tokens for `rows` rows, of which `equal` are the same on both sides.

    `method` is "greedy" or "beam search", or both where the sides differ; `settings` are those that differ. `same_settings` is null where
    none differs or every text is equal, `distributions` null where neither side samples.
    """

    rows: int
    equal: int
    settings: list[SettingPair]
    first_differences: list[FirstDifference]
    new_tokens: int = 0
    method: str = "greedy"
    same_settings: SameSettings | None = None
    distributions: StepDistributions | None = None

    @property
    def unexplained(self) -> list[int]:
        """The rows whose texts differ by more than noise explains."""
        return [item.row for item in self.first_differences if not item.explained_by_noise]

    @property
    def differs(self) -> bool:
        """Whether texts, or what is drawn from, differ by more than noise explains."""
        return bool(self.unexplained) or (self.distributions is not None and self.distributions.beyond > 0)
