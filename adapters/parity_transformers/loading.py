"""Finding and loading a Transformers model and its tokenizer, in any transformers from 4.12 to 5.

Everything that can be wrong with what the user named ends in a sentence; nothing that a checkpoint carries is executed.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# What torch and transformers hand over is Any here.

from __future__ import annotations

import importlib.util
import inspect
import json
import os
from typing import Any, NamedTuple

from . import effects, finding, not_run, own_code, safetensors_file, untrusted
from .hub import within_reach

__all__ = ["Loaded", "load", "quieten", "version_of"]


_TASKS = (
    ("ForSequenceClassification", "sequence_classification", "AutoModelForSequenceClassification"),
    ("ForTokenClassification", "token_classification", "AutoModelForTokenClassification"),
    ("ForQuestionAnswering", "other", "AutoModelForQuestionAnswering"),
)
_VOCABULARIES = [
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
    "tokenizer.model",
    "bpe.codes",
    "vocab-src.json",
]
_WEIGHTS = (
    "model.safetensors",
    "pytorch_model.bin",
    "model.safetensors.index.json",
    "pytorch_model.bin.index.json",
)


class Loaded(NamedTuple):
    """A model in eval mode with its tokenizer, and what loading them told."""

    name: str
    config: Any
    tokenizer: Any
    model: Any
    task: str
    newly_initialised: list[str]
    unused_weights: list[str]
    notes: list[str]
    folder: Any


def version_of(name: str) -> tuple[int, ...]:
    """A package's version as numbers: (4, 12, 5)."""
    module = __import__(name)
    parts = str(module.__version__).split("+")[0].split(".")[:3]
    return tuple(int("".join(character for character in part if character.isdigit()) or 0) for part in parts)


def quieten() -> None:
    """No progress bars, no advice, no telemetry; offline in every version's words; code of a checkpoint's in a folder of its own.

    Before transformers is imported.
    """
    own_code.keep_apart()
    for name in (
        "HF_HUB_DISABLE_PROGRESS_BARS",
        "TRANSFORMERS_NO_ADVISORY_WARNINGS",
        "HF_HUB_DISABLE_TELEMETRY",
    ):
        os.environ[name] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        os.environ["TRANSFORMERS_OFFLINE"] = "1"  # what transformers before 4.3x listens to


def load(locator: str, options: Any, host: Any, safe_weights: Any) -> Loaded:
    """Load what `locator` names, or refuse with a sentence."""
    source = finding.find(locator, host)
    effects.check_revision(locator, source.local, options.revision, host)
    untrusted.check_folder(_tokenizer_place(source.names[0], options), host)
    untrusted.check_attention(source.names[0], host)
    import transformers

    logging: Any = transformers.logging
    logging.set_verbosity_error()
    if hasattr(logging, "disable_progress_bar"):
        logging.disable_progress_bar()
    safe_weights.install()
    here = source.local or not within_reach()
    hub: dict[str, Any] = {"trust_remote_code": options.trust_remote_code, "local_files_only": here}
    if options.revision is not None:
        hub["revision"] = options.revision
    notes = [] if source.note is None else [source.note]
    host.progress("reading the configuration")
    name, config = finding.config_of(source, hub, host)
    notes += finding.settle_architectures(config)
    task, kind = _task(config)
    _check_reads_text(name, config, kind, host)
    host.progress("loading the tokenizer")
    with untrusted.nothing_unpickled(_tokenizer_place(name, options), options.trust_remote_code, host):
        tokenizer = _tokenizer(name, config, options, source, hub, host, notes)
    host.progress("loading the weights")
    with untrusted.nothing_unpickled(name, options.trust_remote_code, host):
        model, info = _model(name, config, kind, options, source, hub, host, safe_weights, notes)
    model.eval()
    missing = _keys(info, "missing_keys", model) + _keys(info, "mismatched_keys", model)
    unused = _keys(info, "unexpected_keys", model)
    if task == "encoder" and config.architectures and type(model).__name__ not in config.architectures:
        notes.append(
            f"The checkpoint is a {config.architectures[0]}; what is questioned is its {type(model).__name__}."
        )
    if not config.architectures:
        notes.append("The config names no architecture, so the bare encoder is questioned.")
    code = own_code.note(name)
    if code is not None:
        notes.append(code)
    new = _really_missing(sorted(set(missing)), model)
    folder = not_run.Folder(name, source.local, hub)
    return Loaded(name, config, tokenizer, model, task, new, unused, notes, folder)


