"""The settings by which a model generates, as its library resolves them: from generation_config.json, an old config.json, or defaults.

Values that mean the same are written the same way, so that two versions of the library differ only where they generate otherwise.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from the framework and from JSON files are Any here.

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loading import Loaded

__all__ = ["can_generate", "generates", "generating_class", "known", "settings", "settled", "without_effect"]

# What a value of None, or none at all, means in `generate`.
_DEFAULTS: dict[str, Any] = {
    "max_length": 20,
    "min_length": 0,
    "do_sample": False,
    "early_stopping": False,
    "num_beams": 1,
    "temperature": 1.0,
    "top_k": 0,
    "top_p": 1.0,
    "repetition_penalty": 1.0,
    "length_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "use_cache": True,
    "num_return_sequences": 1,
}
# Settings that are off at this value, and that some versions write and some omit.
_OFF: dict[str, Any] = {
    "num_beam_groups": 1,
    "diversity_penalty": 0.0,
    "typical_p": 1.0,
    "epsilon_cutoff": 0.0,
    "eta_cutoff": 0.0,
    "encoder_repetition_penalty": 1.0,
    "encoder_no_repeat_ngram_size": 0,
    "renormalize_logits": False,
    "remove_invalid_values": False,
    "low_memory": False,
    "guidance_scale": 1.0,
    "token_healing": False,
}
# What says where the settings came from, what else is returned, and how assisted generation, which is exact, is tuned.
_NO_EFFECT = re.compile(
    r"^(_|transformers_version$|output_|return_dict|return_legacy|assistant_|is_assistant|num_assistant|target_lookbehind"
    r"|prompt_lookup|max_matching_ngram|speculation|use_mtp|compile_config|disable_compile"
    r"|prefill_chunk|continuous_batching|use_model_defaults)"
)


def can_generate(kind: Any) -> bool:
    """Whether a class of models generates; a masked language model does not, although some inherit what would let them."""
    if "MaskedLM" in kind.__name__ or not hasattr(kind, "generate"):
        return False
    known = getattr(kind, "can_generate", None)
    if known is not None:
        return bool(known())
    # Before transformers 4.26 every model had `generate`; those that can run it prepare inputs for it.
    return any(
        "prepare_inputs_for_generation" in vars(one)
        for one in kind.__mro__
        if one.__module__.startswith("transformers.models.")
    )


def generates(loaded: Loaded) -> bool:
    """Whether users of this checkpoint generate with it: by its class, else by the file that only such models have."""
    import transformers

    if can_generate(type(loaded.model)):
        return True
    named = loaded.config.architectures or []
    known = [one for one in (getattr(transformers, name, None) for name in named) if one is not None]
    if known:
        return any(can_generate(one) for one in known)
    auto = getattr(loaded.config, "auto_map", None) or {}
    if any(name in auto for name in ("AutoModelForCausalLM", "AutoModelForSeq2SeqLM")):
        return True
    return loaded.folder.find("generation_config.json") is not None


def generating_class(loaded: Loaded) -> Any:
    """The class of transformers that users of this checkpoint generate with; None where there is none, or only in code of the checkpoint."""
    import transformers

    if can_generate(type(loaded.model)):
        return type(loaded.model)
    known = [getattr(transformers, name, None) for name in loaded.config.architectures or []]
    return next((one for one in known if one is not None and can_generate(one)), None)


def settings(loaded: Loaded, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """What `generate` would run with where nothing is given, with these changes; empty for a model that does not generate."""
    return settled(_of_library(loaded), loaded.config, changes) if generates(loaded) else {}


def known(loaded: Loaded) -> dict[str, Any]:
    """Every setting of generation that the library knows, by its name, with the value here or the default that None stands for."""
    found = _of_library(loaded)
    kind: Any = getattr(_transformers(), "GenerationConfig", None)
    every = dict(_of_config(loaded.config) if kind is None else vars(kind()), **_values_of(found))
    return {
        name: _OFF.get(name, _DEFAULTS.get(name)) if value is None else value
        for name, value in every.items()
        if not name.startswith("_") and not without_effect(name)
    }


def without_effect(name: str) -> bool:
    """Whether a setting of this name does not change which text is generated."""
    return _NO_EFFECT.search(name) is not None


def settled(found: Any, config: Any, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """A generation config as plain values; None and what is off are written as every version means them."""
    values = dict(_values_of(found), **(changes or {}))
    values = {name: one for name, one in values.items() if not without_effect(name)}
    if values.get("cache_implementation") != "quantized":  # the others hold the same keys and values
        values = {
            name: one for name, one in values.items() if name not in ("cache_implementation", "cache_config")
        }
    defaults: dict[str, Any] = getattr(found, "_get_default_generation_params", dict)()
    for name, one in _DEFAULTS.items():
        if values.get(name) is None:
            values[name] = one if defaults.get(name) is None else defaults[name]
    for name, shorter in (("max_new_tokens", "max_length"), ("min_new_tokens", "min_length")):
        if values.get(name) is not None:
            del values[shorter]
    values = {name: _plain(one) for name, one in values.items() if one is not None}
    values = {name: one for name, one in values.items() if name not in _OFF or one != _OFF[name]}
    eos = values.get("eos_token_id")
    if "pad_token_id" not in values and eos is not None:
        values["pad_token_id"] = eos[0] if isinstance(eos, list) else eos
    if getattr(config, "is_encoder_decoder", False) and "bos_token_id" in values:
        values.setdefault("decoder_start_token_id", values["bos_token_id"])
    return dict(sorted(values.items()))


def _values_of(found: Any) -> dict[str, Any]:
    return dict(found if isinstance(found, dict) else found.to_dict())


def _transformers() -> Any:
    import transformers

    return transformers


def _of_library(loaded: Loaded) -> Any:
    """The generation config of the library; of versions without one the config, from which they read the same settings."""
    kind: Any = getattr(_transformers(), "GenerationConfig", None)
    if kind is None:
        return _of_config(loaded.config)
    own = getattr(loaded.model, "generation_config", None)
    if own is not None and can_generate(type(loaded.model)):
        return _prepared(loaded.model) or own
    name, hub = loaded.name, loaded.folder.hub
    if loaded.folder.find("generation_config.json") is not None:
        try:
            return kind.from_pretrained(name, **hub)
        except Exception as error:  # noqa: BLE001  # a file of another form: what is in it is compared as a text
            return {"generation_config.json": f"cannot be read: {type(error).__name__}"}
    try:
        # Of transformers 5: a config takes the settings of generation out of what it reads.
        older = "config_file_name" in inspect.signature(kind.from_pretrained).parameters
        return (
            kind.from_pretrained(name, config_file_name="config.json", _from_model_config=True, **hub)
            if older
            else None
        )
    except Exception:  # noqa: BLE001  # the same settings, as far as the loaded config has them
        return kind.from_model_config(loaded.config)


def _prepared(model: Any) -> Any:
    """What `generate` makes of the model's own settings (some versions prefer those of config.json); None where it is not known."""
    try:
        return model._prepare_generation_config(None)[0]
    except Exception:  # noqa: BLE001  # a private method that older versions lack; one that refuses also refuses in `generate`
        return None


def _of_config(config: Any) -> dict[str, Any]:
    names = (*_DEFAULTS, *_OFF, *_IDS)
    return {name: getattr(config, name, None) for name in names}


_IDS = (
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "decoder_start_token_id",
    "forced_bos_token_id",
    "forced_eos_token_id",
    "bad_words_ids",
    "suppress_tokens",
    "begin_suppress_tokens",
    "exponential_decay_length_penalty",
)


def _plain(value: Any) -> Any:
    """A list of one token is that token; an object of the library is its text."""
    if isinstance(value, (list, tuple)):
        kept = [_plain(one) for one in value]
        return kept[0] if len(kept) == 1 and isinstance(kept[0], int) else kept
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return value if isinstance(value, (str, int, float, bool)) else str(value)
