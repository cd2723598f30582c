"""Weights that lie on disk, or on several devices: what `?device_map=` requests, as accelerate places it.

device_map=encoder.layer.3:disk      this module on disk, the others on the CPU
device_map=auto                      as accelerate chooses for the memory that is there
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from accelerate are Any here.

from __future__ import annotations

import difflib
import importlib
import importlib.util
import tempfile
from typing import TYPE_CHECKING, Any

from . import finding

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal

    from .options import Options

__all__ = ["check", "dispatch"]

_CHOSEN = ("auto", "balanced", "balanced_low_0", "sequential")


def check(options: Options, host: Host) -> None:
    """Refuse at once a map that cannot be read, or where accelerate, which places the modules, is not installed."""
    text = options.device_map
    if text is None:
        return
    pairs = _pairs(text, host)
    if importlib.util.find_spec("accelerate") is None:
        raise _refused(
            host,
            f"device_map={text} needs accelerate, which this interpreter does not have.",
            "Install it there (pip install accelerate), or name an interpreter that has it with @.",
        )
    if options.device != "cpu":
        raise _refused(
            host,
            f"device_map={text} and device={options.device} cannot be used together: both say where weights lie.",
            "Omit device.",
        )
    from . import options as values

    for place in pairs.values():
        if place not in ("disk", "cpu"):
            values.device(place, host)


def dispatch(model: Any, text: str, name: str, host: Host) -> dict[str, str]:
    """Place the modules of a model; the device of each, by its name. `disk` is a folder that goes with this process."""
    accelerate: Any = importlib.import_module("accelerate")
    try:
        if text in _CHOSEN:
            whole = [one for one in getattr(model, "_no_split_modules", None) or () if isinstance(one, str)]
            memory = None
            if text != "auto" and text != "sequential":
                memory = accelerate.utils.get_balanced_memory(
                    model, no_split_module_classes=whole, low_zero=text == "balanced_low_0"
                )
            places = accelerate.infer_auto_device_map(model, memory, no_split_module_classes=whole)
        else:
            places = {"": "cpu", **_known(_pairs(text, host), model, name, text, host)}
        accelerate.dispatch_model(model, places, offload_dir=tempfile.mkdtemp(prefix="offloaded-"))
    except host.Refusal:
        raise
    except Exception as error:
        raise _refused(
            host,
            f"accelerate {accelerate.__version__} cannot place {name} with device_map={text}: {finding.first_line(error)}",
            "Name other modules, or omit device_map.",
        ) from error
    return {str(module): str(place) for module, place in places.items()}


def _pairs(text: str, host: Host) -> dict[str, str]:
    if text in _CHOSEN:
        return {}
    found: dict[str, str] = {}
    for part in text.split(","):
        module, colon, place = part.strip().rpartition(":")
        if place.isdigit() and ":" in module:  # encoder.layer.3:cuda:1
            module, colon, kind = module.rpartition(":")
            place = f"{kind}:{place}"
        if not colon or not place:
            raise _refused(
                host,
                f"device_map={text} cannot be read: {part.strip()!r} is not MODULE:DEVICE.",
                f"Write device_map=encoder.layer.3:disk, several with commas, or one of {', '.join(_CHOSEN)}.",
            )
        found[module] = place
    return found


def _known(pairs: dict[str, str], model: Any, name: str, text: str, host: Host) -> dict[str, str]:
    names = [one for one, _ in model.named_modules()]
    for module in pairs:
        if module not in names:
            near = difflib.get_close_matches(module, names, n=2, cutoff=0.5)
            ends = [one for one in names if one.endswith("." + module)]
            raise _refused(
                host,
                f"device_map={text}: {name} has no module {module}.",
                f"Did you mean {' or '.join(ends[:2] or near)}?"
                if ends or near
                else "Name a module of the model.",
            )
    return pairs


def _refused(host: Host, sentence: str, step: str) -> Refusal:
    return host.Refusal("bad-option-value", sentence, step)
