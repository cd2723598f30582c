"""A conversation with one loaded archive: describe, tokenize, forward.

Runs inside the foreign interpreter: torch and AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import os
import sys
from typing import Any, Callable, NamedTuple, Sequence

_HERE = os.path.dirname(os.path.abspath(__file__))


def _beside(name: str) -> Any:
    full = "_parity_allennlp_" + name
    spec = importlib.util.spec_from_file_location(full, os.path.join(_HERE, name + ".py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


configs = _beside("config")
encoding = _beside("encoding")
facts = _beside("facts")
reading = _beside("reading")
stages = _beside("stages")

Write = Callable[[str, Any, Sequence[str]], None]


class Origin(NamedTuple):
    """Where a model came from: the archive, its config, the config as it was read, the transformer folders given."""

    locator: str
    config: dict[str, Any]
    config_read: dict[str, Any]
    transformers: tuple[str, ...]


class Row(NamedTuple):
    """One example as AllenNLP holds it, and as tokens."""

    instance: Any
    pieces: list[Any]


class _Output(NamedTuple):
    """A stage that a probe forward wrote."""

    axes: tuple[str, ...]
    classes: int


class Session:
    """One loaded archive, in eval mode, and the rows that were tokenized last."""

    def __init__(
        self, host: Any, origin: Origin, loaded: Any, options: dict[str, str], notes: list[str]
    ) -> None:
        self._host = host
        self._origin = origin
        self._loaded = loaded
        self._options = options
        self._notes = notes
        self._model = loaded.model
        registered = options.get("predictor") or type(loaded.model).default_predictor or ""
        self._reading = reading.choose(host, registered, loaded.predictor, loaded.reader)
        self._rows: dict[int, Row] = {}
        self._seen = stages.inner(loaded.model)
        self._torch: Any = importlib.import_module("torch")
        probe = self._row(0, *self._reading.probe)
        parts = encoding.text_parts(probe.instance, reading.PAIRED_FIELDS)
        self._indexing = encoding.indexing(parts[0].field) if parts else None
        if self._seen is not None and [part.name for part in parts] != ["tokens"]:
            self._seen = None
        self._sites = (
            stages.layered_sites(host.tap, self._model, self._seen) if self._seen is not None else None
        )
        self._field = parts[0].name if parts else ""

    def describe(self) -> dict[str, Any]:
        """What this archive is; stages and abilities are what a probe forward shows."""
        tap = self._host.tap
        parameters = tap.parameters(self._model)
        shown = self._probe(None)
        double = self._probe("float64")
        logits = shown.get("logits")
        labels = facts.labels(self._model, logits.classes) if logits is not None else None
        unused = self._unused()
        device_of = next(iter(self._model.parameters()), None)
        return {
            "framework": "allennlp",
            "versions": facts.versions(),
            "model_class": type(self._model).__name__,
            "task": self._task(logits),
            "dtype": str(device_of.dtype).replace("torch.", "") if device_of is not None else "",
            "device": "cpu",
            "labels": labels,
            "multi_label": False,
            "temperature": float(self._options.get("temperature", "1")),
            "weights_digest": tap.weights_digest(parameters),
            "parameters": parameters,
            "config": self._config(),
            "tokenizer": self._tokenizer(),
            "stages": [
                {"name": name, "axes": list(one.axes), "module": self._module_of(name)}
                for name, one in shown.items()
            ],
            "scope": "full" if self._seen is not None else "outputs",
            "can": {
                "same_ids": self._can_be_given_ids(),
                "float64": bool(double),
                "pairs": self._reading.pairs,
                "tokens": self._indexing is not None,
            },
            "max_rows": int(self._options.get("batch_size", "0")) or None if self._seen is not None else 1,
            "max_tokens": self._max_tokens(),
            "vocabulary_rows": self._vocabulary_rows(),
            "newly_initialised": [],
            "unused_weights": unused,
            "notes": self._all_notes(unused),
            "name_used": self._origin.locator,
        }

    def tokenize(self, examples: list[dict[str, Any]], first_row: int) -> dict[str, Any]:
        """The examples by the archive's own reader and indexers; they are kept, by row number, until the next call."""
        self._rows = {}
        said: list[Any] = []
        for row, example in enumerate(examples, first_row):
            text, pair = example["text"], example.get("pair")
            self._rows[row] = found = self._row(row, text, pair)
            said.append(self._encoding(found, text, pair) if self._indexing is not None else None)
        return {"rows": said}

    def forward(
        self,
        rows: list[int] | None,
        inputs: dict[str, Any] | None,
        asked: list[str] | None,
        precision: str | None,
        write: Write,
    ) -> dict[str, Any]:
        """Run those rows padded as AllenNLP pads them, or exactly these ids; stages are written as they are computed."""
        found = [self._rows[row] for row in rows or []]
        with self._torch.no_grad(), self._precision(precision) as watch:
            self._forward(found, inputs, None if asked is None else set(asked), write)
        return {} if watch is None else {"float64": watch.said}

    def _forward(self, rows: list[Row], inputs: Any, asked: set[str] | None, write: Write) -> None:
        if self._seen is None:
            self._at_outputs(rows, asked, write)
        elif inputs is not None:
            self._layered(self._given(inputs), inputs, asked, write)
        else:
            self._layered(self._batch(rows), None, asked, write)

    def close(self) -> None:
        """Nothing is left open."""
        self._rows = {}

    # Text to an Instance, to an encoding

    def _row(self, row: int, text: str, pair: str | None) -> Row:
        refusal = self._host.Refusal
        if pair is None and self._reading.pairs == "required":
            raise refusal(
                "inputs-do-not-fit",
                f"Row {row} has one text; {self._reading.name} reads pairs.",
                "Give inputs with a text and a pair.",
            )
        if pair is not None and self._reading.pairs == "no":
            raise refusal(
                "inputs-do-not-fit",
                f"Row {row} has a text and a pair; {self._reading.name} reads one text.",
                "Give inputs of single texts.",
            )
        try:
            instance = self._reading.make(text, pair)
            self._loaded.reader.apply_token_indexers(instance)
            instance.index_fields(self._model.vocab)
        except Exception as error:  # a reader may raise anything at a text it cannot read
            raise refusal(
                "inputs-do-not-fit",
                f"Row {row} cannot be read by {self._reading.name}: {type(error).__name__}: {error}.",
                "Leave that row out.",
            ) from error
        parts = encoding.text_parts(instance, reading.PAIRED_FIELDS)
        boundary = self._boundary(text, pair) if len(parts) == 1 and pair is not None else None
        found = [piece for part in parts for piece in encoding.pieces(part, boundary)]
        if parts and not (found and all(part.field.tokens for part in parts)):
            raise refusal(
                "inputs-do-not-fit",
                f"Row {row}, {text[:40]!r}, has no words for {type(self._model).__name__}, and AllenNLP cannot run without one.",
                "Leave that row out: AllenNLP's own predictor fails on it too.",
            )
        return Row(instance, encoding.located(found, (text, pair)))

    def _boundary(self, text: str, pair: str | None) -> int | None:
        """How many tokens stand before the pair's, in a field that holds both."""
        tokenizer: Any = getattr(self._loaded.reader, "_tokenizer", None)
        if pair is None or not hasattr(tokenizer, "sequence_pair_start_tokens"):
            return None
        around = len(tokenizer.sequence_pair_start_tokens) + len(tokenizer.sequence_pair_mid_tokens)
        return around + len(tokenizer.tokenize(text))

    def _encoding(self, row: Row, text: str, pair: str | None) -> dict[str, Any]:
        pieces = row.pieces
        transformer = self._indexing is not None and self._indexing.kind in ("matched", "mismatched")
        wrapped = self._indexing.indexer._tokenizer if transformer and self._indexing is not None else None
        return {
            "input_ids": [piece.id for piece in pieces],
            "pieces": [piece.text for piece in pieces],
            "offsets": [None if piece.span is None else list(piece.span) for piece in pieces],
            "segments": [piece.segment for piece in pieces],
            "special": [int(piece.special) for piece in pieces],
            "token_type_ids": [piece.type_id for piece in pieces] if transformer else None,
            "normalized": encoding.normalized(wrapped, text),
            "normalized_pair": encoding.normalized(wrapped, pair),
            "untruncated": self._untruncated(row, text, pair),
        }

    def _untruncated(self, row: Row, text: str, pair: str | None) -> int:
        with reading.without_truncation(self._loaded.reader) as limited:
            if not limited:
                return len(row.pieces)
            return len(self._row(0, text, pair).pieces)

    # Forwards

    @contextlib.contextmanager
    def _precision(self, precision: str | None) -> Any:
        if precision != "float64":
            yield None
            return
        with self._host.tap.in_float64(self._model) as watch:
            yield watch

    def _batch(self, rows: list[Row]) -> dict[str, Any]:
        batch = importlib.import_module("allennlp.data").Batch([row.instance for row in rows])
        batch.index_instances(self._model.vocab)
        tensors: dict[str, Any] = batch.as_tensor_dict()
        return tensors

    def _given(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The field's tensors for exactly these ids; the mask and type ids that are not given are AllenNLP's usual ones."""
        torch, seen = self._torch, self._seen
        ids = torch.tensor(inputs["input_ids"], dtype=torch.long)
        mask, types = inputs.get("attention_mask"), inputs.get("token_type_ids")
        tensors = {
            "token_ids": ids,
            "mask": torch.ones_like(ids, dtype=torch.bool)
            if mask is None
            else torch.tensor(mask, dtype=torch.bool),
            "type_ids": torch.zeros_like(ids) if types is None else torch.tensor(types, dtype=torch.long),
        }
        return {self._field: {seen.indexer_name: tensors}} if seen is not None else {}

    def _layered(self, tensors: dict[str, Any], given: Any, asked: set[str] | None, write: Write) -> None:
        seen, sites, tap = self._seen, self._sites, self._host.tap
        if seen is None or sites is None:
            return
        field = tensors[self._field][seen.indexer_name]
        ids = field["token_ids"]
        rows, tokens = int(ids.shape[0]), int(ids.shape[1])
        real = next(field[key] for key in ("segment_concat_mask", "wordpiece_mask", "mask") if key in field)
        if given is not None:
            real = self._torch.tensor(given["real"])
        told: list[dict[str, Any]] = []

        def put(stage: str, values: Any, axes: Sequence[str]) -> None:
            write(stage, stages.unfolded(values, rows, tokens), axes)

        def tell(fed: dict[str, Any]) -> None:
            if told:
                return
            told.append(fed)
            put("input_ids", fed["input_ids"], ("row", "token"))
            write("real", real.to(self._torch.uint8), ("row", "token"))
            put("attention_mask", fed["attention_mask"].long(), ("row", "token"))
            if fed.get("token_type_ids") is not None:
                put("token_type_ids", fed["token_type_ids"], ("row", "token"))
            if seen.word_level:
                write("word_mask", field["mask"].to(self._torch.uint8), ("row", "word"))

        inside = [site for site in sites.inside if _is_asked(site, asked)]
        around = [site for site in sites.around if _is_asked(site, asked)]
        with contextlib.ExitStack() as hooks:
            hooks.enter_context(stages.feeding(seen, self._positions(given), tell))
            taps = [
                hooks.enter_context(tap.Tap(inside, put)),
                hooks.enter_context(tap.Tap(around, write, (rows, tokens))),
            ]
            output = self._model(**tensors)
        for one in taps:
            for stage, problem in one.unfit.items():
                self._host.warn(f"The stage {stage} could not be written: it is {problem}.")
        if asked is None or "logits" in asked:
            logits = output["logits"]
            level = "word" if seen.word_level else "token"
            write("logits", logits, ("row", "class") if logits.dim() == 2 else ("row", level, "class"))

    def _positions(self, given: Any) -> Any:
        """The positions to feed besides, where they are given and differ from counting on."""
        positions = None if given is None else given.get("position_ids")
        if positions is None or self._seen is None:
            return None
        found = self._torch.tensor(positions, dtype=self._torch.long)
        if "position_ids" in inspect.signature(self._seen.transformer.forward).parameters:
            return found
        if bool((found == self._torch.arange(found.shape[1])).all()):
            return None
        raise ValueError(f"{type(self._seen.transformer).__name__} takes no position_ids")

    def _at_outputs(self, rows: list[Row], asked: set[str] | None, write: Write) -> None:
        if len(rows) != 1:
            raise ValueError(f"this model is run one row at a time, not {len(rows)}")
        if rows[0].pieces:
            ids = self._torch.tensor([[piece.id for piece in rows[0].pieces]], dtype=self._torch.long)
            write("input_ids", ids, ("row", "token"))
            write("real", self._torch.ones_like(ids, dtype=self._torch.uint8), ("row", "token"))
        tensors = self._batch(rows)
        written: set[str] = set()

        def put(stage: str, values: Any, axes: Sequence[str]) -> None:
            if (asked is None or stage in asked) and stage not in written:
                written.add(stage)
                write(stage, values, axes)

        with stages.top_modules(self._model, put) as again:
            output = self._model(**tensors)
        for name in again:
            self._note(f"The module {name} is called more than once a forward; its stage is the first call.")
        for key, value in output.items():
            found = self._whole(value)
            if found is not None:
                self._write_output(key, found, rows[0], put)

    def _whole(self, value: Any) -> Any:
        """An output as one float tensor, None for one that is not."""
        found: Any = value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value
        return found if hasattr(found, "is_floating_point") and found.is_floating_point() else None

    def _write_output(self, key: str, values: Any, row: Row, put: Write) -> None:
        if key in ("logits", "label_logits") and self._reading.name != "transformer_mc":
            if values.dim() == 2:
                put("logits", values, ("row", "class"))
                return
            if values.dim() == 3 and values.shape[1] == len(row.pieces):
                put("logits", values, ("row", "token", "class"))
                return
        put("output." + key, *stages.of_one_row(values))

    def _probe(self, precision: str | None) -> dict[str, _Output]:
        """The float stages of a forward over a few words, in the order written; empty for one that fails."""
        shown: dict[str, _Output] = {}

        def write(stage: str, values: Any, axes: Sequence[str]) -> None:
            if values.is_floating_point():
                shown[stage] = _Output(tuple(axes), int(values.shape[-1]) if values.dim() else 0)

        row = self._row(0, *self._reading.probe)
        try:
            with self._torch.no_grad(), self._precision(precision):
                self._forward([row], None, None, write)
        except Exception as error:  # some modules make their own float32 tensors, and any error may follow
            if precision is None:
                raise
            self._note("It cannot be run in float64: {}.".format(str(error).split("\n", maxsplit=1)[0]))
            return {}
        return shown

    # Facts for the description

    def _note(self, sentence: str) -> None:
        if sentence not in self._notes:
            self._notes.append(sentence)

    def _task(self, logits: _Output | None) -> str:
        if logits is None:
            return "other"
        return "sequence_classification" if logits.axes == ("row", "class") else "token_classification"

    def _config(self) -> dict[str, Any]:
        found: dict[str, Any] = configs.flat(self._origin.config)
        if self._seen is not None:
            inner = self._seen.embedder.config.to_dict()
            found.update(configs.flat({"transformer": inner}))
        return found

    def _tokenizer(self) -> dict[str, Any]:
        if self._indexing is None:
            return {}
        how = self._indexing
        found: dict[str, Any] = facts.tokenizer(how.indexer, how.kind, self._loaded.reader, self._model)
        for place, settings in facts.tokenizer_settings(self._origin.config).items():
            found["tokenizer_kwargs of " + place] = settings
        return found

    def _module_of(self, stage: str) -> str | None:
        if self._sites is None or self._seen is None:
            return stage.partition("module.")[2] or None
        for site in self._sites.inside:
            if site.name == stage:
                return f"{self._seen.name}.{site.module_name}"
        return next((site.module_name for site in self._sites.around if site.name == stage), None)

    def _can_be_given_ids(self) -> bool:
        seen = self._seen
        return seen is not None and not seen.word_level and seen.folds_at is None

    def _max_tokens(self) -> int | None:
        if self._seen is None or self._seen.folds_at is not None:
            return None
        limit: int | None = self._host.tap.position_limit(self._seen.transformer)
        return limit

    def _vocabulary_rows(self) -> int | None:
        return (
            None if self._seen is None else int(self._seen.transformer.get_input_embeddings().num_embeddings)
        )

    def _unused(self) -> list[str]:
        """The transformer's own pooler, which AllenNLP keeps, saves and never looks at."""
        if self._seen is None:
            return []
        names = [name for name, _ in self._seen.transformer.named_parameters() if name.startswith("pooler.")]
        return [f"{self._seen.name}.{name}" for name in names]

    def _all_notes(self, unused: list[str]) -> list[str]:
        said = list(self._notes)
        said.extend(facts.notes(self._origin.config, self._seen, self._loaded.trained_with, unused))
        if self._reading.note:
            said.append(self._reading.note)
        if self._seen is None:
            said.append("Seen at its outputs and at its own top modules, one row at a time.")
        said.extend(self._resized())
        return said

    def _resized(self) -> list[str]:
        """AllenNLP makes the embedding matrix as long as the tokenizer, which may differ from the transformer's config."""
        if self._seen is None:
            return []
        auto: Any = importlib.import_module("transformers").AutoConfig
        for name in [
            *self._origin.transformers,
            *(place.name for place in configs.transformers(self._origin.config)),
        ]:
            try:
                rows = int(auto.from_pretrained(name).vocab_size)
            except (OSError, ValueError, AttributeError):
                continue
            if rows != self._vocabulary_rows():
                return [
                    (
                        f"The embedding matrix has {self._vocabulary_rows()} rows where the transformer's config says {rows}: AllenNLP makes it as long as "
                        "the tokenizer."
                    )
                ]
            return []
        return []


def _is_asked(site: Any, asked: set[str] | None) -> bool:
    if site.name == "position_ids":
        return True
    return not site.detail if asked is None else site.name in asked
