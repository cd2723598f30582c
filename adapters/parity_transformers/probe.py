"""The short row on which a model is tried when it is opened, and how what a forward is fed is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Collection

if TYPE_CHECKING:
    from parity._in_process.host import Write

    from .encoding import Encoder
    from .limits import Limits
    from .targets import Targets

__all__ = ["Probe", "write_fed"]


class Probe:
    """One short row, as ids alone or with everything that the tokenizer returns."""

    def __init__(self, encoder: Encoder, limits: Limits, targets: Targets | None) -> None:
        self._encoder = encoder
        self._limits = limits
        self._targets = targets

    def alone(self) -> dict[str, list[list[int]]]:
        """The ids, and what a decoder is given, to try the model."""
        ids = self._ids()
        return {"input_ids": [ids], **self._of_decoder(ids)}

    def whole(self, accepts: Collection[str]) -> dict[str, Any]:
        """A row with everything that the tokenizer returns, to see what the model uses."""
        ids = self._ids()
        feeds, _ = self._encoder.pad([self._encoding()])
        if feeds["input_ids"][0][: len(ids)] != ids:
            return self.alone()
        return {
            **{name: values for name, values in feeds.items() if name in accepts},
            **self._of_decoder(ids),
        }

    def _of_decoder(self, ids: list[int]) -> dict[str, list[list[int]]]:
        return {} if self._targets is None else {"decoder_input_ids": [self._targets.probe(ids)]}

    def _ids(self) -> list[int]:
        ids: list[int] = self._encoding()["input_ids"][: self._limits.room]
        return ids if ids and max(ids) < self._limits.vocabulary_rows else [0] * 5

    def _encoding(self) -> dict[str, Any]:
        return self._encoder.tokenize([{"text": "one two three", "pair": None}])[0]


def write_fed(feeds: dict[str, Any], real: Any, target_real: Any, write: Write) -> None:
    """Write what a forward is fed, and which of it is not padding."""
    import numpy

    write("input_ids", numpy.asarray(feeds["input_ids"], dtype="int64"), ["row", "token"])
    write("real", numpy.asarray(real, dtype="uint8"), ["row", "token"])
    for name in ("attention_mask", "token_type_ids"):
        if name in feeds:
            write(name, numpy.asarray(feeds[name], dtype="int64"), ["row", "token"])
    if target_real is not None:
        ids = numpy.asarray(feeds["decoder_input_ids"], dtype="int64")
        write("decoder_input_ids", ids, ["row", "target"])
        write("target_real", numpy.asarray(target_real, dtype="uint8"), ["row", "target"])
