"""A recipe: the base of a model, its training rows and its training settings; a TOML file, checked in full before anything runs.

    task = "sequence_classification"

    [model]
    base = "encoder"              # a folder (seen from the recipe) or a hub id
    frozen = ["bert.embeddings"]  # beginnings of parameter names that are not trained
    max_length = 32

    [data]
    train = "train.jsonl"         # jsonl, csv, tsv, parquet, or a folder that `datasets` saved
    evaluation = "test.jsonl"
    slices = "topic"              # a column of the evaluation rows

    [training]
    epochs = 4                    # or steps = 60
    batch_size = 16
    learning_rate = 2e-4
    warmup = 0.1                  # below 1 a share of the steps, else their number

`task = "token_classification"` trains a tagger of words: its rows are lists of words (`words`) with a tag for each (`tags`), and the
first piece of a word is trained. `[lora]` trains an adapter (parity/training/lora.py).

Two digests: `digest` is of everything that matters to an audit, `training_digest` of what determines the weights, so
that other evaluation rows do not cause another training. Comments, key order and the places of files are in neither.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

import msgspec
from msgspec import Meta

from parity.errors import RecipeError
from parity.training.base_folder import base_of
from parity.training.lora import LoraSettings
from parity.training.rows import DataSettings, Part, label_order, open_part

__all__ = ["ModelSettings", "Recipe", "TrainingSettings", "read_recipe"]

_Count = Annotated[int, Meta(ge=1)]
_NotNegative = Annotated[float, Meta(ge=0)]
_Positive = Annotated[float, Meta(gt=0)]
_Name = Annotated[str, Meta(min_length=1)]
_Dtype = Literal["float32", "float64", "bfloat16"]
_Task = Literal["sequence_classification", "token_classification"]
_OF_WORDS = "token_classification"
_CHOICES = {"model.dtype": get_args(_Dtype), "task": get_args(_Task)}
_SECTIONS = ("model", "data", "training", "lora")
_NEEDED: dict[str, tuple[str, ...]] = {"model": ("base",), "data": ("train", "evaluation")}


class ModelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is trained: the base, its number format, the maximum length of rows in tokens, and the frozen parameters."""

    base: str
    revision: str | None = None
    dtype: _Dtype = "float32"
    max_length: _Count | None = None
    frozen: tuple[_Name, ...] = ()


class TrainingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it is trained: AdamW with a linear schedule. One of `epochs` and `steps`; `clip` is of the gradient's norm."""

    epochs: _Count | None = None
    steps: _Count | None = None
    batch_size: _Count = 16
    learning_rate: _Positive = 5e-5
    warmup: _NotNegative = 0.0
    weight_decay: _NotNegative = 0.0
    clip: _Positive = 1.0

    def steps_on(self, rows: int) -> int:
        """The steps of a training on so many rows."""
        return self.steps or (self.epochs or 0) * math.ceil(rows / self.batch_size)


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: ModelSettings
    data: DataSettings
    training: TrainingSettings
    task: _Task = "sequence_classification"
    lora: LoraSettings | None = None


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe that can be followed: its settings, its rows as counted and digested, its classes in their order.

    `base` is the model's folder or hub id, ready to be loaded; `base_digest` is of the folder's files (None: a hub id, of which only
    what trains can tell the content: it adds that to the key of the run).
    """

    path: Path
    task: str
    model: ModelSettings
    training: TrainingSettings
    base: str
    base_digest: str | None
    train: Part
    evaluation: Part
    labels: tuple[str, ...]
    lora: LoraSettings | None = None

    @property
    def training_digest(self) -> str:
        """The digest of what determines the weights."""
        base = [self.base_digest or self.model.base, self.model.revision]
        model = {**_plain(self.model), "base": base, "revision": None}
        adapter = [] if self.lora is None else [_plain(self.lora)]
        return _digest([self.task, model, _plain(self.training), self.train.digest, self.labels, *adapter])

    @property
    def digest(self) -> str:
        """The digest of the whole recipe, its rows included, which identifies it in an audit."""
        return _digest([self.training_digest, self.evaluation.digest])

    def settled(self) -> dict[str, Any]:
        """The recipe as a runner receives it: plain values, complete."""
        return {
            "task": self.task,
            "model": {**_plain(self.model), "base": self.base, "base_digest": self.base_digest},
            "training": _plain(self.training),
            "lora": None if self.lora is None else _plain(self.lora),
            "labels": list(self.labels),
            "digest": self.digest,
            "training_digest": self.training_digest,
            "data_digest": self.train.digest,
            "rows": self.train.count,
        }


def read_recipe(path: str | Path) -> Recipe:
    """Read and check a recipe and every row of its data; raises RecipeError, one sentence a mistake."""
    place = Path(path).expanduser()
    document = _settings(place, _table(place))
    training = document.training
    if (training.epochs is None) == (training.steps is None):
        given = "neither epochs nor steps" if training.epochs is None else "both epochs and steps"
        raise RecipeError(f"{place} gives {given} under [training].", next_step="Give one of the two.")
    base, base_digest = base_of(place, document.model.base)
    if base_digest is not None and document.model.revision is not None:
        raise RecipeError(
            f"{place}: model.revision = {document.model.revision!r} has no effect: model.base is a folder, which has no revisions.",
            next_step="Omit revision, or name the base by its hub id.",
        )
    if document.lora is not None and document.model.frozen:
        raise RecipeError(
            f"{place}: model.frozen has no effect beside [lora], which trains its adapter and modules_to_save alone.",
            next_step="Omit frozen, or [lora].",
        )
    words = document.task == _OF_WORDS
    if words and document.data.pair is not None:
        raise RecipeError(
            f"{place}: data.pair has no effect: the rows of {_OF_WORDS} are lists of words.",
            next_step="Omit pair.",
        )
    train = open_part(place, document.data, "train", words=words)
    steps = training.steps_on(train.count)
    if training.warmup >= steps and training.warmup >= 1:
        raise RecipeError(
            f"{place}: training.warmup = {training.warmup:g} leaves none of the {steps} steps.",
            next_step="Give a share of the steps below 1, or fewer steps.",
        )
    labels = _labels(train, "tag" if words else "label")
    evaluation = open_part(place, document.data, "evaluation", columns=train.columns, words=words)
    unknown = sorted(set(evaluation.labels) - set(labels))
    if unknown:
        count = sum(evaluation.labels[label] for label in unknown)
        raise RecipeError(
            f"{evaluation.source}: {count} {'words' if words else 'rows'} have the {'tag' if words else 'label'} {unknown[0]!r}, which "
            f"no training {'word' if words else 'row'} has.",
            next_step=f"Give training rows with that {'tag' if words else 'label'}, or exclude these rows.",
        )
    return Recipe(
        path=place,
        task=document.task,
        model=document.model,
        training=training,
        base=base,
        base_digest=base_digest,
        train=train,
        evaluation=evaluation,
        labels=labels,
        lora=document.lora,
    )


def _table(place: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise RecipeError(
            f"The recipe {place} cannot be read: {reason}.", next_step="Name a TOML file."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{place} is not TOML: {error}.", next_step="See https://toml.io.") from None


def _settings(place: Path, table: dict[str, Any]) -> _Document:
    sections: dict[str, type[msgspec.Struct]] = {
        "model": ModelSettings,
        "data": DataSettings,
        "training": TrainingSettings,
        **({"lora": LoraSettings} if "lora" in table else {}),
    }
    _known(place, "", table, ("task", *_SECTIONS))
    for name, kind in sections.items():
        section: object = table.get(name, {})
        if not isinstance(section, dict):
            raise RecipeError(f"{place}: {name} is a value.", next_step=f"Write a table: [{name}].")
        values = cast("dict[str, Any]", section)
        _known(place, name, values, kind.__struct_fields__, sections)
        for needed in _NEEDED.get(name, ()):
            if needed not in values:
                raise RecipeError(f"{place} has no {needed} under [{name}].", next_step="Add it.")
        for key, value in values.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise RecipeError(f"{place}: {name}.{key} is {value}.", next_step="Give a number.")
    try:
        return msgspec.convert({"training": {}, **table}, _Document)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        key = where.rstrip("`").partition("[")[0]
        step = f"{what.replace('`', '')}."
        if key in _CHOICES and "enum" in what:
            step = f"Give {' or '.join(_CHOICES[key])}."
        raise RecipeError(f"{place}: {key} cannot be {_said(table, key)}.", next_step=step) from None


def _known(
    place: Path,
    section: str,
    values: Mapping[str, Any],
    known: tuple[str, ...],
    sections: Mapping[str, type[msgspec.Struct]] | None = None,
) -> None:
    strange = next((key for key in values if key not in known), None)
    if strange is None:
        return
    elsewhere = next(
        (name for name, kind in (sections or {}).items() if strange in kind.__struct_fields__), None
    )
    near = difflib.get_close_matches(strange, known, n=1, cutoff=0.5)
    step = f"Did you mean {near[0]}? " if near else f"It belongs under [{elsewhere}]. " if elsewhere else ""
    where = f" under [{section}]" if section else ""
    raise RecipeError(
        f"{place} has an unknown key{where}: {strange}.", next_step=f"{step}The keys are: {', '.join(known)}."
    )


def _said(table: Mapping[str, Any], key: str) -> str:
    value: Any = table
    for part in key.split("."):
        value = value[part]
    return json.dumps(value, ensure_ascii=False, default=str)[:80]


def _labels(train: Part, noun: str) -> tuple[str, ...]:
    column = "tags" if noun == "tag" else "label"
    if train.labelled < train.count:
        missing = train.count - train.labelled
        raise RecipeError(
            f"{train.source}: {missing} of {train.count} training rows have no {column}.",
            next_step=f"Name the column under [data]: {column} = …, and exclude rows without one.",
        )
    labels = label_order(train.labels)
    if len(labels) < 2:
        where = "word has the tag" if noun == "tag" else "row has the label"
        known = train.columns.tags if noun == "tag" else train.columns.label
        raise RecipeError(
            f"{train.source}: every training {where} {next(iter(labels))!r}; there is nothing to learn from one class.",
            next_step=f"Give rows of at least two classes (the column is {known!r}).",
        )
    return labels


def _plain(settings: msgspec.Struct) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.to_builtins(settings))


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return f"sha256:{hashlib.sha256(text.encode('ascii')).hexdigest()}"
