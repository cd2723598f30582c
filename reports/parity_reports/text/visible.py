"""Text from inputs made visible: characters that hide, re-order or look like a space are shown by their number.

A model name, a label or an example may hold anything: a right-to-left override turns a row around, a zero-width space
explains why two tokenizers disagree. What cannot be seen is shown as `⟨U+202E⟩`, the same in every report. What is left is
also valid in XML and can be encoded as UTF-8 (lone surrogates and non-characters are shown by number as well).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup, escape

__all__ = ["Span", "markup", "spans", "visible"]

# Cc · Cf · Zl · Zp · Zs but the space · default-ignorable code points · surrogates · non-characters. Left out of Cf are
# the signs that are seen, such as U+0600 ARABIC NUMBER SIGN. Written as ranges: asking unicodedata for all takes a second.
_PLANES = "".join(
    f"{chr(plane * 0x10000 + 0xFFFE)}-{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17)
)
_HIDDEN = (
    "\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2800\u3000\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff" + _PLANES
)
# In prose a joiner or a variation selector after a letter or an emoji belongs to the writing, and stays.
_JOINING = "\u200c\u200d\ufe0e\ufe0f"
_EXACT = re.compile(f"[{_HIDDEN}]")
_PROSE = re.compile(f"(?![{_JOINING}])[{_HIDDEN}]|(?<![^\x00-\x7f{_HIDDEN}])(?<!\ufe0f)[{_JOINING}]")


class Span(NamedTuple):
    """A stretch of text as it is, or one hidden character as `⟨U+XXXX⟩`."""

    text: str
    hidden: bool


def spans(text: str, *, exact: bool = False) -> Iterator[Span]:
    """The text in stretches, in order. `exact` shows joiners too, as the view of tokens needs."""
    done = 0
    for match in (_EXACT if exact else _PROSE).finditer(text):
        if match.start() > done:
            yield Span(text[done : match.start()], hidden=False)
        yield Span(f"⟨U+{ord(match.group()):04X}⟩", hidden=True)
        done = match.end()
    if done < len(text):
        yield Span(text[done:], hidden=False)


def visible(text: str, *, exact: bool = False) -> str:
    r"""The text with nothing hidden in it, on one line.

    >>> visible("a\u202eb")
    'a⟨U+202E⟩b'
    """
    return "".join(span.text for span in spans(text, exact=exact))


def markup(text: str, *, exact: bool = False) -> Markup:
    """The same for HTML: escaped, and hidden characters as chips whose text is that of `visible`."""
    return Markup("").join(
        Markup('<span class="cc">{}</span>').format(span.text) if span.hidden else escape(span.text)
        for span in spans(text, exact=exact)
    )
