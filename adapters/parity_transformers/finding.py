"""Finding what `hf:` names: a folder, a hub id, or a bare family name, and reading its configuration."""

import json
import os
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

__all__ = ["FAMILIES", "Source", "config_of", "find", "first_line", "own_code"]

# A bare family name stands for its usual checkpoint; where the hub has an older name too, caches may have that.
FAMILIES = {
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
}  # type: Dict[str, Tuple[str, ...]]


class Source(NamedTuple):
    """Where to look: the names to try in turn, whether it is a folder here, and what to tell about the name."""

    names: List[str]
    local: bool
    note: Optional[str]


def find(locator: str, host: Any) -> Source:
    """What a locator stands for; refuses what can be neither a model's folder nor a hub id."""
    path = os.path.expanduser(locator)
    if os.path.isdir(path):
        if not os.path.isfile(os.path.join(path, "config.json")):
            raise host.Refusal(
                "subject-not-found",
                "The folder {} holds no config.json.".format(locator),
                "Name the folder that save_pretrained() wrote.",
            )
        try:
            with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
                json.load(file)
        except ValueError as error:
            raise host.Refusal(
                "subject", "The config.json of {} is not JSON: {}.".format(locator, error)
            ) from error
        return Source([path], True, None)
    if os.path.exists(path):
        raise host.Refusal(
            "subject-not-found",
            "{} is a file, and hf: asks for a folder.".format(locator),
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
        return Source(list(names), False, "hf:{} stands for {}.".format(locator, names[0]))
    return Source([locator], False, None)


def config_of(source: Source, hub: Dict[str, Any], host: Any) -> Tuple[str, Any]:
    """The name that worked, and its configuration; refuses with the reason where none does."""
    import transformers

    last = None  # type: Optional[Exception]
    for name in source.names:
        try:
            return name, transformers.AutoConfig.from_pretrained(name, **hub)
        except Exception as error:  # the kinds of it differ from version to version
            last = last or error
    assert last is not None
    raise _noconfig_of(source, last, host) from last


def _noconfig_of(source: Source, error: Exception, host: Any) -> Exception:
    import transformers

    name, text = source.names[0], first_line(error)
    if "trust_remote_code" in str(error) or "execute the" in str(error):
        return own_code(name, host)
    if isinstance(error, KeyError) or "model type" in str(error) or "model_type" in str(error):
        return host.Refusal(
            "subject",
            "transformers {} cannot tell what kind of model {} is: {}".format(
                transformers.__version__, name, text
            ),
            "Look at model_type in its config.json, or name a newer interpreter with @.",
        )
    if source.local:
        return host.Refusal("subject", "The config.json of {} cannot be read: {}".format(name, text))
    offline = os.environ.get("TRANSFORMERS_OFFLINE") == "1"
    if "connect" in text.lower() or "cached" in text.lower():  # two lines of advice on how to be online
        text = "no connection"
    asked = (
        "There is no folder {},".format(name) if source.note is None else source.note[:-1] + ", but there is"
    )
    return host.Refusal(
        "subject-not-found",
        "{} and no model {} in the cache or within reach on the hub ({}).".format(
            asked, name, "the hub is switched off by HF_HUB_OFFLINE" if offline else text
        ).replace("but there is and no", "but there is no"),
        "Check the name, or give a local folder."
        + (" Unset HF_HUB_OFFLINE to let it be downloaded." if offline else ""),
    )


def own_code(name: str, host: Any) -> Exception:
    """The refusal of a checkpoint that asks for its own Python code."""
    return host.Refusal(
        "unsafe-artifact",
        "{} needs Python code that it brings along, which was not run.".format(name),
        "If you trust that code, add ?trust_remote_code=yes.",
    )


def first_line(error: BaseException) -> str:
    """The beginning of what a framework said, as part of a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines[:2]).rstrip(" ,:") or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "…"
