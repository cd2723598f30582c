"""What lies beside a model and belongs to what its author shared: sentence-transformers modules, an adapter, a SetFit head.

`hf:` runs the transformer alone. Each of these is told as a part that was not run, with its settings and its tensors.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# What torch, transformers and files of JSON hand over is Any here.

from __future__ import annotations

import importlib.util
import json
import os
from typing import Any, Callable

__all__ = ["companions"]

_TRANSFORMER = "Transformer"
_HEAD = "model_head.pkl"
_READ_BY_LIBRARY = ("max_seq_length", "do_lower_case", "prompts", "default_prompt_name", "similarity_fn_name")


def _beside(name: str) -> Any:
    place = os.path.join(os.path.dirname(os.path.realpath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("_parity_transformers_" + name, place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_weights_files = _beside("weights_files")


def companions(find: Callable[[str], str | None], config: Any, model: Any) -> list[dict[str, Any]]:
    """The parts beside the model whose files `find` gives (by a path inside the folder; None where there is none)."""
    return [*_modules(find), *_adapter(find, model), *_setfit(find), *_activation(config)]


def _modules(find: Callable[[str], str | None]) -> list[dict[str, Any]]:
    listed = _json(find("modules.json"))
    if not isinstance(listed, list):
        return []
    found: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    for entry in listed:
        kind, path = str(entry.get("type", "")).rsplit(".", 1)[-1], str(entry.get("path", ""))
        if kind == _TRANSFORMER:
            continue
        counts[kind] = counts.get(kind, 0) + 1
        name = kind.lower() + ("" if counts[kind] == 1 else f".{counts[kind]}")
        settings = _json(find(os.path.join(path, "config.json")) if path else None)
        weights = _weights_files.WeightsFiles(
            lambda file, inside=path: find(os.path.join(inside, file)) if inside else None
        )
        found.append(
            {
                "part": name,
                "reason": f"modules.json has the module {kind} after the transformer, and parity runs the transformer alone",
                "tensors": [one.record() for one in weights.tensors.values()],
                "settings": settings if isinstance(settings, dict) else {},
                "always": True,
            }
        )
    if not found:
        return []
    read: dict[str, Any] = {}
    for file in ("sentence_bert_config.json", "config_sentence_transformers.json"):
        told = _json(find(file))
        if isinstance(told, dict):
            read.update({name: told[name] for name in _READ_BY_LIBRARY if told.get(name)})
    if read:
        found.append(
            {
                "part": "sentence-transformers",
                "reason": "its settings are read by sentence-transformers, and not by parity",
                "tensors": [],
                "settings": read,
                "always": False,
            }
        )
    return found


def _adapter(find: Callable[[str], str | None], model: Any) -> list[dict[str, Any]]:
    settings = _json(find("adapter_config.json"))
    if not isinstance(settings, dict):
        return []
    if getattr(model, "_hf_peft_config_loaded", False) or any(
        "lora_" in name for name, _ in model.named_parameters()
    ):
        return []
    weights = _weights_files.WeightsFiles(lambda file: find(file) if file.startswith("adapter") else None)
    base = settings.get("base_model_name_or_path")
    return [
        {
            "part": "adapter",
            "reason": f"adapter_config.json describes a {settings.get('peft_type') or 'PEFT'} adapter of {base}, which was not applied",
            "tensors": [one.record() for one in weights.tensors.values()],
            "settings": {
                name: settings[name]
                for name in ("peft_type", "r", "lora_alpha", "use_rslora")
                if name in settings
            },
            "always": True,
        }
    ]


def _setfit(find: Callable[[str], str | None]) -> list[dict[str, Any]]:
    path = find(_HEAD)
    if path is None:
        return []
    whole = {"name": _HEAD, "shape": [], "dtype": "file", "digest": _weights_files.file_digest(path)}
    return [
        {
            "part": "classifier",
            "reason": f"{_HEAD} holds a pickled classifier, and parity runs nothing that is pickled",
            "tensors": [whole],
            "settings": {},
            "always": True,
        }
    ]


def _activation(config: Any) -> list[dict[str, Any]]:
    """A cross-encoder's activation stands in config.json and is applied by sentence-transformers alone."""
    settings = getattr(config, "sentence_transformers", None)
    older = getattr(config, "sbert_ce_default_activation_function", None)
    told = dict(settings) if isinstance(settings, dict) else {}
    told.pop("version", None)
    if older is not None:
        told["activation_fn"] = older
    if not told:
        return []
    return [
        {
            "part": "activation",
            "reason": "config.json has settings of a cross-encoder, which sentence-transformers applies after the logits",
            "tensors": [],
            "settings": told,
            "always": False,
        }
    ]


def _json(path: str | None) -> Any:
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
