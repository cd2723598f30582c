"""What the library chooses by itself in a call without arguments, beside what was chosen here: dtype and truncation.

parity runs models in float32 and truncates to what they take, so that two runs can be compared. A call without arguments may do otherwise:
transformers 5 loads in the dtype of config.json, and no tokenizer truncates before it is requested.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from JSON files are Any here.

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable

from . import safetensors_file
from .versions import version_of

if TYPE_CHECKING:
    from .encoding import Encoder
    from .loading import Loaded
    from .options import Options

__all__ = ["chosen"]

_NONE = "none"


def chosen(loaded: Loaded, options: Options, given: dict[str, str], encoder: Encoder) -> list[dict[str, str]]:
    """Each such setting with its value, that of the library, and who chose it: "option", "library" or "parity"."""
    found: list[dict[str, str]] = []
    here = _dtype_name(loaded.model.dtype)
    there = here if options.dtype is None else _dtype(loaded.folder.find)
    if there is not None:
        found.append(_setting("dtype", here, there, options, "dtype" in given))
    cut = f"{encoder.limit} tokens" if options.truncation and encoder.limit is not None else _NONE
    found.append(_setting("truncation", cut, _NONE, options, "truncation" in given or "max_length" in given))
    return found


def _setting(name: str, value: str, library: str, options: Options, given: bool) -> dict[str, str]:
    by = "option" if given else "library" if options.library else "parity"
    return {"setting": name, "value": value, "library": library, "by": by}


def _dtype(find: Callable[[str], str | None]) -> str | None:
    """The dtype that this version of transformers loads the weights in; None where that is not known."""
    if version_of("transformers") < (5,):
        return "float32"
    config: Any = _json(find("config.json"))
    stored = config.get("dtype") or config.get("torch_dtype")
    return _dtype_name(stored) if isinstance(stored, str) else _first_dtype(find)


def _first_dtype(find: Callable[[str], str | None]) -> str | None:
    """The dtype of the first floating tensor of the weights, where they are safetensors."""
    path = find("model.safetensors")
    if path is None:
        listed = _json(find("model.safetensors.index.json")).get("weight_map")
        path = find(str(next(iter(listed.values())))) if listed else None
    try:
        places = safetensors_file.places(path) if path is not None else []
        dtypes = [safetensors_file.DTYPES.get(entry["dtype"]) for _, entry, _ in places]
    except (OSError, ValueError, KeyError):
        return None
    return next((_dtype_name(one) for one in dtypes if one is not None and one.is_floating_point), None)


def _json(path: str | None) -> dict[str, Any]:
    try:
        with open(path or "", encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _dtype_name(dtype: Any) -> str:
    return str(dtype).replace("torch.", "")
