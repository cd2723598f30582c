"""Token alignment: which token of one row is which of the other, and how the two encodings differ.

Both sides encode the same raw text, so where both give character offsets, tokens that cover overlapping characters
belong together; a longest common subsequence over pieces decides inside such a group, and everywhere when a tokenizer
gives no offsets.

A row's kinds name its true causes, the earliest where one explains another:

* `text`: the normalised texts differ (case, accents, unicode, whitespace) and so do pieces. Never reported when a side's
  normalised text is unknown, nor when the pieces kept are the same.
* `pieces`: the same normalised text (or an unknown one) split into other pieces. Not reported beside `text`, which explains it.
* `ids`: the same piece has another id. Neither text nor pieces can explain that, so it may stand beside them.
* `special_tokens`: a token that no character stands for (CLS, SEP, BOS, EOS) is missing, doubled, or another one.
* `truncation`: one side was cut (its untruncated length says so) and the other was not; or both were, and lack tokens at
  the cut. Not reported where both were cut to the same length and another kind is the reason that less text fitted.
* `token_type_ids`: the segment ids of paired tokens differ; absent ones are all zeros, as a model takes them.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.align.edits import Match, common_subsequence
from parity.inputs.example import Encoding

__all__ = ["KINDS", "Edit", "Kind", "Operation", "RowAlignment", "align_row"]

Operation = Literal["equal", "replace", "delete", "insert"]
Kind = Literal["text", "pieces", "ids", "special_tokens", "truncation", "token_type_ids"]
KINDS: tuple[Kind, ...] = ("text", "pieces", "ids", "special_tokens", "truncation", "token_type_ids")

_SIDE = 1 << 40  # where the pair begins on the line on which all tokens of a row are laid out


class Edit(NamedTuple):
    """One step from the reference's tokens to the candidate's; "equal" says that the ids are."""

    op: Operation
    reference: int | None
    candidate: int | None


class RowAlignment(NamedTuple):
    """How one row's tokens correspond.

    `equal`: the model gets the same (ids and token types). `pairs` [n, 2] holds the positions, reference then candidate,
    that stand for the same characters or the same special place, increasing in both: where the two can be compared.
    """

    equal: bool
    kinds: tuple[Kind, ...]
    pairs: npt.NDArray[np.int64]
    script: tuple[Edit, ...]


def align_row(reference: Encoding, candidate: Encoding) -> RowAlignment:
    """Align one row's encodings.

    >>> one = Encoding((5, 6), ("a", "b"), ((0, 1), (1, 2)), (0, 0), (False, False), None, "ab", None, 2)
    >>> two = one._replace(input_ids=(5, 7), pieces=("a", "c"))
    >>> align_row(one, two).kinds
    ('pieces',)
    """
    ids, other_ids = reference.input_ids, candidate.input_ids
    if ids == other_ids and _same_types(reference, candidate):
        return RowAlignment(True, (), _identity(len(ids)), _all_equal(len(ids)))
    script, pairs = _edits(reference, candidate)
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return RowAlignment(False, _kinds(reference, candidate, script, pairs), array, tuple(script))


def _same_types(reference: Encoding, candidate: Encoding) -> bool:
    one, other = reference.token_type_ids, candidate.token_type_ids
    return one == other or (not any(one or ()) and not any(other or ()))


@lru_cache(maxsize=1024)
def _identity(count: int) -> npt.NDArray[np.int64]:
    """[count, 2] of each position with itself; shared, so read-only."""
    pairs = np.repeat(np.arange(count, dtype=np.int64)[:, None], 2, axis=1)
    pairs.flags.writeable = False
    return pairs


@lru_cache(maxsize=1024)
def _all_equal(count: int) -> tuple[Edit, ...]:
    return tuple(Edit("equal", i, i) for i in range(count))


class _Span(NamedTuple):
    """A token's half-open interval on one line: start specials, text, middle specials, pair, end specials."""

    start: int
    end: int


