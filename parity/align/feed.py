"""A feed: exactly what a model was given. Two are compared here, and one side's is sent to the other."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from parity.border.runner import Batch, Group

__all__ = ["Feed"]

Array = NDArray[np.generic]
_SENT = ("input_ids", "real", "attention_mask", "token_type_ids")
_OF_TARGET = ("decoder_input_ids", "target_real")
_FED = (*_SENT, "position_ids", "word_mask", "word_ids", *_OF_TARGET)


class Feed(NamedTuple):
    """What one batch was fed, each [rows, tokens]; None for what was not fed, or is not known.

    `decoder_input_ids` [rows, targets] is what a decoder was fed, and `target_real` which of its positions are not padding.
    `real` says which positions are not padding, `word_mask` [rows, words] which words are, `word_ids` the word of each token. The arrays are views into the slot of the batch: to be used while the batch is held.
    `groups` are the rows that were run together, where they are not all (parity.border.reply): those of one group were padded to
    its own width, and nothing was fed beyond it.
    """

    input_ids: Array | None = None
    real: Array | None = None
    attention_mask: Array | None = None
    token_type_ids: Array | None = None
    position_ids: Array | None = None
    word_mask: Array | None = None
    word_ids: Array | None = None
    decoder_input_ids: Array | None = None
    target_real: Array | None = None
    groups: tuple[Group, ...] = ()

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """What a batch was fed."""
        fed: dict[str, Any] = {name: batch.stages[name].values for name in _FED if name in batch.stages}
        return cls(**fed, groups=batch.groups)

    def inputs(self, *, positions: bool, words: bool = False, target: bool = True) -> dict[str, Array | None]:
        """The inputs of a forward that feeds another model the same; positions, and the words of tokens, only where requested, and
        what a decoder was fed where there is such a thing."""
        fed = _OF_TARGET if target and self.decoder_input_ids is not None else ()
        sent = (*_SENT, *(["position_ids"] if positions else []), *(["word_ids"] if words else []), *fed)
        return {name: getattr(self, name) for name in sent}

    def same_as(self, other: Feed, *, positions: bool = True) -> bool:
        """Whether both are the very same: ids, padding, effective mask, types, rows run together, and positions where both are known.

        `positions` False leaves those aside: each side counts its own, for a table of its own. A mask that was not fed is one of
        ones; type ids that were not fed are zeros (that is what every model takes then). Without ids all that is known must be equal.
        """
        if self.groups != other.groups:
            return False
        if self.input_ids is None or other.input_ids is None:
            return all(_equal(getattr(self, name), getattr(other, name)) for name in _FED)
        if not np.array_equal(self.input_ids, other.input_ids):
            return False
        if (
            self.word_ids is not None
            and other.word_ids is not None
            and not _equal(self.word_ids, other.word_ids)
        ):
            return False  # the same tokens, put together to other words
        if not self._same_target(other):
            return False
        whole = _or_all(self.real, self.input_ids, 1), _or_all(other.real, other.input_ids, 1)
        masks = (
            _or_all(self.attention_mask, self.input_ids, 1),
            _or_all(other.attention_mask, other.input_ids, 1),
        )
        types = (
            _or_all(self.token_type_ids, self.input_ids, 0),
            _or_all(other.token_type_ids, other.input_ids, 0),
        )
        if not all(np.array_equal(*pair) for pair in (whole, masks, types)):
            return False
        here, there = self.position_ids, other.position_ids
        if not positions or here is None or there is None:
            return True
        # Positions of padding do not matter: only those of real tokens reach anything that is compared.
        real = whole[0].astype(bool)
        return here.shape == there.shape and np.array_equal(here[real], there[real])

    def _same_target(self, other: Feed) -> bool:
        """Whether two decoders were fed the same tokens; where one side has no decoder there is nothing to differ in."""
        here, there = self.decoder_input_ids, other.decoder_input_ids
        if here is None or there is None:
            return True
        if not _equal(self.target_real, other.target_real) or here.shape != there.shape:
            return False
        real = _or_all(self.target_real, here, 1).astype(bool)
        return np.array_equal(here[real], there[real])


def _equal(here: Array | None, there: Array | None) -> bool:
    """Whether both are the same array, or neither is known."""
    return here is there if here is None or there is None else np.array_equal(here, there)


def _or_all(values: Array | None, ids: Array, value: int) -> Array:
    return np.full(ids.shape, value) if values is None else values
