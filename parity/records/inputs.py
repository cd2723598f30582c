"""The inputs that both sides were run on."""

from __future__ import annotations

from parity.records.places import Record

__all__ = ["InputsRecord"]


class InputsRecord(Record, frozen=True, kw_only=True):
    """The examples that both sides were run on. `digest` is over texts, pairs, labels and ids, in order.

    `words` counts the rows that are lists of words, `tagged` those with a tag for each. `split` says how a side that was not told
    otherwise tokenized them: each word by itself (true), or all of them as one text (false); null where no row is a list of words.
    `choices` counts the inputs that decide between several choices: then each choice is a row, and `count` counts those.
    `messages` counts the rows that are conversations. Where rows were read in another way than they are given (each choice, each text of a
    pair), `given_digest` is of those given; else it is empty.
    """

    count: int
    digest: str
    source: str
    built_in: bool = False
    labelled: int = 0
    pairs: int = 0
    words: int = 0
    tagged: int = 0
    split: bool | None = None
    choices: int = 0
    messages: int = 0
    given_digest: str = ""

    @property
    def as_given(self) -> str:
        """The digest of the rows as they are given."""
        return self.given_digest or self.digest
