"""A PEFT adapter: a folder with adapter_config.json, opened as its base model with the adapter applied.

The adapter is merged into the weights, as a merged folder has them: rounded once to the dtype that they are stored in. Not merged
(`?merge=false`), it is added in every forward, and what a merge rounds off remains between the two in float64.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch, transformers and peft are Any here.

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from . import untrusted, weights_files

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal

    from .options import Options

__all__ = ["Adapted", "find"]

_CONFIG = "adapter_config.json"
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model")
_ENDINGS = {
    "SEQ_CLS": "ForSequenceClassification",
    "TOKEN_CLS": "ForTokenClassification",
    "QUESTION_ANS": "ForQuestionAnswering",
    "CAUSAL_LM": "ForCausalLM",
    "SEQ_2_SEQ_LM": "ForConditionalGeneration",
}
_PREFIX = "base_model.model."


class Adapted(NamedTuple):
    """An adapter: its folder, its settings, the base that it is applied to, and whether it is merged."""

    folder: str
    settings: dict[str, Any]
    base: str
    merged: bool

    @property
    def kind(self) -> str:
        """What kind of adapter it is: LORA."""
        return str(self.settings.get("peft_type") or "PEFT")

    def options(self, options: Options) -> Options:
        """The options for loading the base: the tokenizer is the adapter's, where it has one."""
        own = any(os.path.isfile(os.path.join(self.folder, name)) for name in _TOKENIZERS)
        return options._replace(tokenizer=self.folder) if own and options.tokenizer is None else options

    def settle(self, config: Any) -> None:
        """Let the base be opened as the class that the adapter was trained on, with as many classes as its head has."""
        named = (self.settings.get("auto_mapping") or {}).get("base_model_class")
        ending = named or _ENDINGS.get(str(self.settings.get("task_type")))
        if ending and not any(name.endswith(ending) for name in config.architectures or []):
            config.architectures = [ending]
        heads = [
            one
            for name, one in self._tensors().items()
            if name.endswith((".classifier.weight", ".score.weight"))
        ]
        if heads and heads[0].shape[0] != config.num_labels:
            config.num_labels = heads[0].shape[0]

    def apply(self, model: Any, new: list[str], host: Host) -> tuple[Any, list[str]]:
        """The model with the adapter, in eval mode, and the parameters that neither the base nor the adapter holds."""
        peft: Any = importlib.import_module("peft")
        saved = {name[len(_PREFIX) :] for name in self._tensors() if name.startswith(_PREFIX)}
        stored = getattr(model.config, "dtype", None) or getattr(model.config, "torch_dtype", None)
        plain = {name: value.detach().clone() for name, value in model.named_parameters()}
        with untrusted.nothing_unpickled(self.folder, False, host):
            try:
                wrapped = peft.PeftModel.from_pretrained(model, self.folder)
                found = wrapped.merge_and_unload() if self.merged else wrapped.get_base_model()
            except ImportError:
                raise
            except Exception as error:
                first = str(error).strip().split("\n")[0][:300]
                raise host.Refusal(
                    "subject",
                    f"peft {peft.__version__} cannot apply the {self.kind} adapter {self.folder} to {self.base}: {first}",
                    "Check that base and adapter belong together; another base is named with ?base=PATH.",
                ) from error
        if self.merged:
            _rounded(found, plain, stored)
        else:
            _without_originals(found)
        return found.eval(), [name for name in new if name not in saved]

    def without_base(self, sentence: str, host: Host) -> Refusal:
        """The refusal of an adapter with a base that cannot be read."""
        return host.Refusal(
            "subject-not-found",
            f"{self.folder} is a {self.kind} adapter of the base model {self.base}, which cannot be read: {sentence}",
            "Name the folder or the hub id of its base with ?base=, or the folder of the model merged with merge_and_unload().",
        )

    @property
    def note(self) -> str:
        """The sentence on what was opened."""
        how = (
            "merged into its weights"
            if self.merged
            else "not merged: the rounding of a merge, which a merged folder has, does not count in float64"
        )
        return f"{self.folder} is a {self.kind} adapter of the base model {self.base}, {how}."

    def _tensors(self) -> dict[str, weights_files.FileTensor]:
        def path(name: str) -> str | None:
            found = os.path.join(self.folder, name)
            return found if name.startswith("adapter") and os.path.isfile(found) else None

        return weights_files.WeightsFiles(path).tensors


def find(locator: str, options: Options, host: Host) -> Adapted | None:
    """The adapter that is named: the folder itself, or that of ?adapter=; None where there is none."""
    place = os.path.expanduser(locator)
    alone = os.path.isfile(os.path.join(place, _CONFIG)) and not os.path.isfile(
        os.path.join(place, "config.json")
    )
    folder = os.path.expanduser(options.adapter) if options.adapter else place if alone else None
    if folder is None:
        if options.base is not None or options.merge is not None:
            name = "base" if options.base is not None else "merge"
            raise host.Refusal(
                "bad-option-value",
                f"{name}= has no effect: {locator} is no PEFT adapter.",
                "Omit it, or name an adapter with ?adapter=FOLDER.",
            )
        return None
    settings = _settings(folder, host)
    named = options.base or (
        locator if options.adapter and not alone else settings.get("base_model_name_or_path")
    )
    base = _base(str(named or ""), folder)
    adapted = Adapted(folder, settings, base, options.merge is not False)
    if importlib.util.find_spec("peft") is None:
        raise host.Refusal(
            "subject",
            f"{folder} is a {adapted.kind} adapter of the base model {base}, and this interpreter has no peft to apply it.",
            "Install it there (pip install peft), name an interpreter that has it with @, or merge the adapter into its base with "
            "merge_and_unload() and name that folder.",
        )
    if not base or (base.startswith((".", "/", "~")) and not os.path.isdir(os.path.expanduser(base))):
        raise host.Refusal(
            "subject-not-found",
            f"{folder} is a {adapted.kind} adapter of the base model {base or '(none is named)'}, which is not there.",
            "Name the folder or the hub id of its base with ?base=.",
        )
    return adapted


def _base(named: str, folder: str) -> str:
    """The base by the name in the adapter: a folder relative to the adapter's or to the one around it, else as it is named."""
    around = (folder, os.path.dirname(os.path.abspath(folder)))
    places = [os.path.normpath(os.path.join(one, os.path.expanduser(named))) for one in around]
    return next(
        (place for place in places if named and os.path.isfile(os.path.join(place, "config.json"))), named
    )


def _settings(folder: str, host: Host) -> dict[str, Any]:
    try:
        with open(os.path.join(folder, _CONFIG), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError) as error:
        raise host.Refusal("subject", f"The {_CONFIG} of {folder} cannot be read: {error}.") from error
    return found if isinstance(found, dict) else {}


def _rounded(model: Any, before: dict[str, Any], stored: Any) -> None:
    """Round the weights that the merge changed to the dtype that they are stored in, as a saved merged model has them."""
    import torch

    dtype = getattr(torch, str(stored).replace("torch.", ""), None) if stored is not None else None
    for name, value in model.named_parameters():
        narrower = isinstance(dtype, torch.dtype) and dtype.is_floating_point
        if narrower and name in before and not torch.equal(value, before[name]):
            value.data = value.data.to(dtype).to(value.dtype)


def _without_originals(model: Any) -> None:
    """Leave out the base's own heads that the adapter's stand in place of: nothing runs them."""
    import torch

    for module in model.modules():
        if hasattr(module, "modules_to_save") and hasattr(module, "original_module"):
            module.original_module = torch.nn.Identity()
