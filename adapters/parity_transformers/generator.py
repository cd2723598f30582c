"""Generating text with a checkpoint: the class that its users generate with, run row by row, freely or along given tokens.

Rows are run alone, so that no row depends on another or on padding. Nothing is drawn at random: a side that samples is run without,
and its distribution after all processors is written along given tokens instead.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

import contextlib
import copy
import inspect
import os
from typing import TYPE_CHECKING, Any, Generator

from . import generation_settings, model_files
from .checkpoint import Checkpoint

if TYPE_CHECKING:
    from parity._in_process.host import Host, Write

    from .encoding import Encoder
    from .limits import Limits
    from .loading import Loaded
    from .options import Options

__all__ = ["TextGenerator"]

_DEFAULT_LENGTH = 20
# What `generate` gets by name here, and what would return something else than one text.
_FIXED = {"num_return_sequences": 1, "return_dict_in_generate": False}
_NEVER_CHANGED = ("max_length", "max_new_tokens", "num_return_sequences")


class _Enough(Exception):
    """The given tokens are used up."""


class TextGenerator:
    """The class that generates, loaded when it is first needed unless the loaded model is of it; it shares that model's weights.

    The cache, which only generation needs, is switched off for forwards.
    """

    def __init__(self, loaded: Loaded, chosen: Options, encoder: Encoder, limits: Limits, host: Host) -> None:
        self._loaded = loaded
        self._options = chosen
        self._encoder = encoder
        self._limits = limits
        self._host = host
        self._settings = generation_settings.settings(loaded)  # before the next lines change one of them
        if hasattr(loaded.model.config, "use_cache"):
            loaded.model.config.use_cache = False
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
        """Generate a text for each encoding; along the given `tokens`, write the scores of their steps instead of choosing."""
        model = self._model()
        found: list[dict[str, Any]] = []
        scores: list[Any] = []
        status: str | None = None
        watch: Any = None
        with contextlib.ExitStack() as stack:
            if asked["precision"] == "float64":
                watch = stack.enter_context(self._host.tap.in_float64(model))
            stack.enter_context(self._changed(model, asked["settings"]))
            for place, row in enumerate(rows):
                self._host.progress("generating", place, len(rows))
                if asked["tokens"] is None:
                    found.append(self._free(model, row, asked))
                else:
                    scores.append(self._along(model, row, asked, place))
        if asked["precision"] == "float64":
            status = watch.status
        if scores:
            import torch

            write("scores", torch.stack(scores), ["row", "token", "other"])
        return {"rows": found, "float64": status}

    def _free(self, model: Any, row: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        most = self._most(row, asked)
        if most < 1:
            return {
                "ids": [],
                "pieces": [],
                "text": "",
                "reason": "its prompt leaves no position for a new token",
            }
        feeds = self._feeds(model, row)
        output = model.generate(**feeds, **self._arguments(asked, most))
        start = 1 if self._loaded.config.is_encoder_decoder else len(row["input_ids"])
        ids = [int(token) for token in output[0][start:]]
        tokenizer: Any = self._loaded.tokenizer
        pieces: list[str | None] = tokenizer.convert_ids_to_tokens(ids)
        return {
            "ids": ids,
            "pieces": [f"<{one}>" if piece is None else piece for one, piece in zip(ids, pieces)],
            "text": tokenizer.decode(ids, skip_special_tokens=True),
        }

    def _along(self, model: Any, row: dict[str, Any], asked: dict[str, Any], place: int) -> Any:
        """The scores after every processor, at the steps that are wanted, as float: [steps, vocabulary]."""
        import torch

        tokens, (first, end) = asked["tokens"][place], asked["steps"][place]
        taken: list[Any] = []

        def force(input_ids: Any, scores: Any) -> Any:
            step = len(taken)
            taken.append(scores[0].clone() if first <= step < end else None)
            if step + 1 >= end:
                raise _Enough
            forced = torch.full_like(scores, -float("inf"))
            forced[:, tokens[step]] = 0
            return forced

        most = max(self._most(row, asked), len(tokens))
        # In older versions what samples has a list of its own, after the others.
        sampled = (
            asked["sampled"] and self._settings.get("do_sample") and hasattr(model, "_get_logits_warper")
        )
        maker = "_get_logits_warper" if sampled else "_get_logits_processor"
        with _last_processor(model, force, maker), contextlib.suppress(_Enough):
            model.generate(**self._feeds(model, row), **dict(self._arguments(asked, most), num_beams=1))
        if len(taken) < end:
            raise ValueError(f"generation ended after {len(taken)} of {end} given tokens")
        return torch.stack(taken[first:end])

    def _feeds(self, model: Any, row: dict[str, Any]) -> dict[str, Any]:
        import torch

        feeds, _ = self._encoder.pad([row])
        takes = inspect.signature(model.forward).parameters
        if len(feeds["input_ids"][0]) != len(row["input_ids"]):  # padding=max_length
            feeds = {name: [values[0][: len(row["input_ids"])]] for name, values in feeds.items()}
            feeds["input_ids"] = [row["input_ids"]]
        return {
            name: torch.tensor(values, dtype=torch.long, device=model.device)
            for name, values in feeds.items()
            if name in takes and name != "token_type_ids"
        }

    def _arguments(self, asked: dict[str, Any], most: int) -> dict[str, Any]:
        arguments: dict[str, Any] = dict(_FIXED, max_new_tokens=most)
        arguments["use_cache"] = asked["settings"].get("use_cache", self._settings.get("use_cache", True))
        if not asked["sampled"]:
            arguments["do_sample"] = False
        return arguments

    def _most(self, row: dict[str, Any], asked: dict[str, Any]) -> int:
        """New tokens at most: as requested, and as the side's own settings and its positions permit."""
        settings = dict(self._settings, **asked["settings"])
        twofold = bool(self._loaded.config.is_encoder_decoder)
        before = 1 if twofold else len(row["input_ids"])
        most = [asked["most"]]
        longest = settings.get("max_length")
        if settings.get("max_new_tokens"):
            most.append(settings["max_new_tokens"])
        elif longest and (
            twofold or longest != _DEFAULT_LENGTH
        ):  # of a prompt and its continuation users always give it
            most.append(max(1, longest - before))
        if self._limits.room is not None:
            most.append(self._limits.room - before)
        return int(min(most))

    @contextlib.contextmanager
    def _changed(self, model: Any, changes: dict[str, Any]) -> Generator[None, None, None]:
        """Other settings for a while, in place of the model's own; None takes one away."""
        holder = "generation_config" if getattr(model, "generation_config", None) is not None else "config"
        own = getattr(model, holder)
        changed = copy.deepcopy(own)
        for name, value in changes.items():
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


@contextlib.contextmanager
def _last_processor(model: Any, process: Any, name: str) -> Generator[None, None, None]:
    """Let a function see and change the scores after every processor that the method of this name makes for `generate`."""
    plain = getattr(model, name)

    def made(*args: Any, **kwargs: Any) -> Any:
        found = plain(*args, **kwargs)
        found.append(process)
        return found

    setattr(model, name, made)
    try:
        yield
    finally:
        delattr(model, name)
