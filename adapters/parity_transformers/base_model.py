"""The base model before its first step: its original body, a head drawn under init_seed, and the frozen parameters."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import base_content, finding, lora, untrusted
from .versions import version_of

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["Loaded", "freeze", "load"]

_LOADERS = {
    "sequence_classification": "AutoModelForSequenceClassification",
    "token_classification": "AutoModelForTokenClassification",
}
_SETTINGS = {"sequence_classification": {"problem_type": "single_label_classification"}}


class Loaded:
    """A base model with the recipe's head on it, before its first step, and which of its weights are new.

    `digest` is of the base's content (`base_content`): of the folder's files, or, for a hub id, of the loaded content; `revision`
    is then its commit.
    """

    def __init__(
        self, model: Any, tokenizer: Any, new: list[str], limit: int | None, digest: str, revision: str | None
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.new = new
        self.limit = limit
        self.digest = digest
        self.revision = revision


def load(recipe: dict[str, Any], seed: int, host: Host) -> Loaded:
    """The base with a head for the recipe's classes, drawn under `seed`; refuses a base that cannot be trained."""
    requested = recipe["model"]
    source = finding.find(requested["base"], host)
    untrusted.check_folder(source.names[0], host)
    untrusted.check_attention(source.names[0], host)
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")  # its types are partly unknown
    safe_weights = host.safe_weights
    safe_weights.install()
    hub: dict[str, Any] = {"local_files_only": source.local}
    if requested["revision"] is not None:
        hub["revision"] = requested["revision"]
    labels: list[str] = recipe["labels"]
    host.progress("loading the base model")
    if requested["base_digest"] is not None:
        base_content.held(source.names[0], requested["base_digest"], host)
    untrusted.check_settings(source.names[0], None, hub, host)
    try:
        with untrusted.nothing_unpickled(requested["base"], False, host):
            tokenizer = transformers.AutoTokenizer.from_pretrained(source.names[0], **hub)
            dtype = "dtype" if version_of("transformers") >= (4, 56) else "torch_dtype"
            kind = getattr(transformers, _LOADERS[recipe["task"]])
            torch.manual_seed(seed)  # the following code draws only the weights that the base does not have
            model, info = kind.from_pretrained(
                source.names[0],
                num_labels=len(labels),
                id2label=dict(enumerate(labels)),
                label2id={label: index for index, label in enumerate(labels)},
                **_SETTINGS.get(recipe["task"], {}),
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                **dict(hub, **{dtype: getattr(torch, requested["dtype"])}),
            )
    except Exception as error:
        if isinstance(error, host.Refusal):
            raise
        unsafe = safe_weights.refused(error)
        if unsafe is not None:
            raise host.Refusal(
                "unsafe-artifact", f"The weights of {requested['base']} were not loaded: {unsafe}."
            ) from error
        if not isinstance(error, (OSError, ValueError, RuntimeError, KeyError)):
            raise
        raise host.Refusal(
            "recipe",
            f"transformers {transformers.__version__} cannot load the base model {requested['base']}: {finding.first_line(error)}",
            "Check model.base of the recipe.",
        ) from error
    new = _new_weights(model, info, requested["base"], host)
    digest, revision = requested["base_digest"], None
    if (
        digest is not None
    ):  # the same digest before and after loading shows that the digested content was loaded
        base_content.held(source.names[0], digest, host)
    else:
        digest = base_content.of_loaded(model, tokenizer, new)
        revision = base_content.commit_of(source.names[0], requested["revision"])
    limit = _limit(requested["max_length"], tokenizer, model, host)
    if recipe.get("lora") is not None:
        model = lora.wrapped(model, recipe, host)
        new = lora.new_names(model, new)
    return Loaded(model, tokenizer, new, limit, digest, revision)


def _new_weights(model: Any, info: Any, base: str, host: Host) -> list[str]:
    """The names of the weights that the base does not have; its body must be complete."""
    found: dict[str, list[str]] = {}
    for kind in ("missing_keys", "mismatched_keys"):
        keys: Any = info.get(kind, ()) if hasattr(info, "get") else getattr(info, kind, ())
        found[kind] = [str(key[0] if isinstance(key, (tuple, list)) else key) for key in keys or ()]  # pyright: ignore[reportUnknownArgumentType] - names, or name and shapes
    own = {name for name, _ in model.named_parameters()}
    body = model.base_model_prefix + "."
    wrong = [name for name in found["mismatched_keys"] if name.startswith(body)]
    if wrong:
        raise host.Refusal(
            "recipe",
            f"The weights of {base} do not have the shapes of its config.json: {wrong[0]}.",
            "Check model.base of the recipe.",
        )
    new = sorted(own & {name for names in found.values() for name in names})
    if not new:
        host.warn(f"{base} brings every weight, its head for as many classes too: init_seed has no effect.")
    return new


def _limit(requested: int | None, tokenizer: Any, model: Any, host: Host) -> int | None:
    """Tokens a row is cut to: the recipe's, else what tokenizer and positions have room for."""
    positions = host.tap.position_limit(model)
    if requested is not None and positions is not None and requested > positions:
        raise host.Refusal(
            "recipe",
            f"model.max_length = {requested} is more than the {positions} positions of the base model.",
            f"Give at most {positions}.",
        )
    special = int(tokenizer.num_special_tokens_to_add(pair=True))
    if requested is not None and requested <= special:  # tokenizers would then not cut at all
        raise host.Refusal(
            "recipe",
            f"model.max_length = {requested} leaves no room beside the {special} special tokens of the base model.",
            f"Give at least {special + 1}.",
        )
    room = [
        size
        for size in (requested, positions, tokenizer.model_max_length)
        if size is not None and size < 10**9
    ]
    return min(room) if room else None


def freeze(model: Any, beginnings: list[str], host: Host) -> None:
    """Freeze the parameters that the recipe names, with or without the body's own name in front."""
    named = dict(model.named_parameters())
    body = model.base_model_prefix + "."
    for beginning in beginnings:
        whole = [beginning, body + beginning]
        met = [
            name
            for name in named
            if any(name == one or name.startswith(one.rstrip(".") + ".") for one in whole)
        ]
        if not met:
            parts = sorted({".".join(name.split(".")[:2]) for name in named})
            raise host.Refusal(
                "recipe",
                f"model.frozen names {beginning!r}, but no parameter name begins with it.",
                "They begin with: {}.".format(", ".join(parts[:12])),
            )
        for name in met:
            named[name].requires_grad_(False)
    if not any(parameter.requires_grad for parameter in named.values()):
        raise host.Refusal("recipe", "model.frozen leaves nothing to train.", "Freeze less.")
