"""A session for a pipeline: texts in, and out what its users see. There are no tokens and no layers, and nothing in another precision."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What a pipeline holds and returns is Any here.

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Sequence

from .reader import Reader
from .readers import READERS

if TYPE_CHECKING:
    from .calls import Chosen

__all__ = ["Facts", "Session"]

_ENCODING: Any = importlib.import_module(".encoding", __package__)  # of the package that shares its modules
_FACTS: Any = importlib.import_module(".facts", __package__)
_FINDING: Any = importlib.import_module(".finding", __package__)
_OPTIONS: Any = importlib.import_module(".options", __package__)
_LENGTH_BY_DEFAULT = 20


class Facts(NamedTuple):
    """What is known of a pipeline beside what it holds: versions, what it generates with, the parameters that no file held."""

    versions: dict[str, str]
    generation: dict[str, Any]
    newly_initialised: list[str]


class Session:
    """One pipeline, which describes itself and is called with rows."""

    def __init__(self, made: Any, chosen: Chosen, name: str, facts: Facts, host: Any) -> None:
        self._made, self._chosen, self._name = made, chosen, name
        self._facts, self._generation, self._host = facts, dict(facts.generation, **chosen.generation), host
        self._reader = READERS.get(chosen.call.task, Reader)(made, chosen, host)
        self._encoder = _ENCODING.Encoder(made.tokenizer, _OPTIONS.Options(), None, True, host)

    def describe(self) -> dict[str, Any]:
        """Everything about this pipeline that does not depend on inputs."""
        reader, call, model = self._reader, self._chosen.call, self._made.model
        what = "its generated texts are" if call.generates else "its outputs are"
        return {
            "framework": "pipeline",
            "versions": self._facts.versions,
            "model_class": type(model).__name__,
            "task": call.means,
            "task_by": self._chosen.by,
            "dtype": str(model.dtype).replace("torch.", ""),
            "device": str(model.device),
            "labels": reader.labels,
            "config": _FACTS.flat(model.config.to_dict()),
            "tokenizer": self._encoder.describe(),
            "generation": self._generation if call.generates else {},
            "stages": reader.stages,
            "selects": reader.selects,
            "scope": "outputs",
            "can": {
                "pairs": reader.pairs,
                "tokens": False,
                "words": "given" if reader.words else "no",
                "generate": call.generates,
                "texts_only": call.generates,
            },
            "batch_size": self._chosen.made_with.get("batch_size"),
            "notes": [
                f"The pipeline {call.task}: {what} compared, and no layers, which it does not show.",
                *reader.notes,
            ],
            "newly_initialised": self._facts.newly_initialised,
            **self._not_loaded(),
            "name_used": self._name,
            **reader.more,
        }

    def _not_loaded(self) -> dict[str, Any]:
        """What needs a parameter that no file held; features need no pooler."""
        new, stages = self._facts.newly_initialised, [one["name"] for one in self._reader.stages]
        if not new:
            return {}
        if self._chosen.call.task == "feature-extraction" and all("pooler" in name for name in new):
            return {"excluded": {"pooled": new}}
        return {"drawn": {stages[0] if stages else "": new}}

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """There are no tokens to return; the rows are kept as they are."""
        return {"rows": [None] * len(examples), "kept": examples}

    def forward(
        self,
        rows: list[dict[str, Any]] | None,
        inputs: dict[str, Any] | None,
        stages: Sequence[str] | None,
        precision: str | None,
        write: Callable[..., None],
    ) -> dict[str, Any]:
        """Call the pipeline with these rows."""
        if rows is None or precision is not None:
            raise self._host.Refusal(
                "inputs-do-not-fit", f"{self._name}: a pipeline takes texts, in its own precision."
            )
        selected = self._reader.run(rows, write)
        return {"selected": selected} if selected else {}

    def generate(
        self, rows: list[dict[str, Any]], asked: dict[str, Any], write: Callable[..., None]
    ) -> dict[str, Any]:
        """Call the pipeline with `batch` rows at a time, for at most so many new tokens, without drawing at random."""
        if asked["tokens"] is not None or asked["precision"] is not None:
            raise self._host.Refusal(
                "inputs-do-not-fit", f"{self._name}: a pipeline gives texts, and no scores of steps."
            )
        found: list[dict[str, Any]] = []
        together = max(1, asked["batch"])
        for start in range(0, len(rows), together):
            self._host.progress("generating", start, len(rows))
            found += self._texts([row["text"] for row in rows[start : start + together]], asked)
        return {"rows": found, "float64": None}

    def _texts(self, texts: list[str], asked: dict[str, Any]) -> list[dict[str, Any]]:
        changes = {name: value for name, value in asked["settings"].items() if not name.startswith("max_")}
        arguments = dict(self._chosen.called_with, **self._chosen.generation)
        most = min(self._most(text, asked) for text in texts)
        arguments.update(changes, max_new_tokens=most, do_sample=False, batch_size=len(texts))
        if self._chosen.call.task == "text-generation":
            arguments["return_full_text"] = False
        try:
            answers: list[Any] = self._made(texts, **arguments)
        except Exception as error:  # noqa: BLE001  # texts that the library refuses are rows that are not compared
            reason = _FINDING.first_line(error)
            return [{"ids": [], "pieces": [], "text": "", "reason": reason} for _ in texts]
        return [{"ids": [], "pieces": [], "text": _written(answer)} for answer in answers]

    def _most(self, text: str, asked: dict[str, Any]) -> int:
        """New tokens at most: as requested, and as the pipeline's own settings permit."""
        settings = self._generation
        if settings.get("max_new_tokens"):
            return int(min(asked["most"], settings["max_new_tokens"]))
        longest, twofold = settings.get("max_length"), bool(self._made.model.config.is_encoder_decoder)
        if not longest or (not twofold and longest == _LENGTH_BY_DEFAULT):
            return int(asked["most"])
        before = 1 if twofold else len(self._made.tokenizer(text)["input_ids"])
        return int(min(asked["most"], max(1, longest - before)))

    def close(self) -> None:
        """Nothing to release: the process ends."""


def _written(answer: Any) -> str:
    """The text of one answer; a task that could give several texts gives them as a list of one."""
    one: dict[str, str] = answer[0] if isinstance(answer, list) else answer
    (text,) = (value for name, value in one.items() if name.endswith("_text"))
    return text
