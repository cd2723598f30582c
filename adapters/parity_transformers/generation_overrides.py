"""Settings of generation that the user overrides: `?generation.num_beams=4`, and `?use_cache=false`.

They take the place of the model's own wherever it generates. A key that the library's settings do not have is refused; one without
effect is reported in a note.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from transformers are Any here.

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from . import generation_settings, settings

if TYPE_CHECKING:
    from parity._in_process.host import Host

    from .loading import Loaded
    from .options import Options

__all__ = ["apply"]

_ELSEWHERE = {
    "use_cache": "Use ?use_cache=.",
    "num_return_sequences": "One text is generated for each row.",
    "max_time": "A text that depends on the clock is not the same twice.",
    "trust_remote_code": "Use ?trust_remote_code=.",
}
_SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")
# What decides the type where the value that is there does not: None is read as JSON.
_LIKE: dict[str, Any] = {"early_stopping": None, "max_new_tokens": 1, "min_new_tokens": 1}


def apply(loaded: Loaded, chosen: Options, host: Host) -> dict[str, Any]:
    """The overridden settings by name, each checked and noted with the loaded model; empty where none is given."""
    given = settings.group(dict(chosen.settings), "generation")
    if not given and chosen.use_cache is None:
        return {}
    if not generation_settings.generates(loaded):
        first = given[0] if given else f"use_cache={str(chosen.use_cache).lower()}"
        raise host.Refusal(
            "bad-option-value",
            f"{first} has no effect: {loaded.name} does not generate text.",
            "Omit it, or open a folder whose config.json names a model that generates.",
        )
    known = generation_settings.known(loaded)
    plain = generation_settings.settings(loaded)
    found: dict[str, Any] = {}
    for one in given:
        value = _value(one, known, loaded.name, host)
        found[one.key] = value
        changed = generation_settings.settings(loaded, found)
        if changed == generation_settings.settings(loaded, {k: v for k, v in found.items() if k != one.key}):
            loaded.notes.append(f"{one} has no effect: the settings of generation are the same without.")
        elif one.key in _SAMPLING and not changed.get("do_sample"):
            loaded.notes.append(f"{one} has an effect only with generation.do_sample=true.")
        loaded.overrides.overridden.append(settings.overridden(one, plain.get(one.key), value))
    _check(loaded, given, found, host)
    if chosen.use_cache is not None:
        found["use_cache"] = chosen.use_cache
        _note_cache(loaded, bool(plain.get("use_cache", True)), chosen.use_cache)
    return found


def _value(given: settings.Given, known: dict[str, Any], place: str, host: Host) -> Any:
    name = f"the settings of generation of {place}"
    if given.key in _ELSEWHERE or generation_settings.without_effect(given.key):
        step = _ELSEWHERE.get(given.key, "It does not change which text is generated.")
        raise host.Refusal("bad-option-value", f"{given} is not a setting to change here.", step)
    if given.key not in known:
        raise settings.unknown(given, sorted(known), name, host)
    if given.key.endswith("_token_id"):
        return _tokens(given, name, host)
    return settings.typed(given, _LIKE.get(given.key, known[given.key]), name, host)


def _tokens(given: settings.Given, place: str, host: Host) -> Any:
    """The id of a token, or a list of several."""
    found = settings.typed(given, None, place, host)
    listed = found if isinstance(found, list) else [found]
    if found is not None and not all(isinstance(one, int) and not isinstance(one, bool) for one in listed):
        raise host.Refusal(
            "bad-option-value",
            f"{given} does not fit: {given.key} of {place} is the id of a token.",
            "Write a whole number, a list of them as JSON, or null for None.",
        )
    return found


def _check(loaded: Loaded, given: list[settings.Given], found: dict[str, Any], host: Host) -> None:
    """Refuse values that the library refuses, where it accepts the settings without them."""
    own = getattr(loaded.model, "generation_config", None)
    if own is None or not given or not hasattr(own, "validate"):
        return
    changed = copy.deepcopy(own)
    try:
        changed.validate()
    except Exception:  # noqa: BLE001  # the file's own settings are not these
        return
    try:
        for name, value in found.items():
            setattr(changed, name, value)
        changed.validate()
    except Exception as error:
        words = ", ".join(map(str, given))
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise host.Refusal(
            "bad-option-value", f"{words} is refused by transformers: {reason}", "Give another value."
        ) from error


def _note_cache(loaded: Loaded, before: bool, value: bool) -> None:
    """What a choice of the cache changes: generation, where it is another than its own, and forwards, which keep none by default."""
    if before != value:
        loaded.overrides.overridden.append(
            {"setting": "use_cache", "before": str(before), "value": str(value)}
        )
    if value and hasattr(loaded.model.config, "use_cache"):
        loaded.notes.append(
            "Forwards keep keys and values too, as ?use_cache=true requests; by default they do not."
        )
    elif before == value:
        loaded.notes.append(
            f"use_cache={str(value).lower()} has no effect: generation and forwards are the same without."
        )
