"""Inputs: the examples that the subjects run on, read repeatedly, never kept in memory.

After the columns are found, the first reading validates, counts and digests every row; each later one
streams the rows in windows and checks at its end that the file is unchanged. So the memory is that of one window,
whatever the number of examples.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any

from parity.errors import EmptyInputs, InputsError
from parity.inputs.answers import answers_of
from parity.inputs.by_choice import as_choices, choice_of, with_the_next
from parity.inputs.cells import plain, text_in, text_or_none
from parity.inputs.choices import choices_of
from parity.inputs.columns import Columns, find_columns
from parity.inputs.conll import TAGS, WORDS
from parity.inputs.example import Example
from parity.inputs.messages import messages_of, text_of
from parity.inputs.probes import probe_source
from parity.inputs.spec import InputsSpec
from parity.inputs.stdin import standard_input
from parity.inputs.table import Source, find_source, rows
from parity.inputs.tally import Tally
from parity.inputs.targets import target_column, target_of
from parity.inputs.words import words_of
from parity.records.inputs import InputsRecord

__all__ = ["Inputs", "open_inputs"]

WINDOW = 512  # rows that are tokenized and held at once
_WORD = re.compile(r"[^\W_]{2}")
_PROBES = InputsSpec()


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The examples, as counted and digested at the first reading.

    `digest` is a SHA-256 over text, pair, label and id of each row (and its words and tags, where it has any), in order; `blank`
    counts the rows without a character in them: where every row is blank, nothing would be compared. `words` counts the rows that are
    lists of words, `tagged` those with a tag for each, `messages` the conversations, `choices` the inputs with several choices; with
    `each_choice` each of them is a row. `unanswerable` counts the questions of which the inputs say that no answer is right, `targets` the rows
    with a target for a decoder. Where the rows are read in another way than they are given, `given_digest` is that of those given.
    """

    source: str
    count: int
    digest: str
    labelled: int
    pairs: int
    blank: int
    words: int
    tagged: int
    choices: int
    unanswerable: int
    targets: int
    messages: int
    built_in: bool
    columns: Columns
    read: Callable[[], Iterator[Example]] = field(repr=False, compare=False)
    each_choice: bool = False
    given_digest: str = ""

    def windows(self, size: int = WINDOW, cut: int | None = None) -> Iterator[list[Example]]:
        """The examples in order, `size` at a time; no window holds rows from both sides of row `cut`.

        Raises InputsError, after the last window, when the file is no longer the one that was opened.
        """
        tally = Tally()
        window: list[Example] = []
        for example in self.read():
            if len(window) == size or (example.row == cut and window):
                yield window
                window = []
            tally.add(example)
            if tally.count > self.count:
                break
            window.append(example)
        if window:
            yield window
        if (tally.count, tally.digest()) != (self.count, self.digest):
            raise self._changed()

    def picked(self, rows: Sequence[int]) -> list[Example]:
        """The examples of these rows (ascending numbers, counted from 0); other rows are skipped.

        Raises InputsError when there are no longer as many.
        """
        wanted, last = set(rows), max(rows, default=-1)
        found = [example for example in islice(self.read(), last + 1) if example.row in wanted]
        if len(found) != len(wanted):
            raise self._changed()
        return found

    def by_choice(self) -> Inputs:
        """The same with a row for each choice of an input; raises InputsDoNotFit where an input has none."""
        return replace(self.read_as(partial(as_choices, self.source, self.read)), each_choice=True)

    def read_as(self, read: Callable[[], Iterator[Example]]) -> Inputs:
        """The same file with its rows read in another way."""
        tally = Tally()
        for example in read():
            tally.add(example)
        return replace(
            self,
            count=tally.count,
            digest=tally.digest(),
            given_digest=self.as_given,
            labelled=tally.labelled,
            pairs=tally.pairs,
            blank=tally.blank,
            choices=tally.choices,
            read=read,
        )

    @property
    def as_given(self) -> str:
        """The digest of the rows as they are given."""
        return self.given_digest or self.digest

    def record(self) -> InputsRecord:
        """The inputs as an audit keeps them."""
        return InputsRecord(
            count=self.count,
            digest=self.digest,
            given_digest=self.given_digest,
            source=self.source,
            built_in=self.built_in,
            labelled=self.labelled,
            pairs=self.pairs,
            words=self.words,
            tagged=self.tagged,
            choices=self.choices if self.each_choice else 0,
            split=self.columns.split if self.words else None,
            messages=self.messages,
        )

    def _changed(self) -> InputsError:
        return InputsError(
            f"{self.source} changed while it was being used: it held {self.count} examples at first.",
            next_step="Run again on a file that no program writes to.",
        )


