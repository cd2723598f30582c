"""Paths as reports show them: by their last two names, `…/models/bert-reviews`; in full they stand in audit.json only.

A report is passed on to other people, and the folders of one machine do not belong in it. Paths that share their last names are shown by as many more
as tell them apart. Texts of the inputs are data and stay as they are, whatever they look like, and so do relative paths.

>>> shown_paths(["hf:/data/models/bert@/envs/old/bin/python", "hf:/home/me/x/bert@/envs/new/bin/python", "hf:./bert"])
['hf:…/models/bert@…/old/bin/python', 'hf:…/x/bert@…/new/bin/python', 'hf:./bert']
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar, cast
from urllib.parse import quote, unquote

import msgspec

__all__ = ["shown_paths"]

_Record = TypeVar("_Record")
_LEAST = 2  # names that are shown
_SAFE = "/:~.,+-_ \\()[]{}!$'*;"  # what a subject does not write percent-encoded (parity/subjects/subject.py)

# What holds texts of the inputs, by the name of its field or key.
_DATA = frozenset({"flips", "examples", "labels", "classes", "contested", "script", "text", "pair", "pieces"})

# What is a subject, a place or a command line as it was written, by the name of its field or key.
_WRITTEN = frozenset(
    {
        "",
        "spec",
        "source",
        "command",
        "subject",
        "base",
        "tokenizer",
        "transformer",
        "_name_or_path",
        "name_or_path",
    }
)

# In a sentence: an absolute path of three names or more, or one under a home folder. Not the path of an address, and not a fraction.
_IN_TEXT = re.compile(
    r"(?<![\w./:~…-])(?:file://)?((?:~[\w.-]*)?/(?:[^\s/'\"`<>|,;:?&@=()\[\]{}…]+/)+[^\s/'\"`<>|,;:?&@=()\[\]{}…]+)/?"
)
_ABSOLUTE = re.compile(r"(?:~[\w.-]*)?/[^/]+/.*[^/]", re.DOTALL)


def shown_paths(record: _Record) -> _Record:
    """The record (or list, or dict, or text) with every absolute path in it shortened, and otherwise the same."""
    found: set[str] = set()
    for name, text in _texts(record):
        found.update(_in_sentence(text))
        if name in _WRITTEN:
            found.update(_written(text))
    shorts = _shorts(found)
    spelled = {form: short for path, short in shorts.items() for form in (path, quote(path, safe=_SAFE))}
    if not spelled:
        return record
    longest_first = sorted(spelled, key=lambda form: (-len(form), form))
    pattern = re.compile(
        r"(?<![\w./~…-])(?:file://)?(" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])/?"
    )
    return cast(
        "_Record", _changed(record, lambda text: pattern.sub(lambda found: _shown(found, spelled), text))
    )


def _shown(found: re.Match[str], spelled: dict[str, str]) -> str:
    return spelled[found.group(1)]


def _shorts(paths: Iterable[str]) -> dict[str, str]:
    """Each path with how it is shown: two names, and more where another path would be shown alike."""
    names = {path: [name for name in path.split("/") if name] for path in paths}
    kept = dict.fromkeys(names, _LEAST)
    while True:
        alike: dict[tuple[str, ...], list[str]] = {}
        for path, parts in names.items():
            alike.setdefault(tuple(parts[-kept[path] :]), []).append(path)
        longer = [
            path
            for group in alike.values()
            if len({tuple(names[path]) for path in group}) > 1
            for path in group
            if kept[path] < len(names[path])
        ]
        if not longer:
            return {path: "…/" + "/".join(parts[-kept[path] :]) for path, parts in names.items()}
        for path in longer:
            kept[path] += 1


def _in_sentence(text: str) -> Iterator[str]:
    for found in _IN_TEXT.finditer(text):
        path = found.group(1)
        if path.startswith("~") or len([name for name in path.split("/") if name]) > _LEAST:
            yield path


def _written(text: str) -> Iterator[str]:
    """The absolute paths of a subject, of a place, or of a command line: they may hold what ends a path in a sentence."""
    for word in _words(text):
        for component in re.split(r"[?&@]", word):
            for candidate in (component, component.partition("=")[2], component.partition(":")[2]):
                path = unquote(candidate).rstrip("/")
                if _ABSOLUTE.fullmatch(path):
                    yield path


def _words(text: str) -> list[str]:
    if not text.startswith("parity "):
        return [text]
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a record that is not data, with the name of its field; the keys of mappings among them."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            if field not in _DATA:
                yield from _texts(getattr(value, field), field)
    elif isinstance(value, dict):
        for key, item in _mapping(value).items():
            yield from _texts(key, name)
            if key not in _DATA:
                yield from _texts(item, str(key))
    elif isinstance(value, list | tuple):
        for item in _sequence(value):
            yield from _texts(item, name)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    """The value with every text changed that `_texts` finds."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return type(value)(
            **{name: item if name in _DATA else _changed(item, change) for name, item in fields.items()}
        )
    if isinstance(value, dict):
        items = _mapping(value).items()
        return {
            _changed(key, change): item if key in _DATA else _changed(item, change) for key, item in items
        }
    if isinstance(value, list):
        return [_changed(item, change) for item in _sequence(value)]
    if isinstance(value, tuple):
        return tuple(_changed(item, change) for item in _sequence(value))
    return value


def _mapping(value: Any) -> dict[Any, Any]:
    mapping: dict[Any, Any] = value
    return mapping


def _sequence(value: Any) -> Sequence[Any]:
    items: Sequence[Any] = value
    return items
