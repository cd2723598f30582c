"""The parts of a folder that are not run: tensors that reach no parameter, parameters that no compared stage needs, heads, companions.

A part that the class named by config.json would run always counts, since it was not compared. A part
that this class does not run either counts only where the two sides differ in it (`always` False).
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownLambdaType=false
# Values from torch, transformers and JSON files are Any here.

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
from typing import TYPE_CHECKING, Any, Callable, Iterable, NamedTuple

from . import companions, generation_settings, weights_files
from .weights_files import FileTensor

if TYPE_CHECKING:
    from .execution import Execution
    from .loading import Loaded

__all__ = ["Folder", "leftover", "parts"]

# Tables that are computed, and that some versions saved as if they were weights.
_COMPUTED = re.compile(
    r"(^|\.)(position_ids|token_type_ids|masked_bias|inv_freq|original_inv_freq|version|"
    r"embed_positions\.(weights|_float_tensor)|num_batches_tracked)$"
)
_CAUSAL_MASK = re.compile(r"(^|\.)(attn|attention|self_attention)\.bias$")
_HEAD_SETTINGS = (
    "final_logit_softcapping",
    "logit_scale",
    "logits_scaling",
    "tie_word_embeddings",
    "logits_soft_cap",
)
_LEVELS = 3  # how far above a transformer's own folder its modules.json may lie
_BARE = ("Model", "Encoder")
_ASKED = ("head", "decoder", "rest of the model")  # the last of a task of texts alone
_ROUTING = re.compile(r"(expert|correction)_bias$")  # the router of a token to its experts has no gradient
# Inputs that a text does not have: a forward that takes them can run more.
_OTHER_INPUTS = re.compile(r"^(pixel|image|video|audio|input_features|input_values|bbox|visual|speech)")


class Folder:
    """The files of a local folder, or of a hub id as far as its cache or the hub gives them."""

    def __init__(self, name: str, local: bool, hub: dict[str, Any]) -> None:
        self._name, self._local, self._hub = name, local, hub

    @property
    def name(self) -> str:
        """The folder's path, or the hub id."""
        return self._name

    @property
    def hub(self) -> dict[str, Any]:
        """How files are looked up on the hub: what `from_pretrained` takes."""
        return self._hub

    def find(self, file: str) -> str | None:
        """The path of a file by its place in the folder; None where there is none."""
        if self._local:
            path = os.path.join(self._name, file)
            return path if os.path.isfile(path) else None
        try:
            cached_file: Any = importlib.import_module("transformers.utils").cached_file
            known = {name: self._hub[name] for name in ("revision", "local_files_only") if name in self._hub}
            found: str | None = cached_file(self._name, file, **known)
        except Exception:  # noqa: BLE001  # its classes differ from version to version; a missing file is the usual case
            return None
        return found if found is not None and os.path.isfile(found) else None

    def parent(self) -> Folder | None:
        """The sentence-transformers folder around this one: by the path as given, and by where its links lead.

        One whose modules name this folder comes first. One that does not counts too, where this folder has no modules
        itself: a module may have folders that only it knows.
        """
        if not self._local:
            return None
        around: list[Folder] = []
        for start in (os.path.abspath(self._name), os.path.realpath(self._name)):
            above = start
            for _ in range(_LEVELS):
                above = os.path.dirname(above)
                folder = Folder(above, True, {})
                places = companions.places(folder.find)
                if places is None:
                    continue
                if any(map(folder.place_of(self), places)):
                    return folder
                around.append(folder)
                break
        alone = not around or self.find(companions.MODULES) is not None
        return None if alone else around[0]

    def place_of(self, other: Folder) -> Callable[[str], bool]:
        """Whether a path inside this folder is the other folder."""
        if not self._local:
            return lambda path: os.path.normpath(path or ".") == "."
        return lambda path: os.path.realpath(os.path.join(self._name, path)) == os.path.realpath(other._name)


