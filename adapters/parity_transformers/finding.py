"""Finding what `hf:` names: a folder, a hub id, or a bare family name, and reading its configuration."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# Values from torch, transformers and JSON files are Any here.

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from . import other_formats

if TYPE_CHECKING:
    from transformers import PretrainedConfig

    from parity._in_process.host import Host, Refusal

__all__ = [
    "FAMILIES",
    "Source",
    "config_of",
    "find",
    "first_line",
    "no_text_model",
    "not_by_text_alone",
    "not_in_dtype",
    "own_code",
]

# A bare family name stands for its usual checkpoint; where the hub also has an older name, caches may have that one.
FAMILIES: dict[str, tuple[str, ...]] = {
    "albert": ("albert/albert-base-v2", "albert-base-v2"),
    "bert": ("google-bert/bert-base-uncased", "bert-base-uncased"),
    "deberta": ("microsoft/deberta-v3-base",),
    "distilbert": ("distilbert/distilbert-base-uncased", "distilbert-base-uncased"),
    "electra": ("google/electra-small-discriminator",),
    "gpt2": ("openai-community/gpt2", "gpt2"),
    "minilm": ("sentence-transformers/all-MiniLM-L6-v2",),
    "modernbert": ("answerdotai/ModernBERT-base",),
    "mpnet": ("microsoft/mpnet-base",),
    "roberta": ("FacebookAI/roberta-base", "roberta-base"),
    "xlm-roberta": ("FacebookAI/xlm-roberta-base", "xlm-roberta-base"),
}


class Source(NamedTuple):
    """Where to search: the names to try in turn, whether it is a local folder, and a note about the name."""

    names: list[str]
    local: bool
    note: str | None


def find(locator: str, host: Host) -> Source:
    """The meaning of a locator; refuses one that can be neither a model's folder nor a hub id."""
    path = os.path.expanduser(locator)
    if os.path.isdir(path):
        if not os.path.isfile(os.path.join(path, "config.json")):
            _refuse_other_layouts(locator, path, host)
            other = other_formats.unread(path, host)
            if other is not None:
                raise other
            raise host.Refusal(
                "subject-not-found",
                f"The folder {locator} holds no config.json.",
                "Name the folder that save_pretrained() wrote.",
            )
        try:
            with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
                json.load(file)
        except ValueError as error:
            raise host.Refusal("subject", f"The config.json of {locator} is not JSON: {error}.") from error
        return Source([path], True, None)
    if os.path.exists(path):
        raise other_formats.unread(path, host) or host.Refusal(
            "subject-not-found",
            f"{locator} is a file, and hf: needs a folder.",
            "Name the folder that save_pretrained() wrote.",
        )
    if locator.startswith((".", "/", "~")) or locator.count("/") > 1 or not locator:
        raise host.Refusal(
            "subject-not-found",
            "There is no folder {}.".format(locator or "''"),
            "Give a local folder, or a hub id such as FacebookAI/roberta-base.",
        )
    if locator.lower() in FAMILIES:
        names = FAMILIES[locator.lower()]
        return Source(list(names), False, f"hf:{locator} stands for {names[0]}.")
    return Source([locator], False, None)


def _refuse_other_layouts(locator: str, path: str, host: Host) -> None:
    """A folder of sentence-transformers with its transformer one folder deeper."""
    modules = _json(path, "modules.json")
    if isinstance(modules, list):
        places = [one.get("path") for one in modules if isinstance(one, dict)]
        inside = next((place for place in places if place and isinstance(place, str)), None)
        if inside and os.path.isfile(os.path.join(path, inside, "config.json")):
            raise host.Refusal(
                "subject-not-found",
                f"The folder {locator} holds no config.json: its transformer is in {inside}.",
                f"Name the folder {os.path.join(locator, inside)}.",
            )


