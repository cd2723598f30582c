"""Quantised weights: what `?quantize=` requests, the package that it needs, and what of a model is quantised in the end.

bitsandbytes and torchao quantise while transformers loads; `dynamic-int8` is torch's own, on the model as it was loaded.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import TYPE_CHECKING, Any

from . import finding
from .versions import version_of

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal

    from .options import Options

__all__ = ["DYNAMIC", "at_loading", "check", "check_folder", "described", "make_dynamic"]

DYNAMIC = "dynamic-int8"
_TORCHAO = {
    "torchao-int8-weight-only": "Int8WeightOnlyConfig",
    "torchao-int4-weight-only": "Int4WeightOnlyConfig",
    "torchao-int8-dynamic-activation-int8-weight": "Int8DynamicActivationInt8WeightConfig",
    "torchao-float8-weight-only": "Float8WeightOnlyConfig",
}
_BITSANDBYTES = {"bitsandbytes-8bit": "load_in_8bit", "bitsandbytes-4bit": "load_in_4bit"}


def check(options: Options, host: Host) -> None:
    """Refuse at once what this interpreter cannot quantise with, or what does not go with it."""
    wanted = options.quantize
    if wanted is None:
        return
    if wanted == DYNAMIC and options.dtype not in (None, "float32"):
        raise _refused(
            host,
            f"quantize={wanted} quantises float32 weights, and dtype={options.dtype} was requested.",
            "Omit dtype.",
        )
    if wanted != DYNAMIC and options.adapter is not None:
        raise _refused(
            host,
            f"quantize={wanted} and adapter= cannot be used together: an adapter is merged into weights that are not quantised.",
            f"Omit one of the two, or use quantize={DYNAMIC}, which quantises the merged weights.",
        )
    package = wanted.split("-")[0]
    if wanted != DYNAMIC and importlib.util.find_spec(package) is None:
        raise _refused(
            host,
            f"quantize={wanted} needs {package}, which this interpreter does not have.",
            f"Install it there (pip install {package}), name an interpreter that has it with @, or use quantize={DYNAMIC}, which needs "
            "only torch.",
        )
    if wanted == DYNAMIC:
        _dynamic(host)
    elif version_of("transformers") < (4, 48):
        raise _refused(
            host,
            f"quantize={wanted} needs transformers 4.48 or later.",
            f"Name a newer interpreter with @, or use quantize={DYNAMIC}.",
        )
    else:
        at_loading(wanted, host)


def check_folder(name: str, config: Any, options: Options, host: Host) -> None:
    """Refuse to quantise weights that are quantised already."""
    if options.quantize is not None and getattr(config, "quantization_config", None) is not None:
        raise _refused(
            host,
            f"quantize={options.quantize} has no effect on {name}: its weights are quantised already (quantization_config in config.json).",
            "Omit quantize, or name the model before it was quantised.",
        )


def at_loading(wanted: str | None, host: Host) -> Any:
    """The quantization_config that `from_pretrained` takes; None where loading quantises nothing."""
    if wanted is None or wanted == DYNAMIC:
        return None
    try:
        transformers: Any = importlib.import_module("transformers")
        if wanted in _BITSANDBYTES:
            return transformers.BitsAndBytesConfig(**{_BITSANDBYTES[wanted]: True})
        kind: Any = getattr(importlib.import_module("torchao.quantization"), _TORCHAO[wanted])
        return transformers.TorchAoConfig(quant_type=kind())
    except Exception as error:
        raise _refused(
            host,
            f"quantize={wanted} cannot be used with what this interpreter has: {finding.first_line(error)}",
            f"Install a version that fits, or use another quantisation, such as quantize={DYNAMIC}.",
        ) from error


def make_dynamic(model: Any, name: str, host: Host) -> None:
    """Quantise the linear layers of a model in place: 8-bit weights now, activations in each forward."""
    import torch

    quantize = _dynamic(host)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it will move to torchao
        try:
            quantize(model, {torch.nn.Linear}, dtype=torch.qint8, inplace=True)
        except Exception as error:
            raise _refused(
                host,
                f"quantize={DYNAMIC} cannot be applied to {name}: {finding.first_line(error)}",
                "Omit quantize, or use one of torchao's.",
            ) from error


def described(model: Any, name: str, options: Options, host: Host) -> str:
    """How the weights are quantised, in words; empty where they are not. Refuses an option that quantised nothing."""
    import torch

    if options.quantize is not None and not host.tap.is_packed(model):
        raise _refused(
            host,
            f"quantize={options.quantize} has no effect on {name}: none of its weights was quantised.",
            "Omit quantize, or use another one: some need widths that are multiples of their group, or layers of another kind.",
        )
    if options.quantize is not None:
        engine = str(torch.backends.quantized.engine)
        return f"{DYNAMIC}, engine {engine}" if options.quantize == DYNAMIC else options.quantize
    settings: Any = getattr(model.config, "quantization_config", None)
    if settings is None or not (getattr(model, "is_quantized", False) or host.tap.is_packed(model)):
        return ""
    method: Any = (
        settings.get("quant_method")
        if isinstance(settings, dict)
        else getattr(settings, "quant_method", None)
    )
    return f"{getattr(method, 'value', method) or 'packed'}, as the folder has them"


def _dynamic(host: Host) -> Any:
    """torch's function; refused where this torch no longer has it, or has no kernels for it."""
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = importlib.import_module("torch.ao.quantization").quantize_dynamic
    except (ImportError, AttributeError):
        try:
            found = importlib.import_module("torch.quantization").quantize_dynamic
        except (ImportError, AttributeError) as error:
            raise _refused(
                host,
                f"torch {torch.__version__} has no dynamic quantisation of its own any more.",
                "Use quantize=torchao-int8-dynamic-activation-int8-weight, or name an interpreter with an older torch with @.",
            ) from error
    if not [one for one in torch.backends.quantized.supported_engines if one != "none"]:
        raise _refused(
            host,
            f"torch {torch.__version__} has no quantised kernels for this machine.",
            "Name an interpreter that has some with @.",
        )
    return found


def _refused(host: Host, sentence: str, step: str) -> Refusal:
    return host.Refusal("bad-option-value", sentence, step)