def open_inputs(
    spec: InputsSpec = _PROBES,
    *,
    pair_probes: bool = False,
    blank_probes: bool = True,
    choice_probes: bool = False,
) -> Inputs:
    """Read the whole of a file once, check every row, and count what it holds.

    With `pair_probes` each built-in text is paired with the next, for a subject that takes only pairs; without
    `blank_probes` the empty ones are excluded, and with `choice_probes` each has those after it as its choices.
    Raises an InputsError (its kinds are in errors.py) at the first row that is not an example.
    """
    path, limit = spec.path, spec.limit
    if limit is not None and limit < 1:
        raise InputsError(f"--limit {limit} leaves no example.", next_step="Give a limit of at least 1.")
    if path is None:
        file = probe_source()
    else:
        file = (
            standard_input(spec.encoding)
            if path == "-"
            else find_source(path, spec.encoding, words=spec.named_column() in (WORDS, TAGS))
        )
    if spec.source is not None:
        file = file._replace(name=spec.source)
    known = _known_columns(file, limit)
    if known is None:
        raise EmptyInputs(f"{file.name} holds no example.", next_step="Give a file with at least one.")
    columns = find_columns(
        file.name,
        known,
        text=spec.text_column,
        pair=spec.pair_column,
        label=spec.label_column,
        id=spec.id_column,
    )
    columns = columns._replace(target=target_column(file.name, known, spec.target_column, columns))
    read = partial(_examples, file, columns, limit)
    if path is None and not blank_probes:
        read = partial(_with_words, read)
    if path is None and pair_probes:
        read = partial(_each_with_the_next, read)
    if path is None and choice_probes:
        read = partial(with_the_next, read)
    tally = Tally()
    for example in read():
        tally.add(example)
    return Inputs(
        source=file.name,
        count=tally.count,
        digest=tally.digest(),
        labelled=tally.labelled,
        pairs=tally.pairs,
        blank=tally.blank,
        words=tally.words,
        tagged=tally.tagged,
        choices=tally.choices,
        unanswerable=tally.unanswerable,
        targets=tally.targets,
        messages=tally.messages,
        built_in=path is None,
        columns=columns,
        read=read,
    )


def _known_columns(source: Source, limit: int | None) -> dict[str, Any] | None:
    """Every column with the first value in it that is one; None for a file without a row.

    Each JSON line names its own columns, so all that are requested are read; elsewhere the first row has them all.
    """
    known: dict[str, Any] | None = None
    for row in islice(rows(source), limit if source.format == "jsonl" else 1):
        known = {} if known is None else known
        for name, value in row.cells.items():
            if known.get(name) is None:
                known[name] = value
    return known


def _examples(source: Source, columns: Columns, limit: int | None) -> Iterator[Example]:
    for number, row in enumerate(islice(rows(source, columns.named()), limit)):
        words = words_of(source, row, columns)
        messages = messages_of(source, row, columns)
        example = Example(
            number,
            words.text
            if words is not None
            else text_of(messages)
            if messages is not None
            else text_in(source, row, columns.text),
            None if columns.pair is None else text_or_none(source, row, columns.pair),
            None if columns.label is None else plain(source, row, columns.label),
            None if columns.id is None else plain(source, row, columns.id),
            answers=answers_of(source, row, columns),
            choices=choices_of(source, row, columns.choices),
            choice=choice_of(source, row, columns.choice),
            target=target_of(source, row, columns),
            messages=messages,
        )
        yield (
            example
            if words is None
            else example._replace(words=words.words, spans=words.spans, tags=words.tags, split=columns.split)
        )


def _with_words(read: Callable[[], Iterator[Example]]) -> Iterator[Example]:
    for number, example in enumerate(example for example in read() if _WORD.search(example.text)):
        yield example._replace(row=number)


def _each_with_the_next(read: Callable[[], Iterator[Example]]) -> Iterator[Example]:
    examples = read()
    first = earlier = next(examples)
    for example in examples:
        yield earlier._replace(pair=example.text)
        earlier = example
    yield earlier._replace(pair=first.text)
