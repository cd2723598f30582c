"""The modules after a transformer that make one vector of a text: pooling, dense layers, normalisation, as modules.json lists them.

They compute what sentence-transformers computes, so that a folder of it is run whole; `?pooling=` names a pooling for any encoder.
A module that is not known, or whose file cannot be read, ends the chain: it and what follows are parts that are not run.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# Values from torch, transformers and JSON files are Any here.

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Callable

import torch

from . import safetensors_file
from .sentence_layers import MODES, Dense, Modules, Normalize, Pooling, linear_layer

if TYPE_CHECKING:
    from .not_run import Folder

__all__ = ["TRANSFORMER_SETTINGS", "modules_of", "place_in", "read_json"]

_OLDER = {
    "cls": "cls_token",
    "max": "max_tokens",
    "mean": "mean_tokens",
    "weightedmean": "weightedmean_tokens",
}
TRANSFORMER_SETTINGS = tuple(
    f"sentence_{kind}_config.json"
    for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
"""The files of settings beside a transformer; the library reads the first that is there."""
TASK = "embeddings"
_FEATURES = "feature-extraction"
_SENTENCE = "sentence_embedding"
Find = Callable[[str], "str | None"]


class Unusable(Exception):
    """Why a module cannot be run."""


def _pooled_by(modes: tuple[str, ...]) -> Modules:
    """The chain of a pooling alone."""
    found = Modules({"embedding.pooling": "+".join(modes), "embedding.normalize": False})
    found.add("pooling", Pooling(modes))
    return found.requires_grad_(False)


def modules_of(folder: Folder, pooling: str | None, task: str | None) -> Modules:
    """The chain of a folder, or of the one around it that lists it; an empty one where there is none that can be run.

    `pooling` is used in place of the folder's own. Where a task was requested that is not this one, nothing is run after the model.
    """
    if task not in (None, TASK):
        return Modules({})
    around = folder.parent()
    for place in (folder,) if around is None else (folder, around):
        found = _chain(place, place.place_of(folder), pooling)
        if found is not None:
            return found
    return Modules({}) if pooling is None else _pooled_by((pooling,))


def _chain(folder: Folder, is_run: Callable[[str], bool], pooling: str | None) -> Modules | None:
    find = folder.find
    entries = _entries(find)
    if entries is None or len(entries) < 2 or not _is_transformer(entries[0], is_run):
        return None
    beside = _beside(find, place_in(entries[0]))
    if beside.get("transformer_task", _FEATURES) != _FEATURES:
        return None
    found = Modules({}, folder.name)
    found.entries.add(0)
    for place, entry in enumerate(entries[1:], 1):
        kind = _kind(entry)
        if kind not in _READ or (kind == "Pooling") != (place == 1):
            found.whole = False
            break
        try:
            _READ[kind](found, find, place_in(entry), pooling)
        except Unusable as error:
            found.whole, found.unusable = False, str(error)
            break
        found.entries.add(place)
    if not found.stages:
        return None
    found.settings["embedding.normalize"] = any(one.startswith("normalize") for one in found.stages)
    library = read_json(find("config_sentence_transformers.json"))
    found.read(beside, library if isinstance(library, dict) else {})
    return found.requires_grad_(False)


def _beside(find: Find, place: str) -> dict[str, Any]:
    """The settings of sentence-transformers beside a transformer."""
    for name in TRANSFORMER_SETTINGS:
        content = read_json(find(os.path.join(place, name)))
        if isinstance(content, dict):
            return content
    return {}


def place_in(entry: dict[str, Any]) -> str:
    """A module's path inside the folder, in its shortest form; empty for the folder itself.

    >>> place_in({"path": "./0_Transformer/"})
    '0_Transformer'
    """
    path = entry.get("path")
    short = os.path.normpath(path) if isinstance(path, str) and path else "."
    return "" if short == "." else short


def _entries(find: Find) -> list[dict[str, Any]] | None:
    listed = read_json(find("modules.json"))
    if not isinstance(listed, list) or not listed:
        return None
    return listed if all(isinstance(one, dict) and "type" in one for one in listed) else None


def _is_transformer(entry: dict[str, Any], is_run: Callable[[str], bool]) -> bool:
    return _kind(entry) == "Transformer" and is_run(place_in(entry))


def _kind(entry: dict[str, Any]) -> str:
    """The class of a module of sentence-transformers; empty for one of another library."""
    whole = str(entry["type"])
    return whole.rsplit(".", 1)[-1] if whole.startswith("sentence_transformers.") else ""


def _read_pooling(found: Modules, find: Find, place: str, pooling: str | None) -> None:
    settings = _settings(find, place, needed=pooling is None)
    if settings.get("include_prompt") is False:
        raise Unusable("it leaves a prompt out of its mean")
    modes = (pooling,) if pooling is not None else _modes(settings)
    found.settings["embedding.pooling"] = "+".join(modes)
    found.add("pooling", Pooling(modes))


def _modes(settings: dict[str, Any]) -> tuple[str, ...]:
    """The modes that a pooling's config.json names, in either form; the mean where it names none."""
    given = settings.get("pooling_mode")
    if given is not None:
        modes = tuple(given) if isinstance(given, list) else (given,)
    else:
        modes = tuple(mode for mode in MODES if settings.get("pooling_mode_" + _OLDER.get(mode, mode)))
    unknown = [mode for mode in modes if mode not in MODES]
    if unknown:
        raise Unusable(f"its pooling_mode is {unknown[0]!r}, which is not known")
    return modes or ("mean",)


