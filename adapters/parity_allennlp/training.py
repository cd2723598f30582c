"""Training by AllenNLP's own `train_model`, observed: its progress, its losses, and what each of its seeds decided.

The differences from `allennlp train` on the command line: the CPU, with the requested number of threads; deterministic
algorithms where torch has them; weights read as tensors only. A watcher is added to the trainer's callbacks; it
draws no random number.

Runs inside the foreign interpreter: standard library, torch and AllenNLP only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false, reportMissingParameterType=false, reportUntypedBaseClass=false
# pyright: reportPrivateUsage=false
# AllenNLP is not installed where types are checked: its objects have no types.

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import logging
import math
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Generator, NamedTuple, Protocol, Sized

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from parity._in_process.host import Host, Refusal

    from .experiment import Experiment

ARCHIVE = "model.tar.gz"
METRICS = "metrics.json"

VERSION = 1  # raised whenever a change here may change the weights of the same config
_LONGEST = 300  # characters of an AllenNLP error, which may list every registered name


class Trainer(Protocol):
    """What is used of AllenNLP's trainer."""

    model: Module
    data_loader: Sized
    _num_epochs: int
    _num_gradient_accumulation_steps: int


class Batch(NamedTuple):
    """The place of a batch in a training; `training` is False in a validation."""

    epoch: int
    number: int
    epochs: int
    training: bool


class Watcher:
    """The observations of a training: (step, loss), the rows of each epoch in their order, the initial state."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._total: int | None = None
        self._epochs: dict[int, Any] = {}  # a running SHA-256 for each
        self._rows: dict[int, int] = {}
        self.losses: list[tuple[int, float]] = []
        self._began: dict[str, str | None] = {"initial_digest": None, "head_digest": None}
        self._generator: str | None = None

    def began(self, trainer: Trainer) -> None:
        """The weights and torch's generator, before the first step."""
        import torch

        body = importlib.import_module("transformers").PreTrainedModel
        record, named = self._host.training_record, trainer.model.named_modules()
        inside = tuple(name + "." for name, module in named if isinstance(module, body))

        def is_of_the_head(name: str) -> bool:
            return not name.startswith(inside)

        self._began = record.beginning(trainer.model, is_of_the_head)
        self._generator = record.digest_of(torch.get_rng_state().numpy().tobytes())
        self._total = _steps(trainer)

    def batch(self, at: Batch, inputs: list[object], outputs: list[dict[str, Tensor]]) -> None:
        """One step (of one batch, or of several with added gradients), or one batch of a validation."""
        epoch, of = at.epoch, f", epoch {at.epoch + 1} of {at.epochs}"
        if not at.training:
            self._host.progress("validating" + of, at.number)
            return
        seen = self._epochs.setdefault(epoch, hashlib.sha256())
        for group in inputs:
            rows = 0
            for name, tensor in _tensors(group):
                seen.update(f"{name}{tuple(tensor.shape)}".encode())
                seen.update(tensor.detach().cpu().contiguous().numpy().tobytes())
                rows = rows or int(tensor.shape[0])
            self._rows[epoch] = self._rows.get(epoch, 0) + rows
        losses = [float(output["loss"]) for output in outputs if "loss" in output]
        if losses:
            self.losses.append((len(self.losses) + 1, sum(losses) / len(losses)))
        self._host.progress("training" + of, len(self.losses), self._total)

    def record_part(self) -> dict[str, object]:
        """The part of a run's record that was observed here."""
        return {
            "steps": len(self.losses),
            "rows": max(self._rows.values(), default=0),
            "order_digests": ["sha256:" + self._epochs[epoch].hexdigest() for epoch in sorted(self._epochs)],
            "dropout_digest": self._generator,
            **self._began,
            **self._host.training_record.losses_of(self.losses, len(self.losses)),
        }


def train(place: str, experiment: Experiment, threads: int, draft: str, host: Host) -> dict[str, object]:
    """Train, write the archive and its metrics into `draft`, and return the observations."""
    params = importlib.import_module("allennlp.common").Params
    commands = importlib.import_module("allennlp.commands.train")
    cached = importlib.import_module("allennlp.common.cached_transformers")
    began = time.monotonic()
    watcher = Watcher(host)
    folder = os.path.join(draft, "serialization")  # a folder in a draft is removed when the draft is finished
    host.progress("reading the data")
    with _logs_kept(), _repeatable(threads), _watched(watcher):
        try:
            model = commands.train_model(
                params(_on_cpu(experiment.config)), folder, file_friendly_logging=True
            )
        except Exception as error:
            refusal = _refusal(place, error, host)
            if refusal is None:
                raise
            raise refusal from error
        finally:
            cached._clear_caches()
    digest = host.tap.weights_digest(host.tap.parameters(model))
    for name in (ARCHIVE, METRICS):
        os.rename(os.path.join(folder, name), os.path.join(draft, name))
    with open(os.path.join(draft, METRICS), encoding="utf-8") as file:
        metrics: dict[str, object] = json.load(file)
    return dict(
        watcher.record_part(),
        weights_digest=digest,
        metrics={
            name: host.training_record.finite(value)
            for name, value in sorted(metrics.items())
            if isinstance(value, (int, float))
            and not name.endswith("memory_MB")  # the machine's, not the model's
        },
        seconds=round(time.monotonic() - began, 2),
    )