def _task(config: Any) -> tuple[str, str]:
    """The task, and the class that loads the model: an Auto class, or the encoder's own where config.json names one."""
    import transformers

    for architecture in config.architectures or []:
        for ending, task, kind in _TASKS:
            if architecture.endswith(ending):
                return task, kind
    for architecture in config.architectures or []:
        known = getattr(transformers, architecture, None) if architecture.endswith("EncoderModel") else None
        if known is not None and isinstance(config, getattr(known, "config_class", None) or ()):
            return "encoder", architecture
    return "encoder", "AutoModel"


def _check_reads_text(name: str, config: Any, kind: str, host: Any) -> None:
    """Refuse a model whose forward takes pictures or sound: before its tokenizer is looked for, which it may not have."""
    import transformers

    auto: Any = getattr(transformers, kind)
    try:
        known = auto._model_mapping[type(config)] if hasattr(auto, "_model_mapping") else auto
        known = known[0] if isinstance(known, (tuple, list)) else known
        takes = list(inspect.signature(known.forward).parameters)[1:]
    except Exception:  # noqa: BLE001  # what cannot be looked up (code of its own, a package that is not there) is told when it is loaded
        return
    if "input_ids" not in takes and "kwargs" not in takes[:1]:
        raise finding.no_text_model(name, f"{known.__name__} takes {takes[0]}, and no input_ids", host)


def _tokenizer_place(name: str, options: Any) -> str:
    """Where the tokenizer is read from: the model's own folder or name, or the folder that the user names."""
    return name if options.tokenizer is None else os.path.expanduser(options.tokenizer)


def _tokenizer(
    name: str, config: Any, options: Any, source: Any, hub: dict[str, Any], host: Any, notes: list[str]
) -> Any:
    import transformers

    place = _tokenizer_place(name, options)
    asked = dict(hub)
    if options.tokenizer is not None:
        asked["local_files_only"] = os.path.isdir(place)
        if not os.path.isdir(place):
            asked.pop("revision", None)
    if os.path.isdir(place) and not any(os.path.isfile(os.path.join(place, file)) for file in _VOCABULARIES):
        raise host.Refusal(
            "subject-not-found",
            "The folder {} holds no tokenizer (no {}, …).".format(place, ", ".join(_VOCABULARIES[:3])),
            "Put the tokenizer's files there, or name its folder with ?tokenizer=PATH.",
        )
    if options.tokenizer is not None and not os.path.isfile(os.path.join(place, "config.json")):
        asked["config"] = (
            config  # a folder with nothing but a tokenizer: its class may come from the model's config
        )
    untrusted.check_settings(place, config if place == name else asked.get("config"), asked, host)
    errors: list[str] = []
    for fast in (True, False):
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(place, use_fast=fast, **asked)
        except Exception as error:
            if "trust_remote_code" in str(error) or "execute the" in str(error):
                raise finding.own_code(place, host) from error
            errors.append(finding.first_line(error))
            continue
        if errors:
            notes.append(
                f"transformers {transformers.__version__} cannot read the fast tokenizer of {place} ({errors[0]}); its slow one is used."
            )
        return tokenizer
    raise host.Refusal(
        "subject-not-found",
        f"transformers {transformers.__version__} cannot load a tokenizer from {place}: {errors[0]}",
        "Name another tokenizer with ?tokenizer=PATH, or another interpreter with @.",
    )


