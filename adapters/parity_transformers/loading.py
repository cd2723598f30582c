"""Finding and loading a Transformers model and its tokenizer, in any transformers from 4.12 to 5.

Every mistake in what the user named ends in a sentence; no code of a checkpoint is run.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# torch and transformers are only partly typed.

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, NamedTuple

from . import (
    config_settings,
    effects,
    finding,
    model_files,
    not_run,
    other_formats,
    own_code,
    peft_adapter,
    quantised,
    sentence_modules,
    serving,
    settings,
    tasks,
    tokenizer_files,
    untrusted,
)
from .checkpoint import Checkpoint
from .hub import within_reach

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from parity._in_process.host import Host

    from .options import Options
    from .sentence_layers import Modules

__all__ = ["Loaded", "float64_status", "load", "quieten"]


class Loaded(NamedTuple):
    """A model in eval mode with its tokenizer, and the facts found while loading them."""

    name: str
    config: PretrainedConfig
    tokenizer: PreTrainedTokenizerBase
    model: PreTrainedModel
    row: tasks.Row
    tasks: list[str]
    newly_initialised: list[str]
    unused_weights: list[str]
    notes: list[str]
    folder: not_run.Folder
    modules: Modules
    overrides: config_settings.Reads
    unmerged: bool = False


def quieten() -> None:
    """No progress bars, no advice, no telemetry; offline in every version's way; a checkpoint's code in a separate folder.

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
        os.environ["TRANSFORMERS_OFFLINE"] = "1"  # the variable of transformers before 4.3x


def load(locator: str, options: Options, host: Host) -> Loaded:
    """Load what `locator` names, or refuse with a sentence."""
    serving.check(options, host)
    adapted = peft_adapter.find(locator, options, host)
    if adapted is not None:
        locator, options = adapted.base, adapted.options(options)
    source = finding.find(locator, host)
    effects.check_revision(locator, source.local, options.revision, host)
    untrusted.check_folder(tokenizer_files.place_of(source.names[0], options), host)
    untrusted.check_attention(source.names[0], host)
    _silence_transformers()
    host.safe_weights.install()
    here = source.local or not within_reach()
    hub: dict[str, object] = {"trust_remote_code": options.trust_remote_code, "local_files_only": here}
    if options.revision is not None:
        hub["revision"] = options.revision
    notes = [] if source.note is None else [source.note]
    host.progress("reading the configuration")
    try:
        name, config = finding.config_of(source, hub, host)
    except host.Refusal as error:
        raise error if adapted is None else adapted.without_base(error.sentence, host) from error
    other_formats.check_backend(name, config, host)
    quantised.check_folder(name, config, options, host)
    notes += finding.settle_architectures(config)
    if adapted is not None:
        adapted.settle(config)
        notes.append(adapted.note)
    overrides = config_settings.apply(config, settings.group(dict(options.settings), "config"), name, host)
    reads = config_settings.Reads(overrides)
    folder = not_run.Folder(name, source.local, hub)
    modules = sentence_modules.modules_of(folder, options.pooling, options.task)
    if modules.stages:
        row = tasks.row_of_embedder(config)
    elif options.task is None:
        row = tasks.row_of(config)
    else:
        row = tasks.row_named(options.task, name, config, host)
    _check_reads_text(name, config, row.loader, host)
    checkpoint = Checkpoint(name, source.local, config, options, hub, host, notes, reads.overridden)
    trusted = options.trust_remote_code
    host.progress("loading the tokenizer")
    with untrusted.nothing_unpickled(tokenizer_files.place_of(name, options), trusted, host):
        tokenizer = tokenizer_files.load(checkpoint)
    host.progress("loading the weights")
    with untrusted.nothing_unpickled(name, trusted, host):
        model, new, unused = model_files.load(checkpoint, row.loader)
    if adapted is not None:
        model, new = adapted.apply(model, new, host)
        config.architectures = model.config.architectures = [type(model).__name__]
    if options.task is not None:
        notes.append(f"Opened as {row.task} with {type(model).__name__}, as ?task= requests.")
    elif not row.head and config.architectures and type(model).__name__ not in config.architectures:
        notes.append(
            f"The checkpoint is a {config.architectures[0]}; parity runs its {type(model).__name__}."
        )
    if not config.architectures and options.task is None:
        notes.append("The config names no architecture, so parity runs the bare encoder.")
    code = own_code.note(name)
    if code is not None:
        notes.append(code)
    modules.to(dtype=model.dtype)
    known = tasks.names_for(config)
    unmerged = adapted is not None and not adapted.merged
    return Loaded(
        name, config, tokenizer, model, row, known, new, unused, notes, folder, modules, reads, unmerged
    )


def float64_status(loaded: Loaded, status: str) -> str:
    """How a float64 pass went; an adapter that is not merged differs by the rounding of the merge from one that is."""
    return "mixed: the rounding of a merge" if loaded.unmerged and not status.startswith("mixed") else status


def _silence_transformers() -> None:
    import transformers

    for name in ("set_verbosity_error", "disable_progress_bar"):  # the second does not exist in every version
        getattr(transformers.logging, name, lambda: None)()


def _check_reads_text(name: str, config: PretrainedConfig, kind: str, host: Host) -> None:
    """Refuse a model whose forward takes pictures or sound: before its tokenizer is searched, which it may not have."""
    import transformers

    auto = getattr(transformers, kind)
    try:
        known = auto._model_mapping[type(config)] if hasattr(auto, "_model_mapping") else auto
        known = known[0] if isinstance(known, (tuple, list)) else known
        takes = list(inspect.signature(known.forward).parameters)[1:]
    except Exception:  # noqa: BLE001  # a failed look-up (own code, a missing package) is reported when the model is loaded
        return
    if "input_ids" not in takes and "kwargs" not in takes[:1]:
        raise finding.no_text_model(name, f"{known.__name__} takes {takes[0]}, and no input_ids", host)
