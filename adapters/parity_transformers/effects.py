"""Options of `hf:` that have no effect on one model: refused where they contradict it, else reported in a note.

A user who gives an option expects an effect, so that none is ignored silently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parity._in_process.host import Host

    from .encoding import Encoder
    from .loading import Loaded
    from .options import Options

__all__ = ["check_fed", "check_revision", "check_shape", "check_words", "notes"]


def check_revision(locator: str, local: bool, revision: str | None, host: Host) -> None:
    """Refuse a revision of a folder, which has none: its files are loaded, whatever revision is requested."""
    if local and revision is not None:
        raise host.Refusal(
            "bad-option-value",
            f"revision={revision} has no effect on {locator}: it is a local folder, which has no revisions.",
            "To compare two commits, name the hub id twice (hf:ORGANISATION/NAME?revision=COMMIT), or check each commit out "
            "into its own folder.",
        )


def check_shape(name: str, options: Options, encoder: Encoder, host: Host) -> None:
    """Refuse a length or a padding that has no effect on any row."""
    if options.max_length is not None and not options.truncation and options.padding != "max_length":
        raise host.Refusal(
            "bad-option-value",
            f"max_length={options.max_length} has no effect with truncation=false: no row is truncated or padded to it.",
            "Omit one of the two, or add padding=max_length.",
        )
    if options.padding != "max_length":
        return
    if encoder.tokenizer.pad_token is None:
        raise host.Refusal(
            "bad-option-value",
            f"padding=max_length has no effect on {name}: its tokenizer has no token to pad with.",
            "Omit padding.",
        )
    if encoder.limit is None:
        raise host.Refusal(
            "bad-option-value",
            f"padding=max_length has no effect on {name}: neither its tokenizer nor its positions limit a row.",
            "Add max_length=N.",
        )


def check_fed(kind: str, options: Options, accepts: set[str], host: Host) -> None:
    """Refuse a choice of what is fed that the model does not take, or that another choice contradicts."""
    if options.position_ids is not None and "position_ids" not in accepts:
        raise host.Refusal(
            "bad-option-value",
            f"position_ids={options.position_ids} has no effect: {kind} takes no position_ids.",
            "Omit position_ids.",
        )
    if options.attention_mask == "off" and "attention_mask" not in accepts:
        raise host.Refusal(
            "bad-option-value",
            f"attention_mask=off has no effect: {kind} takes no attention_mask.",
            "Omit attention_mask.",
        )
    if options.position_ids is not None and options.attention_mask == "off":
        raise host.Refusal(
            "bad-option-value",
            "position_ids=from_mask counts from the mask that attention_mask=off leaves out.",
            "Omit one of the two.",
        )


def check_words(kind: str, given: dict[str, str], by_words: bool, host: Host) -> None:
    """Refuse a choice of how words are made of their pieces for a model that gives nothing for each token to make them of."""
    if "words" in given and not by_words:
        raise host.Refusal(
            "bad-option-value",
            "words={} has no effect: {} has no classes for each token, of which those of words could be made.".format(
                given["words"], kind
            ),
            "Omit words.",
        )


def notes(given: dict[str, str], loaded: Loaded, encoder: Encoder, alone: bool, attention: str) -> list[str]:
    """The given options without effect, a sentence each; `alone` where rows are run one at a time."""
    found: list[str] = []
    if alone and given.get("batch_size", "1") != "1":
        found.append("batch_size={} has no effect: rows are run one at a time.".format(given["batch_size"]))
    unpadded = alone and given.get("padding") != "max_length"
    if "padding_side" in given and unpadded:
        found.append(
            "padding_side={} has no effect: rows are run one at a time, without padding.".format(
                given["padding_side"]
            )
        )
    if given.get("truncation") == "true" and encoder.limit is None:
        found.append("truncation=true has no effect: neither tokenizer nor positions limit a row.")
    if given.get("trust_remote_code") == "true" and not _own_code(loaded):
        found.append(f"trust_remote_code=true has no effect: {loaded.name} brings no code.")
    if "attn" in given and attention != given["attn"]:
        found.append("attn={} was requested, and the model runs with {}.".format(given["attn"], attention))
    return found + loaded.overrides.notes()


def _own_code(loaded: Loaded) -> bool:
    if getattr(loaded.config, "auto_map", None):
        return True
    if getattr(loaded.tokenizer, "init_kwargs", {}).get("auto_map"):
        return True
    return any(
        type(one).__module__.startswith("transformers_modules") for one in (loaded.model, loaded.tokenizer)
    )
