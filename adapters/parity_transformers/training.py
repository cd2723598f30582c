"""Training by Transformers' `Trainer`, with each source of chance in its own hand.

The model is made before the Trainer, under init_seed; the Trainer is given a seed for dropout and one for the order;
and nothing random happens in between. Deterministic algorithms only: one that has none ends in a sentence.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import math
import platform
import time
from typing import TYPE_CHECKING, Any

from . import base_model
from .training_rows import TrainingRows, Watcher
from .versions import version_of

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["VERSION", "environment", "settle", "train"]

VERSION = 1  # of what this file, training_rows.py, training_seeds.py and base_model.py make of a recipe: one more whenever weights may change

_POINTS = 200  # of the loss, kept


def environment(device: str, threads: int) -> dict[str, Any]:
    """Versions and settings that the weights may depend on."""
    named = ["torch", "transformers", "tokenizers", "numpy"]
    if version_of("transformers") >= (4, 30):  # before that the Trainer trains without it
        named.append("accelerate")
    versions = {name: str(importlib.import_module(name).__version__) for name in named}
    return {"python": platform.python_version(), **versions, "device": device, "threads": threads}


def settle(threads: int) -> None:
    """How torch computes from here on, from the drawing of the head to the last step."""
    import torch

    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.set_grad_enabled(True)


def train(
    recipe: dict[str, Any],
    loaded: Any,
    rows: Any,
    seeds: dict[str, int],
    device: str,
    draft: str,
    host: Host,
) -> dict[str, Any]:
    """Train what was loaded, save model and tokenizer into `draft`, and tell how it went."""
    began = time.monotonic()
    model, tokenizer = loaded.model, loaded.tokenizer
    base_model.freeze(model, recipe["model"]["frozen"], host)
    before = host.tap.parameters(model)
    new = [one for one in before if one["name"] in loaded.new]
    data = TrainingRows(rows, recipe["labels"], tokenizer, loaded.limit)
    watcher = Watcher(tokenizer)
    batch = recipe["training"]["batch_size"]
    each = math.ceil(len(data) / batch)
    steps = recipe["training"]["steps"] or recipe["training"]["epochs"] * each
    losses, dropout = _run(recipe, loaded, data, watcher, seeds, device, (steps, each), draft, host)
    model.to("cpu")
    model.save_pretrained(draft)
    if loaded.limit is not None:
        tokenizer.model_max_length = loaded.limit
    tokenizer.save_pretrained(draft)
    last = [loss for _, loss in losses[-max(1, steps // 10) :]]
    thin = max(1, math.ceil(len(losses) / _POINTS))
    consumed = steps // each * len(data) + steps % each * batch
    return {
        "steps": steps,
        "rows": len(data),
        "order_digests": watcher.digests(len(data), consumed),
        "dropout_digest": dropout,
        "initial_digest": host.tap.weights_digest(before),
        "head_digest": host.tap.weights_digest(new) if new else None,
        "weights_digest": host.tap.weights_digest(host.tap.parameters(model)),
        "losses": [[step, _finite(loss)] for step, loss in losses[::thin]],
        "final_loss": _finite(sum(last) / len(last)) if last else None,
        "max_length": loaded.limit,
        "seconds": round(time.monotonic() - began, 2),
    }


def _run(
    recipe: dict[str, Any],
    loaded: Any,
    data: Any,
    watcher: Any,
    seeds: dict[str, int],
    device: str,
    plan: tuple[int, int],
    draft: str,
    host: Host,
) -> tuple[list[tuple[int, float]], str]:
    """The training itself: the loss of each step, and the digest of the generator that dropout drew from at its start."""
    import torch

    transformers: Any = importlib.import_module("transformers")  # its types are partly unknown
    steps, each = plan
    settings = recipe["training"]
    losses: list[tuple[int, float]] = []
    state: list[str] = []
    epochs = math.ceil(steps / each)
    kind: Any = transformers.TrainerCallback

    class Voice(kind):  # type: ignore[misc]
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            raw = torch.cuda.get_rng_state() if device.startswith("cuda") else torch.get_rng_state()
            state.append("sha256:" + hashlib.sha256(raw.numpy().tobytes()).hexdigest())

        def on_step_begin(self, args: Any, now: Any, control: Any, **_: Any) -> None:
            done = int(now.global_step)
            host.progress(f"training, epoch {min(done // each + 1, epochs)} of {epochs}", done, steps)

        def on_log(self, args: Any, now: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if logs and "loss" in logs:
                losses.append((int(now.global_step), float(logs["loss"])))

    warmup = settings["warmup"]
    wanted = {
        "output_dir": draft,
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
            raise host.Refusal(
                "interpreter",
                f"transformers {transformers.__version__} has no {need}: its seeds cannot be told apart.",
                "Name a newer interpreter with @.",
            )
    if not device.startswith("cuda"):
        wanted["use_cpu" if "use_cpu" in known else "no_cuda"] = True
    trainer = transformers.Trainer(
        model=loaded.model,
        args=transformers.TrainingArguments(**wanted),
        train_dataset=data,
        data_collator=watcher,
        callbacks=[Voice],
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
    return losses, state[0]


def _finite(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None