def _read_dense(found: Modules, find: Find, place: str, _: str | None) -> None:
    settings = _settings(find, place)
    _only_sentences(settings)
    state = _state(find, place)
    weight, bias = state.pop("linear.weight", None), state.pop("linear.bias", None)
    residual = state.pop("residual.weight", None)
    if weight is None or weight.dim() != 2 or state:
        raise Unusable("its weights are not those of one linear layer")
    if (bias is None) == bool(settings.get("bias", True)):
        raise Unusable("its config.json and its weights disagree on a bias")
    activation = _activation(settings.get("activation_function", "torch.nn.modules.activation.Tanh"))
    extra: Any = None
    if settings.get("use_residual"):
        extra = torch.nn.Identity() if residual is None else linear_layer(residual, None)
    shapes = f"{weight.shape[1]} to {weight.shape[0]}"
    known = found.settings.setdefault("embedding.dense", [])
    known.append(f"{shapes}, {type(activation).__name__}{', residual' if extra is not None else ''}")
    found.add("dense", Dense(linear_layer(weight, bias), activation, extra))


def _activation(name: Any) -> Any:
    """An activation of torch by its full name; nothing else is imported."""
    short = str(name).rsplit(".", 1)[-1]
    known = getattr(torch.nn, short, None) if str(name).startswith("torch.nn.") else None
    if not (isinstance(known, type) and issubclass(known, torch.nn.Module)):
        raise Unusable(f"its activation is {name}, which is not one of torch")
    try:
        return known()
    except TypeError as error:
        raise Unusable(f"its activation {name} needs arguments") from error


def _read_normalize(found: Modules, find: Find, place: str, _: str | None) -> None:
    _only_sentences(_settings(find, place, needed=False))
    found.add("normalize", Normalize())


def _read_dropout(found: Modules, find: Find, place: str, _: str | None) -> None:
    """Nothing: it has no effect outside training."""


_READ: dict[str, Callable[[Modules, Find, str, str | None], None]] = {
    "Pooling": _read_pooling,
    "Dense": _read_dense,
    "Normalize": _read_normalize,
    "Dropout": _read_dropout,
}


def _only_sentences(settings: dict[str, Any]) -> None:
    for name in ("module_input_name", "module_output_name"):
        if settings.get(name) not in (None, _SENTENCE):
            raise Unusable(f"its {name} is {settings[name]!r}")


def _settings(find: Find, place: str, *, needed: bool = True) -> dict[str, Any]:
    content = read_json(find(os.path.join(place, "config.json"))) if place else None
    if isinstance(content, dict):
        return content
    if needed:
        raise Unusable("it has no config.json")
    return {}


def _state(find: Find, place: str) -> dict[str, Any]:
    """The tensors of a module's weights; an unsafe file was made harmless where it is read (host.safe_weights)."""
    path = find(os.path.join(place, "model.safetensors"))
    if path is not None:
        try:
            return safetensors_file.read(path)
        except ValueError as error:
            raise Unusable("its weights cannot be read") from error
    path = find(os.path.join(place, "pytorch_model.bin"))
    if path is None:
        raise Unusable("it has no weights")
    try:
        state = torch.load(path, map_location="cpu")
    except Exception as error:  # unpickling can raise anything
        raise Unusable("its weights cannot be read") from error
    if not isinstance(state, dict) or not all(isinstance(one, torch.Tensor) for one in state.values()):
        raise Unusable("its weights cannot be read")
    return state


def read_json(path: str | None) -> Any:
    """The content of a JSON file; None where the file is missing or cannot be read."""
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
