"""The runner of recipes: run by serve.py in the interpreter that has torch, transformers and accelerate.

It trains, unless the run is in the folder of runs already, and then answers as `hf:` does, by the runner of that
scheme. Nothing of parity is imported: the recipe arrives checked, the rows in a file.
"""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

from . import base_model, loading, lora, runner, training, training_rows, training_seeds

if TYPE_CHECKING:
    from parity._in_process.host import Host
    from parity._in_process.run_folder import Claim

PROTOCOL = 2

_ANSWERING = ("batch_size", "temperature", "device")  # options that the `hf:` side also has


def open(request: dict[str, Any], host: Host) -> Session:
    """Train, or find the finished run; then load it."""
    options = request["options"]
    loading.quieten()
    requested = training_seeds.requested(options, host.Refusal)
    repeat, threads = int(options.get("repeat", "1")), int(options.get("train_threads", "1"))
    recipe = json.loads(options["recipe"])
    device = options.get("device", "cpu")
    host.progress("looking for the run")
    around = training.environment(device, threads, adapter=recipe.get("lora") is not None)
    numbers = training_seeds.derived(requested)
    whole = [recipe["training_digest"], requested, repeat, around, training.VERSION]
    base = None
    if recipe["model"]["base_digest"] is None:
        # A hub id does not identify content, and the recipe's digest has only the name: so the current content is loaded and digested.
        training.settle(threads)
        base = base_model.load(recipe, numbers["init_seed"], host)
        whole.append(base.digest)
    # A trainer that would make other weights does not reuse the runs of an earlier one.
    key = host.run_folder.key_of(whole)
    with host.run_folder.claim(options["runs"], key, host) as claimed:
        if claimed.record is None:
            rows = training_rows.read(options["train"], recipe["data_digest"], host)
            training.settle(threads)
            if base is None:
                base = base_model.load(recipe, numbers["init_seed"], host)
            course = training.Course(recipe, numbers, device, claimed.draft)
            made = training.train(course, base, rows, host)
            made.update(base_digest=base.digest, base_revision=base.revision)
            who = {
                "seeds": requested,
                "derived": numbers,
                "repeat": repeat,
                "environment": _with_machine(around),
            }
            claimed.finish(
                dict(made, recipe=recipe, data_digest=recipe["data_digest"], **who), kept=(lora.FOLDER,)
            )
    base = None  # its memory is needed for the trained model
    record: Any = claimed.record
    passed = {name: options[name] for name in _ANSWERING if name in options}
    passed["dtype"] = recipe["model"]["dtype"]
    if record["max_length"] is not None:
        passed["max_length"] = str(record["max_length"])
    answering = runner.open(dict(request, locator=claimed.folder, options=passed), host)
    return Session(answering, claimed, recipe, host)


class Session:
    """A trained run, run like any Transformers folder; its description also records its training."""

    def __init__(self, answering: runner.Session, claimed: Claim, recipe: dict[str, Any], host: Host) -> None:
        self._host = host
        self._answering = answering
        self._claimed = claimed
        self._recipe = recipe
        self.tokenize = answering.tokenize
        self.forward = answering.forward
        self.holders = answering.holders
        self.close = answering.close

    def describe(self) -> dict[str, Any]:
        """The description of the folder by `hf:`, and the run's own record under `training`."""
        training_facts = self._host.training_record.described(self._claimed, hidden=("recipe",))
        training_facts["recipe_digest"] = self._recipe["digest"]
        training_facts.setdefault("base_digest", self._recipe["model"]["base_digest"])
        return dict(self._answering.describe(), training=training_facts)


def _with_machine(around: dict[str, Any]) -> dict[str, Any]:
    """The environment with facts that are reported but not part of the run's key, so that another machine finds the same run."""
    import torch

    cpu = getattr(getattr(torch.backends, "cpu", None), "get_cpu_capability", None)
    capability = cpu() if cpu is not None else "unknown"
    return dict(
        around, platform=platform.platform(), cpu_capability=capability, deterministic_algorithms=True
    )
