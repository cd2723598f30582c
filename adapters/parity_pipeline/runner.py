"""The runner of pipelines: the library's own `pipeline(...)`, called as its users call it. Everything around the call is shared."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# Values from transformers are Any here.

from __future__ import annotations

import importlib
from typing import Any

from . import calls, loaded_weights, session

PROTOCOL = 2
_SHARED = (
    "facts",
    "finding",
    "generation_settings",
    "loading",
    "options",
    "untrusted",
)  # modules of the package that shares them
facts, finding, generation_settings, loading, options, untrusted = (
    importlib.import_module("." + name, __package__) for name in _SHARED
)


def open(request: dict[str, Any], host: Any) -> Any:
    """Make the pipeline that the request names; a task that this version of the library does not have is refused with one that does."""
    loading.quieten()
    host.safe_weights.install()
    transformers: Any = importlib.import_module("transformers")
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(max(1, int(request["threads"])))
    getattr(transformers.logging, "set_verbosity_error", lambda: None)()
    source = finding.find(request["locator"], host)
    for check in (untrusted.check_folder, untrusted.check_attention):
        check(source.names[0], host)
    name, config = finding.config_of(source, {"trust_remote_code": False}, host)
    finding.settle_architectures(config)
    chosen = calls.read(request["options"], name, config.architectures or [], host)
    pipelines: Any = importlib.import_module("transformers.pipelines")
    if chosen.call.task not in pipelines.get_supported_tasks():
        raise calls.not_there(chosen.call.task, f"transformers {transformers.__version__}", host)
    arguments: dict[str, Any] = dict(chosen.made_with)
    if "dtype" in arguments and arguments["dtype"] != "auto":
        arguments["dtype"] = getattr(torch, arguments["dtype"])
    if "device" in arguments:
        options.device(arguments["device"], host)
    host.progress("loading the pipeline")
    try:
        with untrusted.nothing_unpickled(name, False, host), loaded_weights.watched(
            transformers.PreTrainedModel
        ) as weights:
            made = transformers.pipeline(chosen.task, model=name, tokenizer=name, **arguments)
    except Exception as error:
        unsafe = host.safe_weights.refused(error)
        if unsafe is not None:
            raise host.Refusal(
                "unsafe-artifact", f"The weights of {name} were not loaded: {unsafe}. No code was run."
            ) from error
        raise host.Refusal(
            "subject", f"pipeline({chosen.task!r}) cannot load {name}: {finding.first_line(error)}."
        ) from error
    generation = _generation(made, chosen.generation)
    new = weights.newly_initialised(made.model)
    return session.Session(made, chosen, name, session.Facts(dict(facts.versions()), generation, new), host)


def _generation(made: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What it generates with, with the arguments that the user gave; empty for a pipeline that does not generate."""
    if not getattr(made, "_pipeline_calls_generate", True) or not hasattr(made.model, "generation_config"):
        return {}
    own = getattr(made, "generation_config", None)
    if own is None:
        prepare = getattr(made, "_prepare_generate_kwargs", dict)
        own = {**made.model.generation_config.to_dict(), **prepare(dict(given))}
    found: dict[str, Any] = generation_settings.settled(own, made.model.config)
    return found
