"""Settings that a user gives by their own name (`?config.layer_norm_eps=1e-5`): typed by the value that is there, or refused.

One table of values is enough, whatever it belongs to: a config, a tokenizer, generation settings. Standard library only.
"""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any, Mapping

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal

__all__ = ["Given", "group", "overridden", "typed", "unknown"]

_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOTHING = ("null", "none", "None")


class Given:
    """One setting as the user wrote it: `option` in full, `key` its name inside its group, `text` its value."""

    def __init__(self, option: str, key: str, text: str) -> None:
        self.option = option
        self.key = key
        self.text = text

    def __str__(self) -> str:
        return f"{self.option}={self.text}"


def group(options: Mapping[str, str], name: str) -> list[Given]:
    """The settings of a group among the options, in their order: `group(options, "config")`."""
    start = name + "."
    return [
        Given(option, option[len(start) :], text)
        for option, text in options.items()
        if option.startswith(start)
    ]


def typed(given: Given, present: Any, place: str, host: Host) -> Any:
    """The value of a setting, of the type of the value that is there; refuses what is not of that type.

    `null` is None whatever is there. Where nothing is there (None), the text is read as JSON, and as a text where it is not JSON.
    """
    text = given.text.strip()
    if text in _NOTHING:
        return None
    found, expected = _read(text, present)
    if expected:
        raise host.Refusal(
            "bad-option-value",
            f"{given} does not fit: {given.key} of {place} is {present!r}.",
            f"Write {expected}, or null for None.",
        )
    return found


def overridden(given: Given, before: Any, value: Any) -> dict[str, str]:
    """A setting that was changed, for the description: its name as an option, its value in the files, and the one here."""
    return {"setting": given.option, "before": str(before), "value": str(value)}


def unknown(given: Given, known: list[str], place: str, host: Host) -> Refusal:
    """The refusal of a key that is not there: one that nothing reads would have no effect."""
    near = difflib.get_close_matches(given.key, known, n=3, cutoff=0.5)
    step = f"Did you mean {' or '.join(near)}?" if near else "Take the name from the file of settings."
    return host.Refusal("bad-option-value", f"{given} has no effect: {place} has no {given.key}.", step)


def _read(text: str, present: Any) -> tuple[Any, str]:
    """The value, and what would have been a value where it is none."""
    if isinstance(present, bool):
        return _FLAGS.get(text.lower()), "" if text.lower() in _FLAGS else "true or false"
    if isinstance(present, int):
        return _number(text, int), "" if _number(text, int) is not None else "a whole number"
    if isinstance(present, float):
        return _number(text, float), "" if _number(text, float) is not None else "a number, such as 1e-5"
    if isinstance(present, str):
        return text, ""
    found = _json(text)
    if isinstance(present, (list, tuple)):
        kind: Any = list
        return found, "" if isinstance(found, kind) else "a list as JSON, such as [1, 2]"
    if isinstance(present, dict):
        return found, "" if isinstance(found, dict) else 'an object as JSON, such as {"a": 1}'
    return found, ""


def _number(text: str, kind: Any) -> Any:
    try:
        return kind(text)
    except ValueError:
        return None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
