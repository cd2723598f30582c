"""The model of a checkpoint, loaded by any transformers; for a version that cannot read safetensors, they are read here."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# torch and transformers are only partly typed.

from __future__ import annotations

import importlib.util
import json
import os
from typing import TYPE_CHECKING, NamedTuple

from . import finding, other_formats, quantised, safetensors_file
from .versions import version_of

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from parity._in_process.host import Refusal

    from .checkpoint import Checkpoint

__all__ = ["LoadedModel", "load"]

_WEIGHTS = (
    "model.safetensors",
    "pytorch_model.bin",
    "model.safetensors.index.json",
    "pytorch_model.bin.index.json",
)


class LoadedModel(NamedTuple):
    """A model in eval mode, its parameters that are in no file, and the tensors of the files that it does not use."""

    model: PreTrainedModel
    newly_initialised: list[str]
    unused_weights: list[str]


def load(checkpoint: Checkpoint, kind: str) -> LoadedModel:
    """The model by the class `kind`, in eval mode, in the dtype and with the attention that the user named."""
    import transformers

    name, config, options = checkpoint.name, checkpoint.config, checkpoint.options
    arguments = dict(checkpoint.hub, config=config, output_loading_info=True)
    if options.attn is not None:
        if version_of("transformers") < (4, 36):
            raise checkpoint.host.Refusal(
                "bad-option-value",
                f"transformers {transformers.__version__} has only one attention and no attn option.",
                "Omit attn= for this interpreter.",
            )
        arguments["attn_implementation"] = options.attn
    if options.dtype is not None:
        arguments["dtype" if version_of("transformers") >= (4, 56) else "torch_dtype"] = _dtype(
            checkpoint, options.dtype
        )
    packing = quantised.at_loading(options.quantize, checkpoint.host)
    if packing is not None:
        arguments["quantization_config"] = packing
    loader = getattr(transformers, kind)
    if getattr(config, "model_type", "") in ("t5", "mt5") and kind == "AutoModel":
        loader = getattr(transformers, "MT5EncoderModel" if config.model_type == "mt5" else "T5EncoderModel")
    if not kind.startswith("Auto") or loader is not getattr(transformers, kind):
        arguments.pop("trust_remote_code")
    place = _with_old_loader(checkpoint, arguments) if checkpoint.local else name
    try:
        model, info = loader.from_pretrained(place, **arguments)
    except Exception as error:
        refusal = _refusal(checkpoint, error)
        if refusal is None:
            raise
        raise refusal from error
    model.eval()
    return LoadedModel(model, newly_initialised(info, model), _keys(info, "unexpected_keys", model))


def _dtype(checkpoint: Checkpoint, wanted: str) -> object:
    """The dtype of the weights as transformers takes it; a note where the config has another."""
    import torch

    config = checkpoint.config
    if wanted == "auto":
        return "auto"
    stored = getattr(config, "dtype", None) or getattr(config, "torch_dtype", None)
    if stored is not None and str(stored).replace("torch.", "") != wanted:
        checkpoint.notes.append(
            "The config has dtype {}; the weights are loaded as {}.".format(
                str(stored).replace("torch.", ""), wanted
            )
        )
    return getattr(torch, wanted)


def _with_old_loader(checkpoint: Checkpoint, arguments: dict[str, object]) -> str | None:
    """The folder to load from; None when its safetensors were read here, for a version that cannot."""
    import transformers

    name, host = checkpoint.name, checkpoint.host
    if not any(os.path.isfile(os.path.join(name, file)) for file in _WEIGHTS):
        raise other_formats.unread(name, host) or host.Refusal(
            "subject-not-found",
            "The folder {} holds no weights (none of {}).".format(name, ", ".join(_WEIGHTS[:2])),
            "Put the weights there; TensorFlow and Flax weights are not read.",
        )
    index = os.path.join(name, "model.safetensors.index.json")
    files = ["model.safetensors"] if os.path.isfile(os.path.join(name, "model.safetensors")) else []
    state: dict[str, torch.Tensor] = {}
    can = version_of("transformers") >= (4, 26) and importlib.util.find_spec("safetensors") is not None
    can = can or any(os.path.isfile(os.path.join(name, file)) for file in _WEIGHTS if "pytorch" in file)
    try:
        if not files and os.path.isfile(index):
            with open(index, encoding="utf-8") as file:
                files = sorted({os.path.basename(part) for part in json.load(file)["weight_map"].values()})
        for one in files:
            path = os.path.join(name, one)
            safetensors_file.check(
                path
            )  # a truncated file ends in a sentence; transformers 5 would search the hub instead
            if not can:
                state.update(safetensors_file.read(path))
    except (OSError, ValueError, KeyError) as error:
        raise host.Refusal("subject", f"The weights of {name} cannot be read: {error}.") from error
    if can:
        return name
    arguments["state_dict"] = state
    if arguments.get("torch_dtype") == "auto":
        arguments["torch_dtype"] = next(iter(state.values())).dtype
    checkpoint.notes.append(
        f"transformers {transformers.__version__} cannot read safetensors; parity read the file for it."
    )
    return None


def _refusal(checkpoint: Checkpoint, error: Exception) -> Refusal | None:
    """The sentence for weights that cannot be loaded; None where memory ran out."""
    import transformers

    name, options, host = checkpoint.name, checkpoint.options, checkpoint.host
    text = finding.first_line(error)
    unsafe = host.safe_weights.refused(error)
    if unsafe is not None:
        return host.Refusal(
            "unsafe-artifact",
            f"The weights of {name} were not loaded: {unsafe}. No code was run.",
            "Save them again with save_pretrained(safe_serialization=True), if you trust their source.",
        )
    if "trust_remote_code" in str(error):
        return finding.own_code(name, host)
    if options.attn is not None and ("attention" in str(error).lower() or "flash" in str(error).lower()):
        return host.Refusal("bad-option-value", f"{name} cannot run with attn={options.attn}: {text}")
    if "ignore_mismatched_sizes" in str(error):
        text = "their shapes differ from those in config.json"
    if isinstance(error, MemoryError):
        return None
    if not isinstance(error, (OSError, RuntimeError, ValueError)):
        text = f"{type(error).__name__}: {text}"
    return host.Refusal(
        "subject",
        f"transformers {transformers.__version__} cannot load the weights of {name}: {text}",
        "Check that the folder is complete, that config.json belongs to these weights, and that the interpreter has what "
        "this kind of model needs.",
    )


def _keys(info: object, name: str, model: PreTrainedModel) -> list[str]:
    found = info.get(name, ()) if isinstance(info, dict) else getattr(info, name, ())
    names = [str(key[0] if isinstance(key, (tuple, list)) else key) for key in found or ()]
    # Some versions name a bare encoder's missing weights by the names of the checkpoint with a head: the model's own names count.
    prefix = model.base_model_prefix + "."
    own = set(model.state_dict())
    names = [key[len(prefix) :] if key not in own and key[len(prefix) :] in own else key for key in names]
    # Tables of 0, 1, 2, … that some versions saved as if they were weights.
    return sorted(key for key in names if not key.endswith(("position_ids", "token_type_ids")))


def newly_initialised(info: object, model: PreTrainedModel) -> list[str]:
    """The parameters that no file held, of what `from_pretrained` says of its loading."""
    missing = _keys(info, "missing_keys", model) + _keys(info, "mismatched_keys", model)
    return _really_missing(sorted(set(missing)), model)


def _really_missing(names: list[str], model: PreTrainedModel) -> list[str]:
    """Without parameters that need no file: constants (for example a causal mask), and second names of loaded weights."""
    state, parameters = model.state_dict(), dict(model.named_parameters())
    given = {value.data_ptr() for name, value in state.items() if name not in names}
    found: list[str] = []
    for name in names:
        value = state.get(name)
        constant = (
            name not in parameters
            and value is not None
            and (value.dim() == 0 or not value.is_floating_point())
        )
        if value is None or not (constant or value.data_ptr() in given):
            found.append(name)
    return found
