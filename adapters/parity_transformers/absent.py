"""Parameters that no file holds: the stages that need them, and a pooler that a bare encoder would be given."""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from . import tasks, weights_files

if TYPE_CHECKING:
    from .execution import Execution
    from .loading import Loaded
    from .stages import Stages

__all__ = ["without_a_file"]

_POOLED = "pooled"


def without_a_file(loaded: Loaded, execution: Execution, stages: Stages) -> dict[str, list[str]]:
    """The parameters in no file, by the first stage that needs them; a pooler that nothing else needs is excluded.

    So is the pooler that a bare encoder of a language model's checkpoint would be given, which its files do not hold.
    """
    new = set(loaded.newly_initialised)
    needs = execution.needs
    if not execution.whole:
        new_pooler = sorted(name for name in new if "pooler" in name)
        headed = loaded.row.head
        needs = {
            _POOLED: set() if headed else set(new_pooler),
            "logits": new - (set() if headed else set(new_pooler)),
        }
    drawn = {stage: sorted(new & names) for stage, names in needs.items() if new & names}
    if _POOLED in drawn:
        stages.exclude(_POOLED, drawn.pop(_POOLED))
    elif tasks.of_vocabulary(loaded.row) and _lacks_pooler(loaded):
        stages.exclude(_POOLED, ["pooler"])
    return drawn


def _lacks_pooler(loaded: Loaded) -> bool:
    """Whether the encoder was built without the pooler that its class has by itself, and no file holds one."""
    base: Any = loaded.model.base_model
    if base is loaded.model or getattr(base, "pooler", None) is not None:
        return False
    adds = inspect.signature(type(base).__init__).parameters.get("add_pooling_layer")
    if adds is None or adds.default is not True:
        return False
    return not any("pooler" in name for name in weights_files.WeightsFiles(loaded.folder.find).tensors)
