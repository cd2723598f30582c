"""Training by Transformers' `Trainer`, with a separate seed for each source of randomness.

The model is made before the Trainer, under init_seed; the Trainer is given a seed for dropout and one for the order;
and nothing random happens in between. Only deterministic algorithms are used: an operation without one ends in a sentence.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import math
import platform
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from . import base_model, lora
from .training_rows import TrainingRows, Watcher
from .versions import version_of

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["VERSION", "Course", "environment", "settle", "train"]

VERSION = 1  # of what this file, training_rows.py, training_seeds.py and base_model.py make of a recipe: raised whenever weights may change


def environment(device: str, threads: int, *, adapter: bool = False) -> dict[str, Any]:
    """Versions and settings that the weights may depend on; peft's where it trains an `adapter`."""
    named = ["torch", "transformers", "tokenizers", "numpy"]
    if version_of("transformers") >= (4, 30):  # older Trainers train without it
        named.append("accelerate")
    if adapter and importlib.util.find_spec("peft") is not None:
        named.append("peft")
    versions = {name: str(importlib.import_module(name).__version__) for name in named}
    return {"python": platform.python_version(), **versions, "device": device, "threads": threads}


def settle(threads: int) -> None:
    """Set up torch for the whole training, from the drawing of the head to the last step."""
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.set_grad_enabled(True)


class Course(NamedTuple):
    """One training: the recipe, the seeds of the framework, the device, the folder to write to."""

    recipe: dict[str, Any]
    seeds: dict[str, int]
    device: str
    draft: str


class _Seen:
    """The observations of a training of `steps` steps, `each` of them an epoch: its losses, and the state of its generator."""

    def __init__(self, steps: int, each: int, host: Host) -> None:
        self.steps = steps
        self.each = each
        self.host = host
        self.losses: list[tuple[int, float]] = []
        self.generator: str | None = None


def train(
    course: Course, loaded: base_model.Loaded, rows: list[dict[str, Any]], host: Host
) -> dict[str, Any]:
    """Train what was loaded, save model and tokenizer into the draft, and return the observations."""
    began = time.monotonic()
    recipe, model, tokenizer = course.recipe, loaded.model, loaded.tokenizer
    if recipe.get("lora") is None:
        base_model.freeze(model, recipe["model"]["frozen"], host)
    new = frozenset(loaded.new)
    beginning = host.training_record.beginning(model, lambda name: name in new)
    data = TrainingRows(rows, recipe["labels"], tokenizer, loaded.limit, host)
    watcher = Watcher(tokenizer)
    batch = recipe["training"]["batch_size"]
    each = math.ceil(len(data) / batch)
    steps = recipe["training"]["steps"] or recipe["training"]["epochs"] * each
    seen = _Seen(steps, each, host)
    _run(course, model, data, watcher, seen)
    model.to("cpu")
    if recipe.get("lora") is not None:
        model = lora.merged(model, course.draft)
    model.save_pretrained(course.draft)
    if loaded.limit is not None:
        tokenizer.model_max_length = loaded.limit
    tokenizer.save_pretrained(course.draft)
    consumed = steps // each * len(data) + steps % each * batch
    return {
        "steps": steps,
        "rows": len(data),
        "order_digests": watcher.digests(len(data), consumed),
        "dropout_digest": seen.generator,
        **beginning,
        "weights_digest": host.tap.weights_digest(host.tap.parameters(model)),
        **host.training_record.losses_of(seen.losses, steps),
        "max_length": loaded.limit,
        "seconds": round(time.monotonic() - began, 2),
    }


def _run(course: Course, model: Any, data: TrainingRows, watcher: Watcher, seen: _Seen) -> None:
    """The training itself, observed by `seen`."""
    transformers: Any = importlib.import_module("transformers")  # its types are partly unknown
    host, device = seen.host, course.device
    trainer = transformers.Trainer(
        model=model,
        args=_arguments(transformers, course, seen),
        train_dataset=data,
        data_collator=watcher,
        callbacks=[_callback(transformers, device, seen)],
    )
    trainer.remove_callback(transformers.trainer_callback.PrinterCallback)
    try:
        trainer.train()
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        raise host.Refusal(
            "recipe",
            f"This model cannot be trained repeatably on {device}: {str(error).splitlines()[0]}",
            "Use device=cpu.",
        ) from error


def _callback(transformers: Any, device: str, seen: _Seen) -> Any:
    """The callbacks of the Trainer."""
    kind: Any = transformers.TrainerCallback
    epochs = math.ceil(seen.steps / seen.each)

    class Callback(kind):  # type: ignore[misc]
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            import torch

            raw = torch.cuda.get_rng_state() if device.startswith("cuda") else torch.get_rng_state()
            seen.generator = seen.host.training_record.digest_of(raw.numpy().tobytes())

        def on_step_begin(self, args: Any, now: Any, control: Any, **_: Any) -> None:
            done = int(now.global_step)
            epoch = min(done // seen.each + 1, epochs)
            seen.host.progress(f"training, epoch {epoch} of {epochs}", done, seen.steps)

        def on_log(self, args: Any, now: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                seen.losses.append((int(now.global_step), float(logs["loss"])))

    return Callback


def _arguments(transformers: Any, course: Course, seen: _Seen) -> Any:
    """The Trainer's arguments; a transformers that cannot set the seeds separately is refused."""
    settings, seeds, steps = course.recipe["training"], course.seeds, seen.steps
    warmup = settings["warmup"]
    wanted = {
        "output_dir": course.draft,
        "max_steps": steps,
        "per_device_train_batch_size": settings["batch_size"],
        "learning_rate": settings["learning_rate"],
        "weight_decay": settings["weight_decay"],
        "max_grad_norm": settings["clip"],
        "warmup_steps": int(warmup) if warmup >= 1 else math.ceil(warmup * steps),
        "lr_scheduler_type": "linear",
        "optim": "adamw_torch",
        "seed": seeds["dropout_seed"],
        "data_seed": seeds["order_seed"],
        "save_strategy": "no",
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": False,
    }
    known = inspect.signature(transformers.TrainingArguments.__init__).parameters
    for need in ("data_seed", "logging_nan_inf_filter"):
        if need not in known:
            raise seen.host.Refusal(
                "interpreter",
                f"transformers {transformers.__version__} has no {need}: its seeds cannot be set separately.",
                "Name a newer interpreter with @.",
            )
    if not course.device.startswith("cuda"):
        wanted["use_cpu" if "use_cpu" in known else "no_cuda"] = True
    return transformers.TrainingArguments(**wanted)
