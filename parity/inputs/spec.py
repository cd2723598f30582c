"""The inputs of a seed audit, in words by which every run, in whichever process or on whichever machine, reads the same rows."""

from __future__ import annotations

from typing import NamedTuple

from parity.errors import InputsNotFound, UnknownInputFormat
from parity.inputs.inputs import Inputs, open_inputs
from parity.inputs.table import FORMATS

__all__ = ["InputsAsked"]


class InputsAsked(NamedTuple):
    """Which inputs, in words that another process or machine can read them by again; `source` is what they are called."""

    path: str
    text_column: str | None = None
    pair_column: str | None = None
    label_column: str | None = None
    id_column: str | None = None
    limit: int | None = None
    encoding: str = "utf-8"
    source: str | None = None

    def open(self) -> Inputs:
        """Read and check them; raises an InputsError."""
        try:
            return open_inputs(
                self.path,
                text_column=self.text_column,
                pair_column=self.pair_column,
                label_column=self.label_column,
                id_column=self.id_column,
                limit=self.limit,
                encoding=self.encoding,
                source=self.source,
            )
        except InputsNotFound as error:  # a seed audit has no texts of its own to fall back on
            raise InputsNotFound(error.sentence, next_step="Give --inputs a file that can be read.") from None
        except UnknownInputFormat as error:  # nor does it read from standard input
            step = f"Use one of {', '.join(FORMATS)}."
            raise UnknownInputFormat(error.sentence, next_step=step) from None