def leftover(unexpected: Iterable[str], files: dict[str, FileTensor], model: Any) -> list[str]:
    """The tensors of the files that reached no parameter: those that were reported, and those that the class does not report."""
    own = set(model.state_dict())
    prefix = model.base_model_prefix + "." if model.base_model_prefix else ""
    silent = [re.compile(one) for one in getattr(model, "_keys_to_ignore_on_load_unexpected", None) or ()]
    found = {name for name in unexpected if name not in own}
    for name in files:
        known = (name, prefix + name, name[len(prefix) :] if name.startswith(prefix) else name)
        if not own.intersection(known) and any(one.search(name) for one in silent):
            found.add(name)
    return sorted(name for name in found if not _COMPUTED.search(name) and not _mask(name, files.get(name)))


def parts(
    loaded: Loaded, execution: Execution, encoder_only: bool, folder: Folder, requested: bool
) -> list[dict[str, Any]]:
    """Each part that is not run: its name, why, its tensors, the settings that it alone reads, and whether it always counts.

    `requested`: the user named the task, so that a head that it does not have is not asked for.
    """
    model = loaded.model
    files = weights_files.WeightsFiles(folder.find).tensors
    found = _of_class(_Run(loaded, execution, encoder_only, folder), files)
    for one in found:
        asked = _ASKED[: 3 if loaded.row.half else 2] if requested or loaded.modules.embeds else ()
        one["requested"] = one["part"] in asked
    above = folder.parent()
    for place, config in ((folder, loaded.config), (above, None)):
        if place is not None:
            run = loaded.modules if loaded.modules.folder == place.name else None
            found += companions.companions(place.find, place.place_of(folder), config, model, run)
    return found


class _Run(NamedTuple):
    """What was run: the model or its encoder alone, the parameters that this needed, and the folder that it came from."""

    loaded: Loaded
    execution: Execution
    encoder_only: bool
    folder: Folder


def _of_class(run: _Run, files: dict[str, FileTensor]) -> list[dict[str, Any]]:
    loaded, execution, encoder_only, _ = run
    model = loaded.model
    lost = leftover(loaded.unused_weights, files, model)
    unneeded = _unneeded(loaded, execution)
    opened = type(model).__name__
    named = [name for name in loaded.config.architectures or [] if name != opened]
    records = {name: _record_in_file(name, files) for name in lost}
    loaded_ones = {name: _record_of(name, model, files) for name in unneeded}
    inside = {name: one for name, one in loaded_ones.items() if _in_decoder(name, model)}
    inside.update({name: one for name, one in records.items() if _in_decoder(name, model)})
    rest = {name: one for name, one in {**records, **loaded_ones}.items() if name not in inside}
    ran = f"the encoder of {opened}" if encoder_only else opened
    found: list[dict[str, Any]] = []
    if encoder_only or (named and inside):
        found.append(_part("decoder", f"parity runs only {ran}", inside, {}, True))
    elif inside:
        rest.update(inside)
    headed = [name for name in named if not name.endswith(_BARE) or "DoubleHeads" in name or "LMHead" in name]
    if named and (headed or rest or not found):
        reason = f"config.json names {_listed(named)}, and parity runs {ran}"
        found.append(_part("head", reason, rest, _head_settings(loaded), True))
    elif rest and not loaded.config.architectures:
        found.append(
            _part("head", f"config.json names no architecture, and parity runs {ran}", rest, {}, True)
        )
    elif rest:
        elsewhere = {name: one for name, one in rest.items() if name in execution.elsewhere}
        unused = {name: one for name, one in rest.items() if name not in execution.elsewhere}
        if elsewhere:
            found.append(
                _part(
                    "rest of the outputs",
                    f"{opened} has outputs that parity does not compare",
                    elsewhere,
                    {},
                    True,
                )
            )
        others = [one for one in inspect.signature(model.forward).parameters if _OTHER_INPUTS.search(one)]
        if unused and others:
            reason = f"{opened} also takes {others[0]}, and parity gives it only texts"
            found.append(_part("rest of the model", reason, unused, {}, True))
        elif unused:
            reason = f"no stage of {opened} is computed with it"
            found.append(_part("unused part", reason, unused, {}, False))
    return found


