"""What a file of inputs holds, counted row by row, and its digest."""

from __future__ import annotations

import hashlib

from parity.inputs.example import Example

__all__ = ["Tally"]


class Tally:
    """What is counted while examples are read, and the digest of them all, in order."""

    def __init__(self) -> None:
        self.count = self.labelled = self.pairs = self.blank = self.words = self.tagged = self.choices = 0
        self.unanswerable = self.messages = self.targets = 0
        self._hash = hashlib.sha256()

    def add(self, example: Example) -> None:
        """One more example."""
        self.count += 1
        self.labelled += example.label is not None
        self.pairs += example.pair is not None
        self.targets += example.target is not None
        self.blank += not (example.text.strip() or (example.pair or "").strip())
        for part in (example.text, example.pair, example.label, example.id):
            self._add(part)
        self.unanswerable += example.answers == ()
        if example.target is not None and example.target != example.label:
            self._hash.update(b"t")
            self._add(example.target)
        if example.answers is not None:
            self._hash.update(b"a%d:" % len(example.answers))
            for part in example.answers:
                self._add(part)
        self.choices += example.choices is not None or (
            example.choice is not None and not example.choice.number
        )
        for number in example.choice or ():
            self._add(str(number))
        if example.messages is not None:
            self.messages += 1
            self._hash.update(b"m%d:" % len(example.messages))
            for part in (text for message in example.messages for text in message):
                self._add(part)
        if example.words is None:
            return  # the digest of a row of text is what it was before there were words
        self.words += 1
        self.tagged += example.tags is not None
        self._hash.update(b"w%d:" % len(example.words))
        for part in (*example.words, *(example.tags or ())):
            self._add(part)

    def _add(self, part: str | None) -> None:
        data = None if part is None else part.encode()
        # A length before each part: no two lists of rows give the same bytes.
        self._hash.update(b"-" if data is None else b"%d:" % len(data) + data)

    def digest(self) -> str:
        """The digest of all examples so far."""
        return f"sha256:{self._hash.hexdigest()}"
