"""What a runner is given to report with: progress, warnings, refusals, and the modules of this package that runners share.

`serve.py` makes the folder of this file a private package, `_parity_host`: a shared module is imported into it when it is first
used (`host.tap` imports torch, which a runner of files alone need not have), and no import of a framework's can meet it by
accident. For a type checker the same modules are those of `parity._in_process`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Callable, Sequence

if TYPE_CHECKING:
    from .wire import LineWriter

__all__ = ["Host", "Refusal", "Write", "check_protocol", "failure"]

_SHARED = (
    "float64",
    "forbidden",
    "head_replay",
    "layer_calls",
    "pickled_vocabulary",
    "run_folder",
    "safe_weights",
    "sites",
    "tap",
    "tokenizer_facts",
    "training_record",
    "weights",
)

Write = Callable[[str, Any, Sequence[str]], None]
"""The function by which a forward writes one stage: its name, a tensor or an array, and its axes."""


class Refusal(Exception):
    """A user's mistake that a runner recognised: it is sent as a sentence, without a traceback."""

    def __init__(self, slug: str, sentence: str, next_step: str = "") -> None:
        super().__init__(sentence)
        self.slug = slug
        self.sentence = sentence
        self.next_step = next_step


def check_protocol(runner: str, spoken: object, protocol: int) -> None:
    """Refuse a runner that was written for another protocol."""
    if spoken != protocol:
        raise Refusal(
            "protocol-mismatch",
            f"{runner} was written for protocol {spoken} of parity's runners, and this parity speaks protocol {protocol}.",
            "Install a version of the adapter for this parity; docs/adapters.md lists for its author what changed.",
        )


class Host:
    """What a runner reports with, and the modules that runners share."""

    Refusal = Refusal

    def __init__(self, writer: LineWriter) -> None:
        self._writer = writer
        self._reported: set[str] = set()
        self.current: int | None = None

    def progress(self, what: str, done: int = 0, total: int | None = None) -> None:
        """Report the progress of long work, which also shows that this process does not hang."""
        self._writer.write(
            {"id": self.current, "event": "progress", "what": what, "done": done, "total": total}
        )

    def warn(self, sentence: str) -> None:
        """Report a fact that the user should know, once."""
        if sentence not in self._reported:
            self._reported.add(sentence)
            self._writer.write({"id": self.current, "event": "warning", "sentence": sentence[:2000]})

    if TYPE_CHECKING:
        from . import (
            float64,
            forbidden,
            head_replay,
            layer_calls,
            pickled_vocabulary,
            run_folder,
            safe_weights,
            sites,
            tap,
            tokenizer_facts,
            training_record,
            weights,
        )
    else:

        def __getattr__(self, name: str) -> Any:
            """A shared module, imported when it is first used."""
            if name not in _SHARED:
                raise AttributeError(name)
            module = importlib.import_module("." + name, __package__)
            setattr(self, name, module)
            return module


def failure(slug: str, sentence: str, next_step: str = "") -> dict[str, Any]:
    """The fields of a failed request's event, without those that only an exception has."""
    return {"slug": slug, "sentence": sentence, "next_step": next_step, "traceback": "", "missing": None}
