"""Which column is the text, the pair, the words, the label, the id: named by the user, or known by their usual names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from parity.errors import MissingColumn
from parity.inputs.choices import ChoiceColumns, find_choices

__all__ = ["Columns", "find_columns"]

# The first pair whose two columns are both there is taken, before any single text.
_PAIRS = (
    ("text", "pair"),
    ("text", "text_pair"),
    ("sentence1", "sentence2"),
    ("premise", "hypothesis"),
    ("question1", "question2"),
    ("text1", "text2"),
    ("text_a", "text_b"),
    ("question", "passage"),
    ("question", "context"),
    ("question", "sentence"),
    ("query", "passage"),
    ("query", "document"),
)
_TEXTS = (
    "text",
    "sentence",
    "utterance",
    "content",
    "review",
    "tweet",
    "query",
    "question",
    "document",
    "sentence1",
    "premise",
)
_LABELS = (
    "label",
    "gold_label",
    "intent",
    "category",
    "class",
    "target",
    "sentiment",
    "answer_label",
    "label_text",
)
# Beside a pair of texts a score may stand in place of a label.
_SCORES = ("score", "similarity_score", "relatedness_score", "similarity")
# Columns of lists: the words of a row, and a tag for each.
_WORDS = ("tokens", "words")
_SPLIT = "split"  # whether words are tokenized each by itself, as the inputs of a trace have it
_CHOICE = "choice"  # which choice a row is, as the inputs of a trace have it
_TAGS = ("ner_tags", "tags", "labels")
_MESSAGES = "messages"  # conversations: they stand for the text, whatever other texts the file has
_IDS = ("id", "idx", "guid", "uid", "example_id", "pairid", "qid", "index")


class Columns(NamedTuple):
    """The column of each part of an example; None where the file has none.

    `choices` are the columns of an input that decides between several. Where rows are lists of words `words` is their column, and the text is read from it too where the file has no column of texts; `split`
    says whether a side that is not told otherwise tokenizes each word by itself. Beside a pair `answers` holds the right answers.
    `target` holds the text that a decoder is given to predict. Where rows are conversations `messages` is their column, and the text is
    read from it too.
    """

    text: str
    pair: str | None = None
    label: str | None = None
    id: str | None = None
    words: str | None = None
    tags: str | None = None
    split: bool = True
    answers: str | None = None
    choices: ChoiceColumns | None = None
    choice: str | None = None
    target: str | None = None
    messages: str | None = None

    def named(self) -> list[str]:
        """The columns that are read, each once."""
        more = () if self.choices is None else (*self.choices.choices, *self.choices[1:])
        return list(dict.fromkeys(name for name in (*self, *more) if isinstance(name, str)))


def find_columns(
    source: str,
    known: dict[str, Any],
    *,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
    id: str | None = None,
) -> Columns:
    """The parts' columns among those a file has (`known`, each with a value of it); MissingColumn names what there is.

    Naming the text alone says that there is no pair; a label or id that is found by itself must hold plain values. A column of lists is
    one of words: found by its name each word is tokenized by itself, named as the text the words are read as one text.

    >>> find_columns("a.csv", {"Premise": "a", "hypothesis": "b", "gold_label": "c"}).named()
    ['Premise', 'hypothesis', 'gold_label']
    >>> find_columns("a.jsonl", {"tokens": ["a"], "ner_tags": ["O"]}).named()
    ['tokens', 'ner_tags']
    """
    for option, name in (
        ("--text-column", text),
        ("--pair-column", pair),
        ("--label-column", label),
        ("--id-column", id),
    ):
        if name is not None and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            raise MissingColumn(
                f"{source} has no column {name!r}; it has {_list(known)}.",
                next_step=f"Give {option} {close[0] if close else 'one of these'}.",
            )
    usual = {
        name.strip().lower(): name for name in reversed(list(known)) if name not in (text, pair, label, id)
    }
    messages = _conversations(known, usual, text, pair)
    if messages is not None:
        return Columns(
            messages,
            None,
            label or next((usual[name] for name in _LABELS if _plain(usual, name, known)), None),
            id or next((usual[name] for name in _IDS if _plain(usual, name, known)), None),
            messages=messages,
        )
    choices = find_choices(usual if text is None else {**usual, text: text}, known, text, pair, label)
    if text is None and pair is None:
        found = next(((usual[a], usual[b]) for a, b in _PAIRS if a in usual and b in usual), None)
        if found is not None:
            text, pair = found
    tags = label if _listed(known, label) else _first_list(usual, _TAGS, known)
    words = text if _listed(known, text) else None
    split = words is None
    if text is None:
        text = next((usual[name] for name in _TEXTS if name in usual), None)
        split = text is None or _listed(known, text)
    told = known.get(_SPLIT) if isinstance(known.get(_SPLIT), bool) else None
    # A text with words beside it, of which nothing is told, is a text.
    beside = tags is not None or told is not None
    if (
        words is None
        and (pair is None or known[pair] is None)
        and (text is None or beside or _listed(known, text))
    ):
        words = text if _listed(known, text) else _first_list(usual, _WORDS, known)
    if words is not None and told is not None:
        split = bool(told)
    text = words if text is None else text
    if text is None and choices is not None:
        text = choices.text
    if text is None:
        raise MissingColumn(
            f"{source} has no column with a usual name for the text; it has {_list(known)}.",
            next_step="Name it: --text-column NAME (and --pair-column NAME for pairs).",
        )
    return Columns(
        text,
        pair,
        (None if words is not None and tags == label else label)
        or next(
            (usual[name] for name in (*_LABELS, *(_SCORES if pair else ())) if _plain(usual, name, known)),
            None,
        ),
        id or next((usual[name] for name in _IDS if _plain(usual, name, known)), None),
        words,
        None if words is None else tags,
        split,
        None if pair is None else usual.get("answers"),
        choices,
        usual.get(_CHOICE) if isinstance(known.get(_CHOICE), dict) else None,
    )


def _conversations(
    known: dict[str, Any], usual: dict[str, str], text: str | None, pair: str | None
) -> str | None:
    """The column of conversations: named as the text, or found by its name where neither text nor pair is named."""
    name = text if text is not None else None if pair is not None else usual.get(_MESSAGES)
    value: Any = None if name is None else known[name]
    if not isinstance(value, list):
        return None
    listed = cast("Sequence[Any]", value)
    return name if listed and all(isinstance(one, dict) for one in listed) else None


def _listed(known: dict[str, Any], name: str | None) -> bool:
    return name is not None and isinstance(known[name], list)


def _first_list(usual: dict[str, str], names: tuple[str, ...], known: dict[str, Any]) -> str | None:
    return next((usual[name] for name in names if name in usual and _listed(known, usual[name])), None)


def _plain(usual: dict[str, str], name: str, known: dict[str, Any]) -> bool:
    return name in usual and not isinstance(known[usual[name]], (list, dict))


def _list(known: dict[str, Any]) -> str:
    names = [repr(name) for name in list(known)[:20]]
    return ", ".join(names) + (f" and {len(known) - 20} more" if len(known) > 20 else "") if names else "none"
