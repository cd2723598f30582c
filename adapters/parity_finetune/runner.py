"""What follows a recipe: run by serve.py in the interpreter that has torch, transformers and accelerate.

It trains, unless the run is in the folder of runs already, and then questions what it trained as `hf:` does, by that
adapter's own runner. Nothing of parity is imported: the recipe arrives checked, the rows in a file.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from typing import Any

_HERE = os.path.dirname(os.path.realpath(__file__))
_TRANSFORMERS = os.path.join(os.path.dirname(_HERE), "parity_transformers")
_ANSWERING = ("batch_size", "temperature", "device")  # options that the answering side knows too


def _load(folder: str, name: str) -> Any:
    place = os.path.join(folder, name + ".py")
    spec = importlib.util.spec_from_file_location("_parity_finetune_" + name, place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class _Near:
    """The files that training needs, loaded by path."""

    def __init__(self) -> None:
        self.rows = _load(_HERE, "rows")
        self.base_model = _load(_HERE, "base_model")
        self.base_content = _load(_HERE, "base_content")
        self.finding = _load(_TRANSFORMERS, "finding")
        self.loading = _load(_TRANSFORMERS, "loading")


def open(request: dict[str, Any], host: Any) -> Session:
    """Train, or find the run trained; then load it."""
    options = request["options"]
    near = _Near()
    near.loading.quieten()
    seeds = _load(_HERE, "seeds")
    training = _load(_HERE, "training")
    asked = seeds.asked(options, host.Refusal)
    repeat, threads = int(options.get("repeat", "1")), int(options.get("train_threads", "1"))
    recipe = json.loads(options["recipe"])
    device = options.get("device", "cpu")
    host.progress("looking for the run")
    around = training.environment(device, threads, near.loading.version_of)
    numbers = seeds.derived(asked)
    whole = [recipe["training_digest"], asked, repeat, around, training.VERSION]
    base = None
    if recipe["model"]["base_digest"] is None:
        # A hub id is no content, and the digest of the recipe knows the name only: what it stands for now is loaded, and named by it.
        training.settle(threads)
        base = near.base_model.load(recipe, numbers["init_seed"], host, near)
        whole.append(base.digest)
    # A trainer that would make other weights finds none of the runs that an earlier one made.
    key = host.run_folder.key_of(whole)
    with host.run_folder.claim(options["runs"], key, host) as claimed:
        if claimed.record is None:
            rows = near.rows.read(options["train"], recipe["data_digest"], host)
            training.settle(threads)
            if base is None:
                base = near.base_model.load(recipe, numbers["init_seed"], host, near)
            made = training.train(recipe, base, rows, numbers, device, claimed.draft, host, near)
            made.update(base_digest=base.digest, base_revision=base.revision)
            who = {"seeds": asked, "derived": numbers, "repeat": repeat, "environment": _with_machine(around)}
            claimed.finish(dict(made, recipe=recipe, data_digest=recipe["data_digest"], **who))
    base = None  # its memory is the trained model's
    record: Any = claimed.record
    passed = {name: options[name] for name in _ANSWERING if name in options}
    passed["dtype"] = recipe["model"]["dtype"]
    if record["max_length"] is not None:
        passed["max_length"] = str(record["max_length"])
    answering = _load(_TRANSFORMERS, "runner").open(
        dict(request, locator=claimed.folder, options=passed), host
    )
    return Session(answering, claimed, recipe)


class Session:
    """A trained run, asked as any Transformers folder is; its description also tells how it was trained."""

    def __init__(self, answering: Any, claimed: Any, recipe: dict[str, Any]) -> None:
        self._answering = answering
        self._claimed = claimed
        self._recipe = recipe
        self.tokenize = answering.tokenize
        self.forward = answering.forward
        self.close = answering.close

    def describe(self) -> dict[str, Any]:
        """What `hf:` says of the folder, and the run's own record under `training`."""
        told = {
            name: value for name, value in self._claimed.record.items() if name not in ("recipe", "files")
        }
        told["recipe_digest"] = self._recipe["digest"]
        told.setdefault("base_digest", self._recipe["model"]["base_digest"])
        told["folder"] = self._claimed.folder
        told["trained_now"] = self._claimed.made_now
        return dict(self._answering.describe(), training=told)


def _with_machine(around: dict[str, Any]) -> dict[str, Any]:
    """The environment with what is told and not part of the run's key: another machine finds the same run."""
    import torch

    cpu = getattr(getattr(torch.backends, "cpu", None), "get_cpu_capability", None)
    capability = cpu() if cpu is not None else "unknown"
    return dict(
        around, platform=platform.platform(), cpu_capability=capability, deterministic_algorithms=True
    )
