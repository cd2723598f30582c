"""The difference of two recordings, as unified diffs, without what `expected.toml` lists.

[[expected]]                    # lines that may be added or removed
case = "*"                      # a pattern of names of cases
file = "audit.json"             # a pattern of names of files, in the case's folder or below it
line = '^[+]rows_sampled = '    # a regular expression that is searched for in the line, its sign included
why = "The record says which rows were sampled."

[[expected]]                    # words that are others: the lines before, so changed, must be the lines after
case = "port-*"
file = "*.md"
before = 'one-sided bound at (\\d+) %'
after = 'upper bound, \\1 % confidence'
why = "Plain English."

`words`, a list of such pairs, stands for as many entries.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from tools.lock.normal import PLACES, normal_lines, read_places

__all__ = ["Difference", "Expected", "compare_folders", "read_expected"]

KEYS = {"case", "file", "line", "before", "after", "words", "why"}


class Expected(NamedTuple):
    """A difference that is intended: lines by a pattern, or words with their replacement."""

    case: str
    file: str
    why: str
    line: str | None = None
    before: str | None = None
    after: str | None = None

    def covers(self, case: str, file: str) -> bool:
        """Whether it is about this file of this case."""
        return fnmatchcase(case, self.case) and fnmatchcase(file, self.file)


class Difference(NamedTuple):
    """What differs: the unified diffs that are not expected, and how many lines each expectation accounts for."""

    texts: tuple[str, ...]
    expected: Counter[Expected]


def read_expected(path: Path) -> tuple[Expected, ...]:
    """Read the list of intended differences; raises ValueError where an entry is not one."""
    found: list[Expected] = []
    for entry in tomllib.loads(path.read_text("utf-8")).get("expected", []):
        unknown = set(entry) - KEYS
        one = "before" in entry and "after" in entry
        if (
            unknown
            or not {"case", "file", "why"} <= set(entry)
            or [one, "line" in entry, "words" in entry].count(True) != 1
        ):
            raise ValueError(f"{path}: case, file, why, and line, or before with after, or words: {entry}")
        for before, after in entry.pop("words", [(entry.pop("before", None), entry.pop("after", None))]):
            re.compile(entry.get("line") or before)
            found.append(Expected(**entry, before=before, after=after))
    return tuple(found)


def compare_folders(
    before: Path, after: Path, expected: Sequence[Expected] = (), cases: Iterable[str] | None = None
) -> Difference:
    """Compare two recordings: all their cases, or those named; a file of one side only is a difference."""
    wanted = set(cases) if cases is not None else None
    files = sorted({file for folder in (before, after) for file in _files(folder, wanted)})
    if not files:
        raise ValueError(f"nothing was recorded in {before} and {after}")
    places = read_places(before), read_places(after)
    texts: list[str] = []
    counts: Counter[Expected] = Counter()
    for file in files:
        sides = [
            normal_lines(folder / file, known) if (folder / file).is_file() else None
            for folder, known in zip((before, after), places, strict=True)
        ]
        texts += _compare(file, sides[0], sides[1], expected, counts)
    return Difference(tuple(texts), counts)


def _compare(
    file: Path,
    before: list[str] | None,
    after: list[str] | None,
    expected: Sequence[Expected],
    counts: Counter[Expected],
) -> Iterator[str]:
    case, name = file.parts[0], "/".join(file.parts[1:])
    about = [one for one in expected if one.covers(case, name)]
    left = _reworded(before or [], [one for one in about if one.before is not None], counts)
    heads = (
        f"{'before' if before is not None else 'NOT THERE before'}/{file}",
        f"{'after' if after is not None else 'NOT THERE after'}/{file}",
    )
    if (before is None) != (after is None) and not (left or after):
        yield f"--- {heads[0]}\n+++ {heads[1]}"
    lines = [one for one in about if one.line is not None]
    hunks = list(_hunks(list(difflib.unified_diff(left, after or [], *heads, lineterm="", n=2))))
    kept = [hunk for hunk in hunks if not _is_expected(hunk, lines, counts)]
    if kept:
        yield "\n".join([f"--- {heads[0]}", f"+++ {heads[1]}", *("\n".join(hunk) for hunk in kept)])


def _reworded(lines: list[str], words: Sequence[Expected], counts: Counter[Expected]) -> list[str]:
    for one in words:
        assert one.before is not None and one.after is not None
        changed = [re.sub(one.before, one.after, line) for line in lines]
        counts[one] += sum(old != new for old, new in zip(lines, changed, strict=True))
        lines = changed
    return lines


def _hunks(diff: Sequence[str]) -> Iterator[list[str]]:
    """The hunks of a unified diff, without its two heads."""
    hunk: list[str] = []
    for line in diff[2:]:
        if line.startswith("@@") and hunk:
            yield hunk
            hunk = []
        hunk.append(line)
    if hunk:
        yield hunk


def _is_expected(hunk: Sequence[str], lines: Sequence[Expected], counts: Counter[Expected]) -> bool:
    """Whether every changed line of a hunk is expected; only then it is counted."""
    found: list[Expected] = []
    for line in hunk[1:]:
        if line.startswith(("+", "-")):
            one = next((one for one in lines if re.search(one.line or "", line)), None)
            if one is None:
                return False
            found.append(one)
    counts.update(found)
    return True


def _files(folder: Path, cases: set[str] | None) -> Iterator[Path]:
    for path in folder.rglob("*"):
        file = path.relative_to(folder)
        if path.is_file() and file != Path(PLACES) and (cases is None or file.parts[0] in cases):
            yield file
