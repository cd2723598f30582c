"""Which inputs: the file, its columns and how many rows, in words by which another process or machine reads the same rows."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["InputsSpec"]


class InputsSpec(NamedTuple):
    """Which inputs. `path` is a file, `-` standard input, None the built-in probes or what an artifact brings along.

    A column that is None is found by its usual names. `limit` takes the first rows only. `source` is what the inputs are called
    in reports, where that is not the path.

    >>> InputsSpec("reviews.csv", text_column="body", limit=100).named_column()
    'body'
    """

    path: str | None = None
    text_column: str | None = None
    pair_column: str | None = None
    label_column: str | None = None
    id_column: str | None = None
    limit: int | None = None
    encoding: str = "utf-8"
    source: str | None = None
    target_column: str | None = None

    def named_column(self) -> str | None:
        """The first column that is named, None where none is."""
        columns = (
            self.text_column,
            self.pair_column,
            self.label_column,
            self.id_column,
            self.target_column,
        )
        return next(filter(None, columns), None)
