"""The runner of Transformers models: run by serve.py in the interpreter that has torch and transformers.

Nothing of parity is imported. transformers 4.12 (Python 3.8, torch 1.12) to 5 are supported; their differences
are in `loading.py`. Decisions that would otherwise depend on the version are made here: float32 by default, truncation
to what tokenizer and position table allow, eval mode, no gradients, no cache.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# Values from the framework are Any here.

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Sequence

from . import (
    absent,
    effects,
    encoding,
    execution,
    facts,
    finding,
    generator,
    limits,
    loading,
    not_run,
    options,
    origins,
    probe,
    serving,
    stages,
    targets,
    tasks,
    text_half,
    words,
)

if TYPE_CHECKING:
    import torch

    from parity._in_process.host import Host, Write

PROTOCOL = 2


def open(request: dict[str, Any], host: Host, kind: type[Session] | None = None) -> Session:
    """Load the model once; every mistake of the user ends in a sentence here."""
    chosen = options.read(request["options"])
    loading.quieten()
    import torch

    torch.set_num_threads(max(1, int(request["threads"])))
    torch.set_grad_enabled(False)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    device = options.device(chosen.device, host)
    loaded = loading.load(request["locator"], chosen, host)
    model: Any = loaded.model  # its `to` is wrapped, and typed wrongly
    if device.type != "cpu":  # packed weights, which are on the CPU, may refuse to be moved
        model.to(device)
    loaded.modules.to(device)
    return (kind or Session)(loaded, chosen, device, host, dict(request["options"]))


class Session:
    """One loaded model, which describes itself, tokenizes, and runs forwards."""

    def __init__(
        self,
        loaded: loading.Loaded,
        chosen: options.Options,
        device: torch.device,
        host: Host,
        given: dict[str, str] | None = None,
    ) -> None:
        self._given = given or {}
        self._loaded = loaded
        self._model = loaded.model
        self._options = chosen
        self._device = device
        self._host = host
        self._tap = host.tap
        self._accepts = set(inspect.signature(self._model.forward).parameters)
        self._limits = limits.Limits(loaded, host)
        self._limits.check_length(chosen.max_length)
        room, typed = self._limits.room, "token_type_ids" in self._accepts
        self._encoder = encoding.Encoder(loaded.tokenizer, chosen, room, typed, host, loaded.modules)
        self._generator = generator.TextGenerator(loaded, chosen, self._encoder, self._limits, host)
        self.generate = self._generator.run
        self._targets = targets.of(loaded, self._encoder, self._generator, host)
        self._probe = probe.Probe(self._encoder, self._limits, self._targets)
        effects.check_shape(loaded.name, chosen, self._encoder, host)
        effects.check_fed(type(self._model).__name__, chosen, self._accepts, host)
        # Where the tokenizer adds no special tokens, an empty text has nothing to run.
        self._blank = bool(self._encoder.tokenize([{"text": "", "pair": None}])[0]["input_ids"])
        # What forwards call: the model, or its encoder where the decoder takes another text.
        self._runs: Any = self._model
        self._stages = self._tried_out()
        self.intervene = functools.partial(self._stages.intervene, self._model)
        # Whether its logits are of tokens, so that those of words are made of them.
        self._by_words = words.are_of_tokens(self._stages.listed)
        effects.check_words(type(self._model).__name__, self._given, self._by_words, host)
        self._execution = self._ran()
        self._drawn = absent.without_a_file(loaded, self._execution, self._stages)
        alone = self._runs is not self._model and not loaded.row.half
        self._not_run = not_run.parts(loaded, self._execution, alone, loaded.folder, chosen.task is not None)
        loaded.overrides.stop()
        self._served = serving.serve(
            loaded,
            chosen,
            self._stages,
            lambda: self._stages_of(self._runs),
            self._probe.whole(self._accepts),
        )
        self._stages = self._served.stages

    def _tried_out(self) -> stages.Stages:
        """The stages of one short forward; a model that cannot be run on only a text is refused."""
        name, kind = self._loaded.name, type(self._model).__name__
        if self._loaded.row.half:
            self._runs = text_half.TextHalf(self._model)
            self._accepts = set(inspect.signature(self._runs.forward).parameters)
        try:
            return self._stages_of(self._runs)
        except Exception as error:
            if isinstance(error, MemoryError) or "out of memory" in str(error):
                raise
            if "not implemented for" in str(error):
                where = "{} on {}".format(str(self._model.dtype).replace("torch.", ""), self._device)
                raise finding.not_in_dtype(name, where, error, self._host) from error
            encoder = stages.encoder_alone(self._model, self._loaded.row)
            if encoder is None:
                raise finding.not_by_text_alone(name, kind, error, self._host) from error
        try:
            found = self._stages_of(encoder)
        except Exception as error:
            raise finding.not_by_text_alone(name, "the encoder of " + kind, error, self._host) from error
        self._runs = encoder
        self._accepts = set(inspect.signature(encoder.forward).parameters)
        return found

    def _stages_of(self, model: Any) -> stages.Stages:
        row, modules = self._loaded.row, self._loaded.modules
        return stages.Stages(self._host, model, row, self._probe.alone(), modules)

    def _ran(self) -> execution.Execution:
        """Which parameters the stages need; a model that cannot run a row of its own tokenizer is refused."""
        try:
            return self._stages.execution(self._model, self._probe.whole(self._accepts))
        except Exception as error:
            if isinstance(error, MemoryError) or "out of memory" in str(error):
                raise
            raise finding.not_by_text_alone(
                self._loaded.name, type(self._runs).__name__, error, self._host
            ) from error

    def describe(self) -> dict[str, Any]:
        """Everything about this subject that does not depend on inputs."""
        loaded, config = self._loaded, self._model.config
        alone = limits.why_alone(self._loaded)
        notes = [*loaded.notes, *self._stages.notes, *(self._targets.notes if self._targets else [])]
        if self._encoder.leaves_types_out:
            notes.append(
                f"{type(self._model).__name__} takes no token_type_ids: its tokenizer's are ignored."
            )
        if alone is not None:
            notes.append(alone)
        notes += self._served.notes
        notes += effects.notes(self._given, loaded, self._encoder, alone is not None, facts.attention(config))
        parameters = self._served.parameters + self._loaded.modules.parameters_of(self._tap)
        return {
            "framework": "transformers",
            "versions": facts.versions(),
            "model_class": type(self._model).__name__,
            "task": tasks.task_name(loaded.row, config),
            "task_by": tasks.chosen_by(self._options.task, loaded.modules.found_by, config),
            "tasks": loaded.tasks,
            "dtype": str(self._model.dtype).replace("torch.", ""),
            "device": str(self._device),
            "labels": facts.labels(config) if loaded.row.classes else list(loaded.row.names) or None,
            "multi_label": getattr(config, "problem_type", None) == "multi_label_classification",
            "temperature": self._options.temperature,
            "weights_digest": self._tap.weights_digest(parameters),
            "parameters": parameters,
            "weights_bytes": self._served.weights_bytes,
            "served": self._served.settings,
            # Not part of a saved config: it is chosen when the model is loaded.
            "config": facts.settings(config, loaded.modules.settings),
            "tokenizer": dict(self._encoder.describe(), **words.described(self._options, self._by_words)),
            "generation": self._generator.settings,
            **origins.facts(loaded, self._options, self._given, self._encoder),
            "stages": self._stages.listed,
            "scope": self._stages.scope,
            "can": {
                "accepts_feed": True,
                "float64": self._device.type != "mps" and not self._served.packed,
                "pairs": "optional",
                "blank": self._blank,
                "row_digests": True,
                "words": "given" if self._by_words else "no",
                "generate": self._generator.able,
                "target": self._targets is not None,
                "isolates": self._stages.isolates,
            },
            "accepts": sorted(self._accepts),
            "max_rows": None if alone is None else 1,
            "batch_size": self._options.batch_size if alone is None else None,
            "max_tokens": self._limits.room,
            "vocabulary_rows": self._limits.vocabulary_rows,
            "newly_initialised": loaded.newly_initialised,
            "unused_weights": loaded.unused_weights,
            "not_run": self._not_run,
            "drawn": self._drawn,
            "excluded": self._stages.excluded,
            "notes": notes,
            "name_used": loaded.name,
        }

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """The subject's own encodings."""
        words.check(examples, self._options.is_split_into_words, self._host)
        try:
            rows = self._encoder.tokenize(examples)
        except (AssertionError, ValueError) as error:
            if not any(words.is_split(example, self._options.is_split_into_words) for example in examples):
                raise
            raise words.cannot_split(self._loaded.name, error, self._host) from error
        self._limits.check_rows(rows, examples)
        if self._options.library:
            self._limits.mark_long(rows)
        if self._targets is not None:
            self._targets.add(rows, examples)
        return {"rows": rows}

    def forward(
        self,
        rows: list[dict[str, Any]] | None,
        inputs: dict[str, Any] | None,
        stages: Sequence[str] | None,
        precision: str | None,
        write: Write,
    ) -> dict[str, Any]:
        """Run these encodings (padded as the subject pads), or exactly these inputs, and write the stages as they are computed."""
        if inputs is None:
            feeds, real = self._encoder.pad(rows or [])
            word_ids = words.padded(rows or [], real) if self._by_words else None
            feeds.update({} if self._targets is None else self._targets.pad(rows or []))
        else:
            fed = {name: ids for name, ids in inputs.items() if ids is not None}
            feeds = {name: ids for name, ids in fed.items() if name not in ("real", "word_ids")}
            real, word_ids = inputs["real"], inputs.get("word_ids") if self._by_words else None
            if self._targets is not None and "decoder_input_ids" not in feeds:
                feeds.update(self._targets.starts(len(real)))
        target_real = feeds.pop("target_real", None)
        feeds = self._accepted(self._limits.positioned(feeds, real, self._options))
        self._limits.check_feeds(feeds)
        if self._targets is not None:
            self._targets.check(feeds["decoder_input_ids"])
        probe.write_fed(feeds, real, target_real, write)
        if word_ids is not None:
            words.write_fed(word_ids, real, write)
            write = words.Words(word_ids, real, self._options.words, stages, write)
            stages = words.needed(stages)
        if precision is None:
            self._run(feeds, real, stages, write)
            return {}
        whole = self._loaded.modules.after(self._model)
        with self._stages.uncompiled(), self._tap.in_float64(whole) as watch:
            self._run(feeds, real, stages, write)
        status = serving.float64_status(self._options, watch.status)
        return {"float64": loading.float64_status(self._loaded, status)}

    def holders(self) -> list[Any]:
        """The modules whose parameters are described."""
        return [self._model, self._loaded.modules.chain]

    def close(self) -> None:
        """Nothing to release: the process ends."""

    def _run(self, feeds: dict[str, Any], real: Any, stages: Sequence[str] | None, write: Write) -> None:
        import torch

        tensors = {
            name: torch.tensor(values, dtype=torch.long, device=self._device)
            for name, values in feeds.items()
        }
        self._stages.run(tensors, (len(real), len(real[0])), stages, write)

    def _accepted(self, feeds: dict[str, Any]) -> dict[str, Any]:
        for name in list(feeds):
            if name not in self._accepts:
                self._host.warn(f"{type(self._runs).__name__} takes no {name}; it ran without.")
                del feeds[name]
        return feeds