def _places(encoding: Encoding) -> tuple[str, ...]:
    """For every token "" when characters stand for it, else its special place: "start", "middle" or "end"."""
    frames = [
        special and segment is None
        for special, segment in zip(encoding.special, encoding.segments, strict=True)
    ]
    content = [i for i, frame in enumerate(frames) if not frame]
    if not content:
        return tuple("end" if i else "start" for i in range(len(frames)))
    first, last = content[0], content[-1]
    return tuple(
        "" if not frame else "start" if i < first else "end" if i > last else "middle"
        for i, frame in enumerate(frames)
    )


def _spans(encoding: Encoding, places: tuple[str, ...]) -> list[_Span] | None:
    """Every token's interval, or None where the tokenizer does not report enough to put them in order.

    Character c of the text holds [3c + 1, 3c + 3) and the gap before it [3c, 3c + 1), so that an empty token (a bare
    metaspace) overlaps only another empty one.
    """
    spans: list[_Span] = []
    for place, offset, segment in zip(places, encoding.offsets, encoding.segments, strict=True):
        if place:
            start = {"start": -2, "middle": _SIDE - 2, "end": 2 * _SIDE}[place]
            spans.append(_Span(start, start + 1))
        elif offset is None or segment is None:
            return None
        else:
            first, last = offset
            base = _SIDE if segment else 0
            spans.append(
                _Span(base + 3 * first + 1, base + 3 * last)
                if last > first
                else _Span(base + 3 * first, base + 3 * first + 1)
            )
    return spans if all(one.start <= two.start for one, two in pairwise(spans)) else None


class _Script:
    """The edit script while it is being written."""

    def __init__(self, reference: Encoding, candidate: Encoding) -> None:
        self.reference, self.candidate = reference, candidate
        self.places, self.other_places = _places(reference), _places(candidate)
        self.edits: list[Edit] = []
        self.pairs: list[Match] = []

    def pair(self, i: int, j: int) -> None:
        same = self.reference.input_ids[i] == self.candidate.input_ids[j]
        self.edits.append(Edit("equal" if same else "replace", i, j))
        self.pairs.append(Match(i, j))

    def gap(self, i: range, j: range, spans: tuple[list[_Span], list[_Span]] | None) -> None:
        """The tokens between two matches: listed side by side for the reader, paired only where they must be the same characters."""
        lone = len(i) == len(j) == 1
        shared = min(len(i), len(j))
        for k in range(shared):
            one, other = i[k], j[k]
            if bool(self.places[one]) != bool(self.other_places[other]):
                self.edits += [Edit("delete", one, None), Edit("insert", None, other)]
            elif spans[0][one] == spans[1][other] if spans else lone:
                self.pair(one, other)
            else:
                self.edits.append(Edit("replace", one, other))
        self.edits += [Edit("delete", one, None) for one in i[shared:]]
        self.edits += [Edit("insert", None, other) for other in j[shared:]]

    def match(self, i: range, j: range, spans: tuple[list[_Span], list[_Span]] | None) -> None:
        """Align two runs of tokens by their pieces, specials by their place."""
        at, other_at = i.start, j.start
        here = [self.places[k] or f"={self.reference.pieces[k]}" for k in i]
        there = [self.other_places[k] or f"={self.candidate.pieces[k]}" for k in j]
        # Of several longest ones the same is taken whichever side is the reference.
        turned = here > there
        found = common_subsequence(there, here) if turned else common_subsequence(here, there)
        for one, other in (match[::-1] if turned else match for match in found):
            self.gap(range(at, i.start + one), range(other_at, j.start + other), spans)
            self.pair(i.start + one, j.start + other)
            at, other_at = i.start + one + 1, j.start + other + 1
        self.gap(range(at, i.stop), range(other_at, j.stop), spans)


