"""Generating text with a checkpoint: the class that its users generate with, freely or along given tokens.

Nothing is drawn at random: a side that samples is run without, and its distribution after all processors is written along given
tokens instead.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

import contextlib
import copy
import os
from typing import TYPE_CHECKING, Any, Generator

from . import generation_overrides, generation_settings, model_files
from .checkpoint import Checkpoint
from .generation_runs import Runs

if TYPE_CHECKING:
    from parity._in_process.host import Host, Write

    from .encoding import Encoder
    from .limits import Limits
    from .loading import Loaded
    from .options import Options

__all__ = ["TextGenerator"]

_NEVER_CHANGED = ("max_length", "max_new_tokens", "num_return_sequences")


class TextGenerator:
    """The class that generates, loaded when it is first needed unless the loaded model is of it; it shares that model's weights.

    The cache, which only generation needs, is switched off for forwards unless it is requested.
    """

    def __init__(self, loaded: Loaded, chosen: Options, encoder: Encoder, limits: Limits, host: Host) -> None:
        self._loaded = loaded
        self._options = chosen
        self._host = host
        self._overrides = generation_overrides.apply(loaded, chosen, host)
        # Before the next lines change one of them.
        self._settings = generation_settings.settings(loaded, self._overrides)
        self._runs = Runs(loaded, encoder, limits, self._settings)
        if hasattr(loaded.model.config, "use_cache"):
            loaded.model.config.use_cache = bool(chosen.use_cache)
        self._kind = generation_settings.generating_class(loaded)
        self._made: Any = None

    @property
    def settings(self) -> dict[str, Any]:
        """What it would run with where nothing is given; empty where it does not generate."""
        return self._settings

    @property
    def able(self) -> bool:
        """Whether there is a class that generates, and it runs as this side is served."""
        return self._kind is not None and self._served_otherwise() is None

    def run(self, rows: list[dict[str, Any]], asked: dict[str, Any], write: Write) -> dict[str, Any]:
        """Generate a text for each encoding, `batch` of them together; along the given `tokens`, write the scores of their steps instead."""
        model = self._model()
        found: list[dict[str, Any]] = []
        scores: list[Any] = []
        status: str | None = None
        watch: Any = None
        with contextlib.ExitStack() as stack:
            if asked["precision"] == "float64":
                watch = stack.enter_context(self._host.tap.in_float64(model))
            stack.enter_context(self._changed(model, asked["settings"]))
            together = max(1, asked["batch"])
            for start in range(0, len(rows), together):
                self._host.progress("generating", start, len(rows))
                part = slice(start, start + together)
                if asked["tokens"] is None:
                    found += self._runs.free(model, rows[part], asked)
                else:
                    scores += self._runs.along(
                        model, rows[part], asked["tokens"][part], asked["steps"][part], asked
                    )
        if asked["precision"] == "float64":
            status = watch.status
        if scores:
            import torch

            write("scores", torch.stack(scores), ["row", "token", "other"])
        return {"rows": found, "float64": status}

    @contextlib.contextmanager
    def _changed(self, model: Any, changes: dict[str, Any]) -> Generator[None, None, None]:
        """The overridden settings and then these for a while, in place of the model's own; None takes one away."""
        holder = "generation_config" if getattr(model, "generation_config", None) is not None else "config"
        own = getattr(model, holder)
        changed = copy.deepcopy(own)
        for name, value in {**self._overrides, **changes}.items():
            if name not in _NEVER_CHANGED:
                setattr(changed, name, value)
        setattr(model, holder, changed)
        try:
            yield
        finally:
            setattr(model, holder, own)

    def _model(self) -> Any:
        if self._made is None:
            loaded = self._loaded
            if self._kind is None:
                raise self._host.Refusal("subject", f"{loaded.name} does not generate text.")
            otherwise = self._served_otherwise()
            if otherwise is not None:
                raise self._host.Refusal(
                    "bad-option-value", f"Texts are not generated with {otherwise}.", "Omit it."
                )
            self._made = loaded.model if type(loaded.model) is self._kind else self._load(self._kind)
        return self._made

    def _served_otherwise(self) -> str | None:
        """The option that generation would silently run without; None where there is none."""
        options = self._options
        if options.compile is not None:
            return f"compile={options.compile}"
        if options.device_map is not None:
            return f"device_map={options.device_map}"
        if options.quantize is not None and type(self._loaded.model) is not self._kind:
            return f"quantize={options.quantize}"
        return None

    def _load(self, kind: Any) -> Any:
        loaded, device = self._loaded, self._loaded.model.device
        self._host.progress(f"loading {kind.__name__}")
        config = copy.deepcopy(loaded.config)
        local = os.path.isdir(loaded.name)
        checkpoint = Checkpoint(
            loaded.name, local, config, self._options, dict(loaded.folder.hub), self._host, [], []
        )
        model, new, _ = model_files.load(checkpoint, kind.__name__)
        if new:
            raise self._host.Refusal(
                "subject",
                "{} generates with {} in no file, drawn at random at every load: {}".format(
                    kind.__name__,
                    "a parameter" if len(new) == 1 else f"{len(new)} parameters",
                    ", ".join(new[:3]),
                ),
            )
        whole: Any = model
        _share(whole, loaded.model)
        whole.to(device)
        return whole


def _share(model: Any, inner: Any) -> None:
    """Put the loaded model in place of the same part of another, so that its weights are held once."""
    import torch

    name = model.base_model_prefix
    part = getattr(model, name, None)
    if part is None or type(part) is not type(inner):
        return
    ours, theirs = inner.state_dict(), part.state_dict()
    if set(ours) != set(theirs) or not all(
        torch.equal(theirs[key].to(one.device), one) for key, one in ours.items()
    ):
        return
    setattr(model, name, inner)
    model.tie_weights()
