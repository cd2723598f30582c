"""The options of `hf:` as values, from the text that the host has checked against the adapter's declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch

    from parity._in_process.host import Host

__all__ = ["Options", "device", "read"]


class Options(NamedTuple):
    """The user's options; None where the subject's own default holds."""

    dtype: str | None = "float32"
    device: str = "cpu"
    attn: str | None = None
    batch_size: int | None = None
    max_length: int | None = None
    truncation: bool = True
    padding: str = "longest"
    padding_side: str | None = None
    task: str | None = None
    pooling: str | None = None
    tokenizer: str | None = None
    revision: str | None = None
    temperature: float = 1.0
    adapter: str | None = None
    base: str | None = None
    merge: bool | None = None
    trust_remote_code: bool = False
    is_split_into_words: bool | None = None
    use_fast: bool | None = None
    position_ids: str | None = None
    attention_mask: str | None = None
    use_cache: bool | None = None
    apply_chat_template: bool | None = None
    library: bool = False  # what is not given is left to the library, as in the user's own call
    words: str = "first"
    quantize: str | None = None
    compile: str | None = None
    device_map: str | None = None
    settings: tuple[
        tuple[str, str], ...
    ] = ()  # those of groups, by their names in full: config.layer_norm_eps


_KINDS: dict[str, Any] = {
    "truncation": "true".__eq__,
    "trust_remote_code": "true".__eq__,
    "use_fast": "true".__eq__,
    "use_cache": "true".__eq__,
    "apply_chat_template": "true".__eq__,
    "merge": "true".__eq__,
    "is_split_into_words": "true".__eq__,
    "batch_size": int,
    "max_length": int,
    "temperature": float,
}


def read(given: dict[str, str]) -> Options:
    """Options from text that was checked against the declaration."""
    groups = {name: text for name, text in given.items() if "." in name}
    plain: dict[str, Any] = {
        name: _KINDS.get(name, str)(text) for name, text in given.items() if name not in groups
    }
    if plain.pop("as", "parity") == "library":
        plain = {"dtype": None, "truncation": "max_length" in given, "library": True, **plain}
    return Options(settings=tuple(groups.items()), **plain)


def device(name: str, host: Host) -> torch.device:
    """The device of this name; refuses one that this torch cannot use."""
    import torch

    try:
        found = torch.device(name)
        torch.zeros(1, device=found)
    except Exception as error:  # RuntimeError, AssertionError or NotImplementedError, by version and device
        raise host.Refusal(
            "bad-option-value",
            "device={} cannot be used with torch {}: {}".format(
                name, torch.__version__, str(error).split("\n")[0]
            ),
            "Omit device to run on the CPU.",
        ) from error
    return found
