"""A session with one loaded archive: describe, tokenize, forward.

Runs inside the foreign interpreter: torch and AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects have no types.

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any, Generator, NamedTuple, Sequence

from . import config as configs
from . import facts, layered, outputs, own_stack, pooling, reader_facts, reading, stages, tasks
from . import rows as rows_of

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from parity._in_process.float64 import Watch
    from parity._in_process.host import Host, Write

    from .loading import Loaded


class Origin(NamedTuple):
    """Where a model came from: the archive, its config, the transformer folders the user gave."""

    locator: str
    config: dict[str, object]
    transformers: tuple[str, ...]


class _Shown(NamedTuple):
    """A stage that a probe forward wrote: its axes and the length of the last one."""

    axes: tuple[str, ...]
    width: int


class Session:
    """One loaded archive, in eval mode."""

    def __init__(
        self, host: Host, origin: Origin, loaded: Loaded, options: dict[str, str], notes: list[str]
    ) -> None:
        self._host = host
        self._origin = origin
        self._loaded = loaded
        self._options = options
        self._notes = notes
        self._model = loaded.model
        self._began = host.tap.kept_state(loaded.model)
        self._torch = importlib.import_module("torch")
        registered = options.get("predictor") or type(loaded.model).default_predictor or ""
        chosen = reading.choose(host, registered, loaded.predictor, loaded.reader)
        self._reader = rows_of.Reader(host, loaded.model, loaded.reader, chosen)
        self._view = self._viewed()

    def _viewed(self) -> outputs.Outputs | layered.Layered | own_stack.OwnStack:
        """How its forwards are seen: by the layers of its transformer, or by its outputs alone."""
        seen, own = stages.inner(self._model), own_stack.own(self._model)
        if own is not None and self._reader.is_tensors(own_stack.FIELD):
            return own_stack.OwnStack(self._host, self._model, self._reader, own)
        if seen is None or not self._reader.is_one_text(seen.head.field):
            return outputs.Outputs(self._model, self._reader)
        return layered.Layered(self._host, self._model, self._reader, seen)

    def describe(self) -> dict[str, object]:
        """The description of this archive; a probe forward shows its stages and abilities."""
        tap, seen = self._host.tap, self._view.seen
        parameters = tap.parameters(self._model)
        shown = self._probe(None)
        logits = shown.get("logits") or shown.get("words")
        unused = facts.unused_weights(seen)
        folds = seen is not None and seen.folds_at is not None
        return {
            "framework": "allennlp",
            "versions": facts.versions(),
            "model_class": type(self._model).__name__,
            "task": tasks.task_name({name: one.axes for name, one in shown.items()}),
            "dtype": parameters[0]["dtype"] if parameters else "",
            "device": "cpu",
            "labels": facts.labels(self._model, logits.width) if logits is not None else None,
            "multi_label": False,
            "temperature": float(self._options.get("temperature", "1")),
            "weights_digest": tap.weights_digest(parameters),
            "parameters": parameters,
            "config": self._config(),
            "tokenizer": self._tokenizer(),
            "stages": [
                {"name": name, "axes": list(one.axes), "module": self._view.module_of(name)}
                for name, one in shown.items()
            ],
            "scope": self._view.scope,
            "can": {
                "accepts_feed": self._view.can_be_given_ids,
                "float64": bool(self._probe("float64")),
                "pairs": self._reader.reading.pairs,
                "tokens": self._reader.indexing is not None,
                "blank": self._reader.takes_blank(),
                "words": "own" if "words" in shown else "no",
                "row_digests": True,
                "isolates": not isinstance(self._view, outputs.Outputs),
            },
            "max_rows": 1 if seen is None else None,
            "batch_size": None if seen is None else int(self._options.get("batch_size", "0")) or None,
            "max_tokens": None if seen is None or folds else tap.position_limit(seen.transformer),
            "vocabulary_rows": facts.vocabulary_rows(seen),
            "newly_initialised": [],
            "unused_weights": unused,
            "reads": self._reads(),
            "notes": self._all_notes(unused),
            "name_used": self._origin.locator,
        }

    def intervene(self, asked: dict[str, Any], write: Write, read: Any) -> Any:
        """A context around one forward that shows, or is given, what the layers are called with; of a model aligned layer by layer."""
        assert not isinstance(self._view, outputs.Outputs), "only such a model announces the ability"
        return self._view.intervene(asked, write, read)

    def holders(self) -> list[Module]:
        """The modules whose parameters are described."""
        return [self._model]

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, object]:
        """The examples by the archive's own reader and indexers; a forward is of the instances, which are kept."""
        kept: list[rows_of.Row] = []
        encodings: list[dict[str, object] | None] = []
        for example in examples:
            text, pair = example["text"], example.get("pair")
            with self._reader.given_words(example):
                row = self._reader.row(example["row"], text, pair)
                kept.append(row)
                encodings.append(self._reader.encoded(row, text, pair))
        return {"rows": encodings, "kept": kept}

    def forward(
        self,
        rows: list[rows_of.Row] | None,
        inputs: dict[str, Any] | None,
        requested: list[str] | None,
        precision: str | None,
        write: Write,
    ) -> dict[str, object]:
        """Run those rows padded as AllenNLP pads them, or exactly these ids; stages are written as they are computed."""
        if precision is None:  # a float64 run of the same rows begins where this one does
            self._began = self._host.tap.kept_state(self._model)
        with self._torch.no_grad(), self._precision(precision) as watch:
            self._view.forward(rows or [], inputs, None if requested is None else set(requested), write)
        return {} if watch is None else {"float64": watch.status}

    def close(self) -> None:
        """Nothing is left open."""

    @contextlib.contextmanager
    def _precision(self, precision: str | None) -> Generator[Watch | None, None, None]:
        if precision != "float64":
            yield None
            return
        with self._host.tap.in_float64(self._model, self._began) as watch:
            yield watch

    def _probe(self, precision: str | None) -> dict[str, _Shown]:
        """The float stages of a forward over a few words, in the order written; empty for one that fails in float64."""
        shown: dict[str, _Shown] = {}

        def write(stage: str, values: Tensor, axes: Sequence[str]) -> None:
            if values.is_floating_point():
                shown[stage] = _Shown(tuple(axes), int(values.shape[-1]) if values.dim() else 0)

        requested = self._view.everything if precision is None else None
        try:
            with self._torch.no_grad(), self._precision(precision):
                self._view.forward([self._reader.probe()], None, requested, write)
        except Exception as error:  # some modules make their own float32 tensors, and any error may follow
            if precision is None:
                raise self._cannot_run(error) from error
            sentence = f"It cannot be run in float64: {str(error).partition(chr(10))[0]}."
            self._notes.extend([] if sentence in self._notes else [sentence])
            return {}
        return shown

    def _cannot_run(self, error: Exception) -> Exception:
        """The refusal of a model that AllenNLP itself cannot run on a text; the error, where it may be another's."""
        problems = importlib.import_module("allennlp.common.checks").ConfigurationError
        reads = self._reads()
        if not isinstance(error, problems) and not any("segment_sentences" in clause for clause in reads):
            return error
        refusal: Exception = self._host.Refusal(
            "subject",
            "AllenNLP cannot run the {} of {} on a text: {}{}".format(
                type(self._model).__name__,
                self._origin.locator,
                str(error).strip().partition("\n")[0].rstrip("."),
                "".join(f"; {clause}" for clause in reads) + ".",
            ),
            "Fix its config.json, or name the reader that it was trained with: ?reader=train.",
        )
        return refusal

    def _reads(self) -> list[str]:
        return reader_facts.sentences_on(self._origin.config, self._options.get("reader", "validation"))

    def _config(self) -> dict[str, object]:
        found: dict[str, object] = configs.flat(self._origin.config)
        if self._view.seen is not None:
            named = [place.name for place in configs.transformers(self._origin.config)]
            made_of = facts.transformer_config(self._view.seen, [*self._origin.transformers, *named])
            found.update(configs.flat({"transformer": made_of}))
            pooler = stages.named_in(self._model, "seq2vec_encoder")
            if pooler is not None:
                found[pooling.SETTING] = pooling.pooling_of(pooler)
        return found

    def _tokenizer(self) -> dict[str, object]:
        how = self._reader.indexing
        if how is None:
            return {}
        found: dict[str, object] = facts.tokenizer(how, self._loaded.reader, self._model, self._host)
        if self._view.seen is not None and self._view.seen.word_level:
            found["words"] = pooling.pieces_to_words(self._model)
        elif self._view.seen is not None and self._view.seen.head.words:
            found["words"] = self._view.seen.head.words
        for place, settings in facts.tokenizer_settings(self._origin.config).items():
            found["tokenizer_kwargs of " + place] = settings
        return found

    def _all_notes(self, unused: list[str]) -> list[str]:
        seen = self._view.seen
        sentences = list(self._notes)
        sentences.extend(facts.notes(self._origin.config, seen, self._loaded.trained_with, unused))
        if self._reader.reading.note:
            sentences.append(self._reader.reading.note)
        reader = self._options.get("reader")
        if reader is not None and "validation_dataset_reader" not in self._origin.config:
            sentences.append(f"reader={reader} has no effect: the archive has one reader.")
        if seen is None and self._options.get("batch_size", "1") != "1":
            sentences.append(
                "batch_size={} has no effect: rows are run one at a time.".format(self._options["batch_size"])
            )
        if isinstance(self._view, outputs.Outputs):
            sentences.append("Only its outputs and its top modules are compared, one row at a time.")
            if self._view.called_again:
                names = ", ".join(self._view.called_again)
                sentences.append(
                    f"Called more than once in a forward, and recorded at the first call: {names}."
                )
            return sentences
        named = [place.name for place in configs.transformers(self._origin.config)]
        sentences.extend(facts.resized(seen, [*self._origin.transformers, *named]))
        return sentences
