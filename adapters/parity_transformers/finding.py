"""Finding what `hf:` names: a folder, a hub id, or a bare family name, and reading its configuration."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

__all__ = ["FAMILIES", "Source", "config_of", "find", "first_line", "own_code"]

# A bare family name stands for its usual checkpoint; where the hub has an older name too, caches may have that.
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
    """Where to look: the names to try in turn, whether it is a folder here, and what to tell about the name."""

    names: list[str]
    local: bool
    note: str | None


def find(locator: str, host: Any) -> Source:
    """What a locator stands for; refuses what can be neither a model's folder nor a hub id."""
    path = os.path.expanduser(locator)
    if os.path.isdir(path):
        if not os.path.isfile(os.path.join(path, "config.json")):
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
        raise host.Refusal(
            "subject-not-found",
            f"{locator} is a file, and hf: asks for a folder.",
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


def config_of(source: Source, hub: dict[str, Any], host: Any) -> tuple[str, Any]:
    """The name that worked, and its configuration; refuses with the reason where none does."""
    import transformers

    auto: Any = transformers.AutoConfig
    last: Exception | None = None
    for name in source.names:
        try:
            return name, auto.from_pretrained(name, **hub)
        except Exception as error:  # noqa: BLE001  # the kinds of it differ from version to version
            last = last or error
    assert last is not None
    raise _noconfig_of(source, last, host) from last


def _noconfig_of(source: Source, error: Exception, host: Any) -> Any:
    import transformers

    name, text = source.names[0], first_line(error)
    if "trust_remote_code" in str(error) or "execute the" in str(error):
        return own_code(name, host)
    if isinstance(error, KeyError) or "model type" in str(error) or "model_type" in str(error):
        return host.Refusal(
            "subject",
            f"transformers {transformers.__version__} cannot tell what kind of model {name} is: {text}",
            "Look at model_type in its config.json, or name a newer interpreter with @.",
        )
    if source.local:
        return host.Refusal("subject", f"The config.json of {name} cannot be read: {text}")
    offline = os.environ.get("TRANSFORMERS_OFFLINE") == "1"
    if "connect" in text.lower() or "cached" in text.lower():  # two lines of advice on how to be online
        text = "no connection"
    asked = f"There is no folder {name}," if source.note is None else source.note[:-1] + ", but there is"
    return host.Refusal(
        "subject-not-found",
        "{} and no model {} in the cache or within reach on the hub ({}).".format(
            asked, name, "the hub is switched off by HF_HUB_OFFLINE" if offline else text
        ).replace("but there is and no", "but there is no"),
        "Check the name, or give a local folder."
        + (" Unset HF_HUB_OFFLINE to let it be downloaded." if offline else ""),
    )


def own_code(name: str, host: Any) -> Any:
    """The refusal of a checkpoint that asks for its own Python code."""
    return host.Refusal(
        "unsafe-artifact",
        f"{name} needs Python code that it brings along, which was not run.",
        "If you trust that code, add ?trust_remote_code=yes.",
    )


def first_line(error: BaseException) -> str:
    """The beginning of what a framework said, as part of a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines[:2]).rstrip(" ,:") or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "…"