def _edits(reference: Encoding, candidate: Encoding) -> tuple[list[Edit], list[Match]]:
    script = _Script(reference, candidate)
    mine, theirs = _spans(reference, script.places), _spans(candidate, script.other_places)
    if mine is None or theirs is None:
        script.match(range(len(reference.input_ids)), range(len(candidate.input_ids)), None)
        return script.edits, script.pairs
    i = j = 0
    while i < len(mine) or j < len(theirs):
        first, other_first = i, j
        end = min(spans[k].start for spans, k in ((mine, i), (theirs, j)) if k < len(spans)) + 1
        while True:  # take in whatever begins before this group of overlapping tokens ends
            if i < len(mine) and mine[i].start < end:
                end, i = max(end, mine[i].end), i + 1
            elif j < len(theirs) and theirs[j].start < end:
                end, j = max(end, theirs[j].end), j + 1
            else:
                break
        if i - first == j - other_first == 1:
            script.pair(first, other_first)
        else:
            script.match(range(first, i), range(other_first, j), (mine, theirs))
    return script.edits, script.pairs


def _kinds(
    reference: Encoding, candidate: Encoding, script: list[Edit], pairs: list[Match]
) -> tuple[Kind, ...]:
    places, other_places = _places(reference), _places(candidate)
    cut = _lost_to_truncation(reference, candidate, script, places, other_places)
    found: set[Kind] = set()
    for index, (op, i, j) in enumerate(script):
        if op == "equal" or index in cut:
            continue
        if i is not None and j is not None and reference.pieces[i] == candidate.pieces[j]:
            found.add("ids")
        elif (places[i] if i is not None else other_places[j or 0]) != "":
            found.add("special_tokens")
        else:
            found.add("text" if _text_differs(reference, candidate) else "pieces")
    lengths = len(reference.input_ids), len(candidate.input_ids)
    cuts = _is_cut(reference), _is_cut(candidate)
    # Where one side alone was cut that is a difference whatever else is different; without offsets no run of tokens may show it.
    if cuts[0] != cuts[1] or (cut and (lengths[0] != lengths[1] or not found)):
        found.add("truncation")
    types, other_types = reference.token_type_ids, candidate.token_type_ids
    if any((types[i] if types else 0) != (other_types[j] if other_types else 0) for i, j in pairs):
        found.add("token_type_ids")
    return tuple(kind for kind in KINDS if kind in found)


def _text_differs(reference: Encoding, candidate: Encoding) -> bool:
    sides = (
        (reference.normalized, candidate.normalized),
        (reference.normalized_pair, candidate.normalized_pair),
    )
    return any(one is not None and other is not None and one != other for one, other in sides)


def _is_cut(encoding: Encoding) -> bool:
    return encoding.untruncated > len(encoding.input_ids)


def _lost_to_truncation(
    reference: Encoding,
    candidate: Encoding,
    script: list[Edit],
    places: tuple[str, ...],
    other_places: tuple[str, ...],
) -> set[int]:
    """Indices of edits for tokens that one side has and the other, being cut, lacks at an end of the text or pair.

    A text is cut at one end; of the two runs of lacking tokens the longer is taken to be the cut.
    """
    runs: dict[int, list[int]] = {}
    for index, (_, i, j) in enumerate(script):
        if i is not None and not places[i]:
            runs.setdefault(reference.segments[i] or 0, []).append(index)
        elif i is None and j is not None and not other_places[j]:
            runs.setdefault(candidate.segments[j] or 0, []).append(index)
    lost: set[int] = set()
    sides: tuple[tuple[Encoding, Operation], ...] = ((candidate, "delete"), (reference, "insert"))
    for side, op in sides:
        if not _is_cut(side):
            continue
        for run in runs.values():
            first, last = _leading(script, run, op), _leading(script, run[::-1], op)
            lost.update(first if len(first) > len(last) else last)
    return lost


def _leading(script: list[Edit], run: list[int], op: Operation) -> list[int]:
    stop = next((k for k, index in enumerate(run) if script[index].op != op), len(run))
    return run[:stop]
