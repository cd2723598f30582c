"""Weights in a form that is not run here: of another framework, or quantised for a package that the interpreter does not have.

Each is refused at once, with the conversion to run or the package to install.
"""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal

__all__ = ["check_backend", "unread"]

_OLDER = (
    ("tf_model.h5", "TensorFlow", "from_tf=True", "'transformers<5' tensorflow"),
    ("tf_model.h5.index.json", "TensorFlow", "from_tf=True", "'transformers<5' tensorflow"),
    ("flax_model.msgpack", "Flax", "from_flax=True", "'transformers<5' flax"),
    ("flax_model.msgpack.index.json", "Flax", "from_flax=True", "'transformers<5' flax"),
)
_BACKENDS = {
    "bitsandbytes": ("bitsandbytes",),
    "gptq": ("gptqmodel", "auto_gptq"),
    "awq": ("gptqmodel", "awq"),
    "torchao": ("torchao",),
    "compressed-tensors": ("compressed_tensors",),
    "hqq": ("hqq",),
    "aqlm": ("aqlm",),
    "eetq": ("eetq",),
}


def unread(path: str, host: Host) -> Refusal | None:
    """The refusal of a file or a folder whose only weights are of TensorFlow, Flax or GGUF; None where there are none of them."""
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    names = sorted(os.listdir(path)) if os.path.isdir(path) else [os.path.basename(path)]
    for name, framework, argument, packages in _OLDER:
        if name in names:
            return host.Refusal(
                "subject-not-found",
                f"{path} holds the weights of {framework} alone ({name}), which parity does not read.",
                f"Convert them where pip install {packages} torch has run, with the model's own Auto class: "
                f"AutoModel.from_pretrained({folder!r}, {argument}).save_pretrained('converted').",
            )
    packed = next((name for name in names if name.endswith(".gguf")), None)
    if packed is None:
        return None
    return host.Refusal(
        "subject-not-found",
        f"{path} holds the weights as GGUF ({packed}), which parity does not read.",
        "Convert them where pip install gguf has run: "
        f"AutoModelForCausalLM.from_pretrained({folder!r}, gguf_file={packed!r}).save_pretrained('converted'), and the tokenizer likewise.",
    )


def check_backend(name: str, config: Any, host: Host) -> None:
    """Refuse a model whose weights are quantised for a package that this interpreter does not have."""
    settings: Any = getattr(config, "quantization_config", None)
    found: Any = getattr(settings, "quant_method", None)
    written: dict[str, Any] = {}
    if isinstance(settings, dict):
        written = cast("dict[str, Any]", settings)
        found = written.get("quant_method")
    method = str(getattr(found, "value", found) or "")
    if not method and (written.get("load_in_8bit") or written.get("load_in_4bit")):
        method = "bitsandbytes"
    packages = _BACKENDS.get(method.replace("_", "-"), ())
    if packages and not any(importlib.util.find_spec(one) for one in packages):
        raise host.Refusal(
            "subject",
            f"The weights of {name} are quantised ({method}), and this interpreter has no {packages[0]} to run them.",
            f"Install it there (pip install {packages[0]}), name an interpreter that has it with @, or name the model before it was quantised.",
        )