def _json(path: str, name: str) -> Any:
    try:
        with open(os.path.join(path, name), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def config_of(source: Source, hub: dict[str, object], host: Host) -> tuple[str, PretrainedConfig]:
    """The name that worked, and its configuration; refuses with the reason where none does."""
    import transformers

    auto: Any = transformers.AutoConfig
    last: Exception | None = None
    for name in source.names:
        try:
            return name, auto.from_pretrained(name, **hub)
        except Exception as error:  # noqa: BLE001  # its classes differ from version to version
            last = last or error
    assert last is not None
    raise _no_config(source, last, host) from last


def settle_architectures(config: PretrainedConfig) -> list[str]:
    """Make `config.architectures` a list of names, or None; a note for entries that were not names."""
    given = getattr(config, "architectures", None)
    if given is None:
        return []
    listed = [given] if isinstance(given, str) else given if isinstance(given, (list, tuple)) else []
    names = [name for name in listed if isinstance(name, str) and name]
    config.architectures = names or None
    if isinstance(given, str) or names == list(listed) != []:
        return []
    return (
        []
        if given == []
        else [f"architectures in config.json is {given!r}; entries that are not names were ignored."]
    )


def _no_config(source: Source, error: Exception, host: Host) -> Refusal:
    import transformers

    name, text = source.names[0], first_line(error)
    if "trust_remote_code" in str(error) or "execute the" in str(error):
        return own_code(name, host)
    if isinstance(error, KeyError) or "model type" in str(error) or "model_type" in str(error):
        return host.Refusal(
            "subject",
            f"transformers {transformers.__version__} does not know what kind of model {name} is: {text}",
            "Check model_type in its config.json, or name a newer interpreter with @.",
        )
    if source.local:
        return host.Refusal("subject", f"The config.json of {name} cannot be read: {text}")
    offline = os.environ.get("TRANSFORMERS_OFFLINE") == "1"
    if "connect" in text.lower() or "cached" in text.lower():  # two lines of advice about the network
        text = "no connection"
    beginning = (
        f"There is no folder {name}, and" if source.note is None else source.note[:-1] + ", but there is"
    )
    return host.Refusal(
        "subject-not-found",
        "{} no model {} in the cache or on the hub ({}).".format(
            beginning, name, "HF_HUB_OFFLINE switches the hub off" if offline else text
        ),
        "Check the name, or give a local folder."
        + (" Unset HF_HUB_OFFLINE to let it be downloaded." if offline else ""),
    )


def own_code(name: str, host: Host) -> Refusal:
    """The refusal of a checkpoint that needs its own Python code."""
    return host.Refusal(
        "unsafe-artifact",
        f"{name} needs its own Python code, which was not run.",
        "If you trust that code, add ?trust_remote_code=yes.",
    )


def no_text_model(name: str, why: str, host: Host) -> Refusal:
    """The refusal of a model that does not read text, or needs more than text."""
    return host.Refusal(
        "subject",
        f"{name} is not a text model: {why}.",
        "Give a model that reads texts; a text encoder inside another model can be saved as a folder of its own.",
    )


def not_by_text_alone(name: str, kind: str, error: Exception, host: Host) -> Refusal:
    """The refusal of a model that a short text, encoded by its tokenizer, does not run."""
    return host.Refusal(
        "subject",
        f"{name} cannot be run on a text alone: {kind} raised {type(error).__name__}: {first_line(error)}.",
        "Where it needs a picture, sound or a second text, it is not a text model; otherwise check its config.json.",
    )


def not_in_dtype(name: str, where: str, error: Exception, host: Host) -> Refusal:
    """The refusal of a dtype that this torch has no operations for, on this device."""
    import torch

    return host.Refusal(
        "bad-option-value",
        f"torch {torch.__version__} cannot run {name} in {where}: {error}",
        "Use dtype=float32, or an interpreter with a newer torch.",
    )


def first_line(error: BaseException) -> str:
    """The beginning of a framework's message, as part of a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines[:2]).rstrip(" ,:") or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "…"