def _on_cpu(config: dict[str, object]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(config))  # AllenNLP empties the config that it reads
    if isinstance(copy["trainer"], dict):
        copy["trainer"]["cuda_device"] = -1
    return copy


def _refusal(place: str, error: Exception, host: Host) -> Refusal | None:
    """A mistake that the user can fix, as a refusal; None for a training that failed."""
    problems = importlib.import_module("allennlp.common.checks").ConfigurationError
    message = (str(error).strip() or type(error).__name__).split("\n", maxsplit=1)[0]
    message = message.rstrip(".") + "." if len(message) < _LONGEST else message[:_LONGEST] + "…"
    if isinstance(error, host.Refusal):
        return error
    if host.safe_weights.refused(error) is not None:
        return host.Refusal(
            "unsafe-artifact",
            f"The initial weights of {place} were not loaded: {host.safe_weights.refused(error)}.",
        )
    if isinstance(error, problems):
        unknown = "registered name" in message or "acceptable choices" in message
        step = (
            "If your own package registers it, name the package: ?include=PACKAGE."
            if unknown
            else "Fix the config."
        )
        return host.Refusal("subject", f"AllenNLP cannot train the model of {place}: {message}", step)
    if isinstance(error, ValueError) and "nan loss" in message:
        return host.Refusal(
            "training-diverged",
            f"The training of {place} diverged: its loss is not a number.",
            "A lower learning rate or a longer warm-up often helps.",
        )
    if "from_pretrained" in _frames(error) and isinstance(error, (OSError, ValueError)):
        return host.Refusal(
            "subject-not-found",
            f"The initial transformer of {place} cannot be loaded: {message}",
            "Give its folder, with its weights: ?transformer=PATH.",
        )
    if isinstance(error, FileNotFoundError):
        return host.Refusal(
            "subject-not-found",
            f"{place} names a file that is not there: {message}",
            "Paths in a config are relative to the folder in which parity runs.",
        )
    return None


def _frames(error: BaseException) -> list[str]:
    names: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return names


@contextlib.contextmanager
def _watched(watcher: Watcher) -> Generator[None, None, None]:
    """Temporarily add the watcher to the callbacks of every gradient-descent trainer that is created."""
    training = importlib.import_module("allennlp.training.gradient_descent_trainer")
    kind: Any = importlib.import_module("allennlp.training.callbacks").TrainerCallback
    trainers = training.GradientDescentTrainer
    original = trainers.__init__

    class Beside(kind):  # type: ignore[misc]
        def on_start(self, trainer: Trainer, *_: object, **__: object) -> None:
            watcher.began(trainer)

        def on_batch(
            self,
            trainer: Trainer,
            inputs: list[object],
            outputs: list[dict[str, Tensor]],
            *at: Any,
            is_training: bool,
            **_: object,
        ) -> None:
            _metrics, epoch, number = at
            watcher.batch(Batch(epoch, number, trainer._num_epochs, is_training), inputs, outputs)

    def __init__(self: Any, *arguments: object, **named: object) -> None:
        original(self, *arguments, **named)
        self._callbacks.append(Beside(self._serialization_dir))

    trainers.__init__ = __init__
    try:
        yield
    finally:
        trainers.__init__ = original


@contextlib.contextmanager
def _repeatable(threads: int) -> Generator[None, None, None]:
    import torch

    torch.set_num_threads(threads)
    torch.set_grad_enabled(True)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def _logs_kept() -> Generator[None, None, None]:
    """AllenNLP redirects the log to a temporary file: restore the original handlers."""
    root, bars = logging.getLogger(), logging.getLogger("allennlp.common.tqdm")
    kept = [(logger, list(logger.handlers), logger.level) for logger in (root, bars)]
    hook = sys.excepthook
    try:
        yield
    finally:
        for logger, handlers, level in kept:
            for handler in logger.handlers:
                if handler not in handlers and isinstance(handler, logging.FileHandler):
                    handler.close()
            logger.handlers[:] = handlers
            logger.setLevel(level)
        sys.excepthook = hook


def _steps(trainer: Trainer) -> int | None:
    try:
        batches: int = len(trainer.data_loader)
    except TypeError:  # a loader that does not know its length
        return None
    epochs, together = int(trainer._num_epochs), int(trainer._num_gradient_accumulation_steps)
    return epochs * math.ceil(batches / together)


def _tensors(value: object, name: str = "") -> Generator[tuple[str, Tensor], None, None]:
    import torch

    if isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _tensors(value[key], f"{name}.{key}")
    elif isinstance(value, torch.Tensor) and value.dim():
        yield name, value