def _part(
    part: str, reason: str, tensors: dict[str, Any], settings: dict[str, Any], always: bool
) -> dict[str, Any]:
    ordered = [tensors[name] for name in sorted(tensors)]
    return {"part": part, "reason": reason, "tensors": ordered, "settings": settings, "always": always}


def _unneeded(loaded: Loaded, execution: Execution) -> list[str]:
    """Loaded parameters that no compared stage needs. An expert that this probe did not use is not among them."""
    reached = execution.reached
    kinds = {_expert(name) for name in reached}
    return sorted(
        name
        for name in (one for one, _ in loaded.model.named_parameters())
        if name not in reached
        and name not in loaded.newly_initialised
        and _expert(name) not in kinds
        and not _ROUTING.search(name)
    )


def _expert(name: str) -> str:
    """The name without the number of an expert; without experts the name as it is.

    >>> _expert("layers.1.mlp.experts.3.w1.weight")
    'layers.1.mlp.experts.*.w1.weight'
    """
    return re.sub(r"(experts?)\.(expert_)?\d+\.", r"\1.*.", name)


def _record_in_file(name: str, files: dict[str, FileTensor]) -> dict[str, Any]:
    """A tensor that reached no parameter; without a digest where the framework reports it by another name than the file's."""
    older = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    for key in (name, older):
        if key in files:
            return dict(files[key].record(name))
    return {"name": name, "shape": [], "dtype": "", "digest": ""}


def _record_of(name: str, model: Any, files: dict[str, FileTensor]) -> dict[str, Any]:
    """A loaded parameter as its file has it, so that the precision it is loaded in makes no difference."""
    prefix = model.base_model_prefix + "." if model.base_model_prefix else ""
    for key in (name, prefix + name, name[len(prefix) :] if name.startswith(prefix) else name):
        if key in files:
            return dict(files[key].record(name))
    value = dict(model.named_parameters())[name]
    return {
        "name": name,
        "shape": [int(size) for size in value.shape],
        "dtype": str(value.dtype).replace("torch.", ""),
        "digest": weights_files.tensor_digest(value),
    }


def _in_decoder(name: str, model: Any) -> bool:
    prefix = model.base_model_prefix + "." if model.base_model_prefix else ""
    for beginning in (prefix, "model."):
        if beginning and name.startswith(beginning):
            name = name[len(beginning) :]
            break
    return name.startswith("decoder.")


def _mask(name: str, tensor: FileTensor | None) -> bool:
    """Flags and whole numbers are masks and counters; models like GPT-2 once saved its causal mask [1, 1, n, n] as numbers."""
    if tensor is None:
        return False
    square = len(tensor.shape) == 4 and tensor.shape[:2] == [1, 1] and tensor.shape[2] == tensor.shape[3]
    return tensor.dtype in ("int64", "bool") or (square and _CAUSAL_MASK.search(name) is not None)


def _head_settings(loaded: Loaded) -> dict[str, Any]:
    """The settings that only the head reads: the scales of logits in config.json, and a file of generation that no generating class reads."""
    config: Any = loaded.config
    inner: Callable[[], Any] = getattr(config, "get_text_config", lambda: config)
    found = {
        name: getattr(inner(), name) for name in _HEAD_SETTINGS if getattr(inner(), name, None) is not None
    }
    # Those of a model that generates are described and compared as such.
    path = None if generation_settings.generates(loaded) else loaded.folder.find("generation_config.json")
    if path is not None:
        try:
            with open(path, encoding="utf-8") as file:
                content = json.load(file)
        except (OSError, ValueError):
            return found
        if not isinstance(content, dict):
            return dict(found, generation=content)
        found.update(
            {
                "generation." + name: value
                for name, value in content.items()
                if name not in ("transformers_version", "_from_model_config")
            }
        )
    return found


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else " and ".join(names)
