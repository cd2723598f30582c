"""Settings of a tokenizer that the user overrides: `?tokenizer.legacy=false`, given to `AutoTokenizer.from_pretrained` as its users give them.

A setting that the tokenizer does not have is refused; where the loaded tokenizer is the same with and without them, a note says so.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from transformers are Any here.

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Callable

from . import settings

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["arguments", "check", "note", "overridden"]

_ELSEWHERE = {
    "use_fast": "Use ?use_fast=.",
    "trust_remote_code": "Use ?trust_remote_code=.",
    "revision": "Use ?revision=.",
    "name_or_path": "Use ?tokenizer=PATH.",
    "tokenizer_class": "Name a folder whose tokenizer_config.json has that class with ?tokenizer=PATH.",
    "auto_map": "Code of a checkpoint is run only with trust_remote_code=true, by its own files.",
    "added_tokens_decoder": "Name a folder with such a tokenizer with ?tokenizer=PATH.",
}
_FILES = ("_file", "_object", "_files_names", "vocab", "merges")
_ALWAYS = {"from_slow": False}  # taken by every tokenizer, and an attribute of none
_TRIED = "Ünder a (film) [MASK]<extra_id_0>x <s>y</s>z  don't"


def check(given: list[settings.Given], host: Host) -> None:
    """Refuse a setting that another option has, or that names files, before anything is loaded."""
    for one in given:
        if one.key in _ELSEWHERE or one.key.endswith(_FILES):
            step = _ELSEWHERE.get(one.key, "Use ?tokenizer=PATH for a folder with other files.")
            raise host.Refusal("bad-option-value", f"{one} is not a setting to change here.", step)


def arguments(plain: Any, given: list[settings.Given], place: str, host: Host) -> dict[str, Any]:
    """The settings as arguments, each typed by the value that the tokenizer without them has; refuses those it does not have."""
    known = dict(_ALWAYS, **_known(plain))
    name = f"the tokenizer of {place}"
    found: dict[str, Any] = {}
    for one in given:
        if one.key not in known:
            raise settings.unknown(one, sorted(known), name, host)
        found[one.key] = settings.typed(one, known[one.key], name, host)
    return found


def overridden(plain: Any, given: list[settings.Given], values: dict[str, Any]) -> list[dict[str, str]]:
    """The settings for the description, each with the value that the tokenizer without them has."""
    known = dict(_ALWAYS, **_known(plain))
    return [settings.overridden(one, known[one.key], values[one.key]) for one in given]


def note(plain: Any, changed: Any, given: list[settings.Given]) -> str | None:
    """Why the settings have no effect; None where they may have one."""
    if _signature(plain) != _signature(changed):
        return None
    words = ", ".join(map(str, given))
    verb = "has" if len(given) == 1 else "have"
    return f"{words} {verb} no effect: {type(changed).__name__} is the same without."


def _known(tokenizer: Any) -> dict[str, Any]:
    """The settings that a tokenizer has: those it was made with, those its class takes, and those every tokenizer has."""
    known: dict[str, Any] = {}
    kinds: list[Any] = list(reversed(type(tokenizer).__mro__[:-1]))
    for kind in kinds:
        try:
            parameters = inspect.signature(kind.__init__).parameters
        except (TypeError, ValueError):
            continue
        known.update(
            (name, None if one.default is inspect.Parameter.empty else one.default)
            for name, one in parameters.items()
            if name != "self" and one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)
        )
    known.update(getattr(tokenizer, "init_kwargs", {}))
    for name in ("model_max_length", "padding_side", "truncation_side", *tokenizer.SPECIAL_TOKENS_ATTRIBUTES):
        value = getattr(tokenizer, name, None) if name != "additional_special_tokens" else None
        known[name] = str(value) if name.endswith("_token") and value is not None else value
    known["model_max_length"] = int(min(known["model_max_length"] or 0, 1 << 62))
    return {
        name: value for name, value in known.items() if name not in _ELSEWHERE and not name.endswith(_FILES)
    }


def _signature(tokenizer: Any) -> list[Any]:
    """All that distinguishes a tokenizer: the settings of its calls, its parts, and what it makes of a text."""
    part: Callable[[str], Any] = lambda name: getattr(tokenizer, name, None)
    found = [type(tokenizer).__name__, *map(part, ("model_max_length", "padding_side", "truncation_side"))]
    found += [
        {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
        part("model_input_names"),
    ]
    found += [tokenizer.backend_tokenizer.to_str() if tokenizer.is_fast else "", tokenizer.tokenize(_TRIED)]
    return [*found, tokenizer(_TRIED)["input_ids"]]
