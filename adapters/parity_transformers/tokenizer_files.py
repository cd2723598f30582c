"""The tokenizer of a checkpoint, loaded in any transformers: the fast one where it can be read, else the slow one."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# torch and transformers are only partly typed.

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import finding, settings, tokenizer_settings, untrusted

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from .checkpoint import Checkpoint
    from .options import Options

__all__ = ["load", "place_of"]

_VOCABULARIES = [
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "tokenizer.model",
    "bpe.codes",
    "vocab-src.json",
]


def place_of(name: str, options: Options) -> str:
    """Where the tokenizer is read from: the model's own folder or name, or the folder that the user names."""
    return name if options.tokenizer is None else os.path.expanduser(options.tokenizer)


def load(checkpoint: Checkpoint) -> PreTrainedTokenizerBase:
    """The tokenizer as the checkpoint, or the folder that the user names, has it; the slow one where there is no fast one."""
    import transformers

    name, _, config, options, hub, host, notes, overridden = checkpoint
    place = place_of(name, options)
    arguments = dict(hub)
    if options.tokenizer is not None:
        arguments["local_files_only"] = os.path.isdir(place)
        if not os.path.isdir(place):
            arguments.pop("revision", None)
    if os.path.isdir(place) and not any(os.path.isfile(os.path.join(place, file)) for file in _VOCABULARIES):
        raise host.Refusal(
            "subject-not-found",
            "The folder {} holds no tokenizer (no {}, …).".format(place, ", ".join(_VOCABULARIES[:3])),
            "Put the tokenizer's files there, or name its folder with ?tokenizer=PATH.",
        )
    if options.tokenizer is not None and not os.path.isfile(os.path.join(place, "config.json")):
        arguments["config"] = (
            config  # a folder with only a tokenizer: its class may come from the model's config
        )
    untrusted.check_settings(place, config if place == name else arguments.get("config"), arguments, host)
    changed = settings.group(dict(options.settings), "tokenizer")
    tokenizer_settings.check(changed, host)
    errors: list[str] = []
    for fast in (True, False) if options.use_fast is None else (options.use_fast,):
        try:
            tokenizer: PreTrainedTokenizerBase = transformers.AutoTokenizer.from_pretrained(
                place, use_fast=fast, **arguments
            )
            if changed:
                plain = tokenizer
                given = tokenizer_settings.arguments(plain, changed, place, host)
                tokenizer = transformers.AutoTokenizer.from_pretrained(
                    place, use_fast=fast, **dict(arguments, **given)
                )
                without = tokenizer_settings.note(plain, tokenizer, changed)
                notes += filter(None, [without])
                overridden += [] if without else tokenizer_settings.overridden(plain, changed, given)
        except host.Refusal:
            raise
        except Exception as error:
            if "trust_remote_code" in str(error) or "execute the" in str(error):
                raise finding.own_code(place, host) from error
            errors.append(finding.first_line(error))
            continue
        if errors:
            notes.append(
                f"transformers {transformers.__version__} cannot read the fast tokenizer of {place} ({errors[0]}); the slow one is used."
            )
        if options.use_fast is not None and bool(tokenizer.is_fast) != options.use_fast:
            notes.append(
                "use_fast={} has no effect: {} of transformers {} is {}.".format(
                    str(options.use_fast).lower(),
                    type(tokenizer).__name__,
                    transformers.__version__,
                    "fast" if tokenizer.is_fast else "slow",
                )
            )
        return tokenizer
    raise host.Refusal(
        "subject-not-found",
        f"transformers {transformers.__version__} cannot load a tokenizer from {place}: {errors[0]}",
        "Name another tokenizer with ?tokenizer=PATH, or another interpreter with @.",
    )
