"""What crosses between inputs, runners and alignment: an example, and one row's encoding of it."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = [
    "LEAST_WRITTEN",
    "MOST_WRITTEN",
    "Choice",
    "Choices",
    "Encoding",
    "Example",
    "TargetEncoding",
]

LEAST_WRITTEN, MOST_WRITTEN = 8, 32
"""How many tokens a subject writes where it writes the target of a row itself. One that ends its text at once would show next to nothing of
its decoder, so that it does not end before these few."""


class Choices(NamedTuple):
    """The choices of an input, each as the pair of texts that is read, and the right one's number from 0 (or a label that is none)."""

    pairs: tuple[tuple[str, str], ...]
    label: str | None = None


class Choice(NamedTuple):
    """Which choice a row is: the number of its input, its own number there, both from 0, and how many choices that input has."""

    input: int
    number: int
    of: int


class Example(NamedTuple):
    """One input: a text or a text pair, with an optional label and id. `row` counts from 0 over all inputs.

    A row that holds a list of words keeps it: `words` are they, `spans` their characters in the text (which is the words joined by
    one space, where the row has no text beside them), `tags` one for each word, and `split` whether a side that is not told otherwise
    tokenizes each word by itself. `messages` are those of a row that is a conversation, each a role and a text, and the text is then
    theirs, a line each. `answers` are those that count as right, where the row is a question (empty: it has none).
    `choices` are those between which an input decides; read by choice, each is a row of its own, which is that `choice`. `target` is
    the text that a decoder is given to predict token by token; `target_ids` are its tokens, where the other side has them already.
    """

    row: int
    text: str
    pair: str | None = None
    label: str | None = None
    id: str | None = None
    words: tuple[str, ...] | None = None
    spans: tuple[tuple[int, int], ...] | None = None
    tags: tuple[str, ...] | None = None
    split: bool = True
    answers: tuple[str, ...] | None = None
    choices: Choices | None = None
    choice: Choice | None = None
    target: str | None = None
    target_ids: tuple[int, ...] | None = None
    messages: tuple[tuple[str, str], ...] | None = None

    def kept(self) -> dict[str, Any]:
        """What a trace keeps of it, from which the same example is read again."""
        plain: dict[str, Any] = {"text": self.text, "pair": self.pair, "label": self.label, "id": self.id}
        if self.answers is not None:
            plain["answers"] = self.answers
        if self.choice is not None:
            plain["choice"] = self.choice._asdict()
        if self.target is not None and self.target != self.label:
            plain["target"] = self.target
        if self.messages is not None:
            plain["messages"] = self._messages()
        if self.words is None:
            return plain
        return (
            plain
            | {"words": self.words, "split": self.split}
            | ({} if self.tags is None else {"tags": self.tags})
        )

    def crossing(self, *, target: bool = False) -> dict[str, Any]:
        """What of it crosses the border: neither label, tags nor answers, which no subject may see; of the rest what there is.

        The `target` only where the subject has a decoder that reads it.
        """
        told: dict[str, Any] = {"row": self.row, "text": self.text, "pair": self.pair, "id": self.id}
        if self.words is not None:
            told |= {"words": self.words, "split": self.split}
        if self.spans is not None:
            told["spans"] = self.spans
        if target:
            told |= {"target": self.target, "target_ids": self.target_ids}
            told |= {"target_least": LEAST_WRITTEN, "target_most": MOST_WRITTEN}
        if self.messages is not None:
            told["messages"] = self._messages()
        return told

    def _messages(self) -> list[dict[str, str]]:
        return [{"role": role, "content": content} for role, content in self.messages or ()]


class Encoding(NamedTuple):
    """One row as a subject's tokenizer gave it, unpadded; every tuple has one entry a real token.

    `offsets` are character spans into the text (segment 0) or the pair (segment 1), None for special tokens;
    `normalized` is the text after the tokenizer's normaliser, None where the tokenizer does not report it;
    `untruncated` counts the tokens there would be without truncation. `words` is the number of the word of the row that each token is
    a piece of (None: of none), and None where the row is no list of words, or nothing tells them. `refused` says why the subject cannot
    run the row (empty: it can). `target` is what its decoder is given, where it has one.
    """

    input_ids: tuple[int, ...]
    pieces: tuple[str, ...]
    offsets: tuple[tuple[int, int] | None, ...]
    segments: tuple[int | None, ...]
    special: tuple[bool, ...]
    token_type_ids: tuple[int, ...] | None = None
    normalized: str | None = None
    normalized_pair: str | None = None
    untruncated: int = 0
    words: tuple[int | None, ...] | None = None
    refused: str = ""
    target: TargetEncoding | None = None


class TargetEncoding(NamedTuple):
    """The target of one row: `ids` are its tokens, `fed` what the decoder reads to predict them: its start token, then all but the last.

    `text` is the target as a text. `generated` says that the subject wrote it itself, since the row has none.
    """

    fed: Encoding
    ids: tuple[int, ...]
    text: str
    generated: bool = False
