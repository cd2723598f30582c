"""What follows a recipe: run by serve.py in the interpreter that has torch, transformers and accelerate.

It trains, unless the run is in the folder of runs already, and then answers as `hf:` does, by the runner of that
scheme. Nothing of parity is imported: the recipe arrives checked, the rows in a file.
"""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

from . import base_model, loading, runner, training, training_rows, training_seeds

if TYPE_CHECKING:
    from parity._in_process.host import Host
    from parity._in_process.run_folder import Claim

PROTOCOL = 2

_ANSWERING = ("batch_size", "temperature", "device")  # options that the answering side knows too


def open(request: dict[str, Any], host: Host) -> Session:
    """Train, or find the run trained; then load it."""
    options = request["options"]
    loading.quieten()
    asked = training_seeds.asked(options, host.Refusal)
    repeat, threads = int(options.get("repeat", "1")), int(options.get("train_threads", "1"))
    recipe = json.loads(options["recipe"])
    device = options.get("device", "cpu")
    host.progress("looking for the run")
    around = training.environment(device, threads)
    numbers = training_seeds.derived(asked)
    whole = [recipe["training_digest"], asked, repeat, around, training.VERSION]
    base = None
    if recipe["model"]["base_digest"] is None:
        # A hub id is no content, and the digest of the recipe knows the name only: what it stands for now is loaded, and named by it.
        training.settle(threads)
        base = base_model.load(recipe, numbers["init_seed"], host)
        whole.append(base.digest)
    # A trainer that would make other weights finds none of the runs that an earlier one made.
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
            who = {"seeds": asked, "derived": numbers, "repeat": repeat, "environment": _with_machine(around)}
            claimed.finish(dict(made, recipe=recipe, data_digest=recipe["data_digest"], **who))
    base = None  # its memory is the trained model's
    record: Any = claimed.record
    passed = {name: options[name] for name in _ANSWERING if name in options}
    passed["dtype"] = recipe["model"]["dtype"]
    if record["max_length"] is not None:
        passed["max_length"] = str(record["max_length"])
    answering = runner.open(dict(request, locator=claimed.folder, options=passed), host)
    return Session(answering, claimed, recipe, host)


class Session:
    """A trained run, asked as any Transformers folder is; its description also tells how it was trained."""

    def __init__(self, answering: runner.Session, claimed: Claim, recipe: dict[str, Any], host: Host) -> None:
        self._host = host
        self._answering = answering
        self._claimed = claimed
        self._recipe = recipe
        self.tokenize = answering.tokenize
        self.forward = answering.forward
        self.close = answering.close

    def describe(self) -> dict[str, Any]:
        """What `hf:` says of the folder, and the run's own record under `training`."""
        told = self._host.training_record.described(self._claimed, hidden=("recipe",))
        told["recipe_digest"] = self._recipe["digest"]
        told.setdefault("base_digest", self._recipe["model"]["base_digest"])
        return dict(self._answering.describe(), training=told)


def _with_machine(around: dict[str, Any]) -> dict[str, Any]:
    """The environment with what is told and not part of the run's key: another machine finds the same run."""
    import torch

    cpu = getattr(getattr(torch.backends, "cpu", None), "get_cpu_capability", None)
    capability = cpu() if cpu is not None else "unknown"
    return dict(
        around, platform=platform.platform(), cpu_capability=capability, deterministic_algorithms=True
    )
