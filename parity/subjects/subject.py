"""A subject: what is run, written `scheme:locator@interpreter?option=value&option=value`.

The same parser prints it back: `parse_subject(str(subject)) == subject`. A `@`, `?`, `&`, `=` or `%` inside a part
is written percent-encoded, as in a URL.

>>> parse_subject("hf:./m@/envs/old/bin/python?dtype=float32&attn=eager")
Subject(scheme='hf', locator='./m', interpreter='/envs/old/bin/python', options=(('dtype', 'float32'), ('attn', 'eager')))
>>> str(parse_subject("allennlp:reviews.tar.gz"))
'allennlp:reviews.tar.gz'
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

from parity.errors import SubjectError

__all__ = ["Subject", "parse_subject"]

_SCHEME = re.compile(r"[a-z][a-z0-9_-]*\Z")
_SAFE = "/:~.,+-_ \\()[]{}!$'*;"


class Subject(NamedTuple):
    """What is run: which adapter, which artifact, in which interpreter, with which options (in the order given).

    >>> str(Subject("hf", "./m", options=(("dtype", "bfloat16"),)))
    'hf:./m?dtype=bfloat16'
    """

    scheme: str
    locator: str
    interpreter: str | None = None
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        text = f"{self.scheme}:{_escape(self.locator)}"
        if self.interpreter is not None:
            text += f"@{_escape(self.interpreter)}"
        if self.options:
            text += "?" + "&".join(f"{_escape(name)}={_escape(value)}" for name, value in self.options)
        return text

    def option(self, name: str) -> str | None:
        """The value given for an option, None if it was not given."""
        return dict(self.options).get(name)


def parse_subject(text: str) -> Subject:
    """Read a subject; raises SubjectError with the form expected when the text is not one."""
    scheme, colon, rest = text.partition(":")
    if not colon or not _SCHEME.match(scheme):
        from parity.subjects.adapter import schemes  # which reads this module

        place = text or "./model"
        raise SubjectError(
            f"{text!r} is not a subject: it does not begin with a scheme and a colon.",
            next_step=f"Write one of: {', '.join(f'{name}:{place}' for name in schemes())}.",
        )
    place, question, query = rest.partition("?")
    locator, at, interpreter = place.partition("@")
    if not locator:
        raise SubjectError(
            f"{text!r} names nothing after {scheme}:.",
            next_step=f"Write the folder, file or id, for example {scheme}:./model.",
        )
    if at and not interpreter:
        raise SubjectError(
            f"{text!r} has an @ without an interpreter.", next_step="Write @/path/to/python, or drop the @."
        )
    options = tuple(_option(text, part) for part in query.split("&")) if question else ()
    names = [name for name, _ in options]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SubjectError(f"{text!r} gives the option {twice!r} twice.", next_step="Keep one of them.")
    return Subject(scheme, unquote(locator), unquote(interpreter) if at else None, options)


def _option(text: str, part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals or not name:
        raise SubjectError(
            f"{text!r} has {part!r} instead of an option.", next_step="Write ?name=value&name=value."
        )
    return unquote(name), unquote(value)


def _escape(part: str) -> str:
    return quote(part, safe=_SAFE)