def _model(
    name: str,
    config: Any,
    kind: str,
    options: Any,
    source: Any,
    hub: dict[str, Any],
    host: Any,
    safe_weights: Any,
    notes: list[str],
) -> tuple[Any, Any]:
    import torch
    import transformers

    version = version_of("transformers")
    asked = dict(hub, config=config, output_loading_info=True)
    if options.attn is not None:
        if version < (4, 36):
            raise host.Refusal(
                "bad-option-value",
                f"transformers {transformers.__version__} has one attention only and no attn option.",
                "Leave attn= out for this interpreter.",
            )
        asked["attn_implementation"] = options.attn
    stored = getattr(config, "dtype", None) or getattr(config, "torch_dtype", None)
    if options.dtype == "auto":
        dtype: Any = "auto"
    else:
        dtype = getattr(torch, options.dtype)
        if stored is not None and str(stored).replace("torch.", "") != options.dtype:
            notes.append(
                "The config says {}; the weights are loaded as {}.".format(
                    str(stored).replace("torch.", ""), options.dtype
                )
            )
    asked["dtype" if version >= (4, 56) else "torch_dtype"] = dtype
    loader = getattr(transformers, kind)
    if getattr(config, "model_type", "") in ("t5", "mt5") and kind == "AutoModel":
        loader = getattr(transformers, "MT5EncoderModel" if config.model_type == "mt5" else "T5EncoderModel")
    if not kind.startswith("Auto") or loader is not getattr(transformers, kind):
        asked.pop("trust_remote_code")
    place: str | None = name
    if source.local:
        place = _with_old_loader(name, asked, host, notes)
    try:
        return loader.from_pretrained(place, **asked)  # type: ignore[no-any-return]
    except Exception as error:
        refusal = _no_model(name, options, error, host, safe_weights)
        if refusal is None:
            raise
        raise refusal from error


def _with_old_loader(name: str, asked: dict[str, Any], host: Any, notes: list[str]) -> str | None:
    """The folder to load from; None when its safetensors were read here, for a transformers that cannot."""
    import transformers

    if not any(os.path.isfile(os.path.join(name, file)) for file in _WEIGHTS):
        raise host.Refusal(
            "subject-not-found",
            "The folder {} holds no weights (none of {}).".format(name, ", ".join(_WEIGHTS[:2])),
            "Put the weights there; TensorFlow and Flax weights are not read.",
        )
    index = os.path.join(name, "model.safetensors.index.json")
    files = ["model.safetensors"] if os.path.isfile(os.path.join(name, "model.safetensors")) else []
    state: dict[str, Any] = {}
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
            )  # what is cut off ends in a sentence; transformers 5 goes looking on the hub instead
            if not can:
                state.update(safetensors_file.read(path))
    except (OSError, ValueError, KeyError) as error:
        raise host.Refusal("subject", f"The weights of {name} cannot be read: {error}.") from error
    if can:
        return name
    asked["state_dict"] = state
    if asked.get("torch_dtype") == "auto":
        asked["torch_dtype"] = next(iter(state.values())).dtype
    notes.append(
        f"transformers {transformers.__version__} reads no safetensors; parity read the file and handed the weights over."
    )
    return None


def _no_model(name: str, options: Any, error: Exception, host: Any, safe_weights: Any) -> Any:
    import transformers

    text = finding.first_line(error)
    unsafe = safe_weights.refused(error)
    if unsafe is not None:
        return host.Refusal(
            "unsafe-artifact",
            f"The weights of {name} were not loaded: {unsafe}. Nothing was executed.",
            "Save them again with save_pretrained(safe_serialization=True), if you trust where they come from.",
        )
    if "trust_remote_code" in str(error):
        return finding.own_code(name, host)
    if options.attn is not None and ("attention" in str(error).lower() or "flash" in str(error).lower()):
        return host.Refusal("bad-option-value", f"{name} cannot run with attn={options.attn}: {text}")
    if "ignore_mismatched_sizes" in str(error):
        text = "their shapes are not those that config.json asks for"
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


def _keys(info: Any, name: str, model: Any) -> list[str]:
    found = info.get(name, ()) if isinstance(info, dict) else getattr(info, name, ())
    names = [str(key[0] if isinstance(key, (tuple, list)) else key) for key in found or ()]
    # Some versions name what a bare encoder lacks as the headed checkpoint would have: the model's own names count.
    prefix = model.base_model_prefix + "."
    own = set(model.state_dict())
    names = [key[len(prefix) :] if key not in own and key[len(prefix) :] in own else key for key in names]
    # Tables of 0, 1, 2, … that some versions saved as if they were weights.
    return sorted(key for key in names if not key.endswith(("position_ids", "token_type_ids")))


def _really_missing(names: list[str], model: Any) -> list[str]:
    """Without what needs no file: constants (a causal mask, say), and second names of weights that were there."""
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
