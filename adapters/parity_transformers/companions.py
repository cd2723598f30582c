"""The files beside a model that belong to it: sentence-transformers modules, an adapter, a SetFit head.

What of these is not run (sentence_modules.py runs most modules) is reported as such, with its settings and its tensors.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# Values from torch, transformers and JSON files are Any here.

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Sequence

from . import sentence_modules, weights_files

if TYPE_CHECKING:
    from .sentence_layers import Modules

__all__ = ["MODULES", "companions", "places"]

MODULES = "modules.json"
_LIBRARY = "sentence_transformers."
_TRANSFORMER = "Transformer"
_HEAD = "model_head.pkl"
_READ_BY_LIBRARY = ("max_seq_length", "do_lower_case", "prompts", "default_prompt_name", "similarity_fn_name")
_APPLIED = ("max_seq_length", "do_lower_case", "default_prompt_name")  # where the modules are run


def companions(
    find: Callable[[str], str | None],
    is_run: Callable[[str], bool],
    config: Any,
    model: Any,
    run: Modules | None,
) -> list[dict[str, Any]]:
    """The parts beside the model with files from `find` (by a path inside the folder; None where there is none).

    `is_run` says whether a path inside the folder is that of the model that is run, `run` which of its modules are. `model` is None for an
    export, whose weights may have an adapter in them.
    """
    return [*_modules(find, is_run, run), *_adapter(find, model), *_setfit(find), *_activation(config)]


def places(find: Callable[[str], str | None]) -> list[str] | None:
    """The paths that modules.json names; None where there is no such file, or it has no module in it."""
    listed = sentence_modules.read_json(find(MODULES))
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return [sentence_modules.place_in(entry) for entry in entries if "type" in entry] or None


def _modules(
    find: Callable[[str], str | None], is_run: Callable[[str], bool], run: Modules | None
) -> list[dict[str, Any]]:
    file = find(MODULES)
    if file is None:
        return []
    listed = sentence_modules.read_json(file)
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    found: list[dict[str, Any]] = []
    if not isinstance(listed, list) or len(entries) < len(listed):
        found.append(_unreadable(file))
    counts: dict[str, int] = {}
    transformers = [""]  # the last one that is run: the files beside it count
    seen = False
    for number, entry in enumerate(entries):
        path, whole = sentence_modules.place_in(entry), str(entry.get("type", ""))
        kind, own = whole.rsplit(".", 1)[-1], is_run(path)
        if kind == _TRANSFORMER:
            transformers.insert(len(transformers) if own else 1, path)
        if kind == _TRANSFORMER and own and whole.startswith(_LIBRARY) and not seen:
            seen = True
            continue
        if run is not None and number in run.entries:
            continue
        counts[kind] = counts.get(kind, 0) + 1
        name = kind.lower() + ("" if counts[kind] == 1 else f".{counts[kind]}")
        inside = "" if own else path
        reason = f"modules.json has the module {kind} after the transformer, and parity "
        reason += "runs only the transformer" if run is None else "does not run it"
        if run is not None and run.unusable and number == len(run.entries):
            reason += f": {run.unusable}"
        if kind == _TRANSFORMER:
            reason = f"modules.json has the module {whole} for {path or 'the folder itself'}, and parity does not run that module"
        found.append(_module(find, name, reason, inside))
    read = _settings_of_library(find, transformers, () if run is None else _APPLIED)
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


def _module(find: Callable[[str], str | None], name: str, reason: str, inside: str) -> dict[str, Any]:
    settings = sentence_modules.read_json(find(os.path.join(inside, "config.json")) if inside else None)
    weights = weights_files.WeightsFiles(lambda file: find(os.path.join(inside, file)) if inside else None)
    return {
        "part": name,
        "reason": reason,
        "tensors": [one.record() for one in weights.tensors.values()],
        "settings": settings if isinstance(settings, dict) else {},
        "always": True,
    }


def _unreadable(path: str) -> dict[str, Any]:
    """Entries of modules.json that are not modules: they count where the other side has another file."""
    return {
        "part": MODULES,
        "reason": "modules.json is not a list of modules, or has an entry that is not a module, which was ignored",
        "tensors": [],
        "settings": {"file": weights_files.file_digest(path)},
        "always": False,
    }


def _settings_of_library(
    find: Callable[[str], str | None], transformers: list[str], applied: Sequence[str]
) -> dict[str, Any]:
    """Files that sentence-transformers reads beside the modules, and beside each transformer."""
    files = [
        os.path.join(place, file) for place in transformers for file in sentence_modules.TRANSFORMER_SETTINGS
    ]
    read: dict[str, Any] = {}
    for file in [*files, "config_sentence_transformers.json"]:
        content = sentence_modules.read_json(find(file))
        if isinstance(content, dict):
            known = {name: content.get(name) for name in _READ_BY_LIBRARY if name not in applied}
            read.update({name: value for name, value in known.items() if _has_effect(name, value)})
    return read


def _has_effect(name: str, value: Any) -> bool:
    if name == "prompts":
        return isinstance(value, dict) and any(value.values())
    return bool(value) and (name, value) != ("similarity_fn_name", "cosine")


def _adapter(find: Callable[[str], str | None], model: Any) -> list[dict[str, Any]]:
    settings = sentence_modules.read_json(find("adapter_config.json"))
    if not isinstance(settings, dict) or model is None:
        return []
    if getattr(model, "_hf_peft_config_loaded", False) or any(
        "lora_" in name for name, _ in model.named_parameters()
    ):
        return []
    weights = weights_files.WeightsFiles(lambda file: find(file) if file.startswith("adapter") else None)
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
    whole = {"name": _HEAD, "shape": [], "dtype": "file", "digest": weights_files.file_digest(path)}
    return [
        {
            "part": "classifier",
            "reason": f"{_HEAD} holds a pickled classifier, and parity loads nothing that is pickled",
            "tensors": [whole],
            "settings": {},
            "always": True,
        }
    ]


def _activation(config: Any) -> list[dict[str, Any]]:
    """A cross-encoder's activation is in config.json, and only sentence-transformers applies it."""
    settings = getattr(config, "sentence_transformers", None)
    older = getattr(config, "sbert_ce_default_activation_function", None)
    content = dict(settings) if isinstance(settings, dict) else {}
    content.pop("version", None)
    if older is not None:
        content["activation_fn"] = older
    if not content:
        return []
    return [
        {
            "part": "activation",
            "reason": "config.json has settings of a cross-encoder, which sentence-transformers applies after the logits",
            "tensors": [],
            "settings": content,
            "always": False,
        }
    ]
