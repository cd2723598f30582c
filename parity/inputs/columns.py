"""Which column is the text, the pair, the label, the id: named by the user, or known by their usual names."""

from __future__ import annotations

import difflib
from typing import Any, NamedTuple

from parity.errors import MissingColumn

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
_IDS = ("id", "idx", "guid", "uid", "example_id", "pairid", "qid", "index")


class Columns(NamedTuple):
    """The column of each part of an example; None where the file has none."""

    text: str
    pair: str | None = None
    label: str | None = None
    id: str | None = None

    def named(self) -> list[str]:
        """The columns that are read."""
        return [name for name in self if name is not None]


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

    Naming the text alone says that there is no pair; a label or id that is found by itself must hold plain values.

    >>> find_columns("a.csv", {"Premise": "a", "hypothesis": "b", "gold_label": "c"})
    Columns(text='Premise', pair='hypothesis', label='gold_label', id=None)
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
    if text is None and pair is None:
        found = next(((usual[a], usual[b]) for a, b in _PAIRS if a in usual and b in usual), None)
        if found is not None:
            text, pair = found
    if text is None:
        text = next((usual[name] for name in _TEXTS if name in usual), None)
    if text is None:
        raise MissingColumn(
            f"{source} has no column with a usual name for the text; it has {_list(known)}.",
            next_step="Name it: --text-column NAME (and --pair-column NAME for pairs).",
        )
    return Columns(
        text,
        pair,
        label or next((usual[name] for name in _LABELS if _plain(usual, name, known)), None),
        id or next((usual[name] for name in _IDS if _plain(usual, name, known)), None),
    )


def _plain(usual: dict[str, str], name: str, known: dict[str, Any]) -> bool:
    return name in usual and not isinstance(known[usual[name]], (list, dict))


def _list(known: dict[str, Any]) -> str:
    names = [repr(name) for name in list(known)[:20]]
    return ", ".join(names) + (f" and {len(known) - 20} more" if len(known) > 20 else "") if names else "none"
