"""Training of a LoRA adapter: the base is wrapped before its first step, and the adapter is merged into it at the end.

Its new weights are drawn after those of the head, under the same seed. A finished run is the merged model, so that it is answered with
as any other; the adapter as peft saves it lies beside it, in `adapter/`.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from peft are Any here.

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["FOLDER", "merged", "new_names", "wrapped"]

FOLDER = "adapter"
_TASKS = {"sequence_classification": "SEQ_CLS", "token_classification": "TOKEN_CLS"}
_PREFIX, _WHOLE = "base_model.model.", ".modules_to_save.default"


def wrapped(model: Any, recipe: dict[str, Any], host: Host) -> Any:
    """The model with the recipe's adapter, ready to be trained; refuses what peft cannot make of it."""
    settings = recipe["lora"]
    if importlib.util.find_spec("peft") is None:
        raise host.Refusal(
            "recipe",
            "The recipe trains a LoRA adapter ([lora]), and this interpreter has no peft.",
            "Install it there (pip install peft), or name an interpreter that has it with @.",
        )
    peft: Any = importlib.import_module("peft")
    try:
        config = peft.LoraConfig(
            task_type=_TASKS[recipe["task"]],
            r=settings["r"],
            lora_alpha=settings["alpha"],
            lora_dropout=settings["dropout"],
            target_modules=settings["target_modules"] or None,
            modules_to_save=settings["modules_to_save"] or None,
        )
        found = peft.get_peft_model(model, config)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        first = str(error).strip().split("\n")[0][:300]
        named = ", ".join(settings["target_modules"]) or "as peft chooses them"
        raise host.Refusal(
            "recipe",
            f"peft {peft.__version__} cannot put a LoRA adapter on {recipe['model']['base']} (target_modules: {named}): {first}",
            "Name modules of this model under [lora]: target_modules, modules_to_save.",
        ) from error
    if not any(_WHOLE in name for name, _ in found.named_parameters()):
        host.warn(
            "Only the adapter is trained: the head is as it was drawn, or as the base brings it (modules_to_save)."
        )
    return found


def new_names(model: Any, new: list[str]) -> list[str]:
    """The names of the weights that the seed made: the adapter's, and those of `new` that are trained whole."""
    found: list[str] = []
    for name, _ in model.named_parameters():
        plain = name[len(_PREFIX) :].replace(_WHOLE, "") if name.startswith(_PREFIX) else name
        if ".lora_" in name or (plain in new and ".original_module." not in name):
            found.append(name)
    return found


def merged(model: Any, draft: str) -> Any:
    """Save the adapter beside the run, and return the plain model with it merged."""
    model.save_pretrained(os.path.join(draft, FOLDER))
    return model.merge_and_unload()
