"""A session for an exported graph: named arrays of integers in, named arrays out, whatever runs it.

Tokenizer and config are read from the files beside the graph, as for a folder of the framework. Inputs are fed by their names, and outputs are
stages by theirs; the hidden states, where the graph has them, are the stages that the config's own model has.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from transformers are Any here.

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, Protocol, Sequence

from . import (
    companions,
    encoding,
    facts,
    finding,
    graph_files,
    graph_outputs,
    not_run,
    options,
    tasks,
    tokenizer_files,
    untrusted,
)
from .checkpoint import Checkpoint

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal, Write

__all__ = ["Graph", "Session", "open_graph"]

_FED = ("input_ids", "attention_mask", "token_type_ids", "position_ids")


class Graph(Protocol):
    """A loaded graph: its inputs and outputs by name, each with its type and its shape (names or None for sizes that may vary)."""

    framework: str
    ending: str
    inputs: dict[str, tuple[str, Sequence[Any]]]
    outputs: dict[str, tuple[str, Sequence[Any]]]
    versions: dict[str, str]

    def __init__(self, path: str, threads: int) -> None: ...

    def run(self, names: list[str], feeds: dict[str, Any]) -> list[Any]:
        """The outputs of these names."""
        ...


def open_graph(request: dict[str, Any], load: type[Graph], host: Host) -> Session:
    """Load the graph that the request names, with its tokenizer; every mistake of the user ends in a sentence."""
    chosen = options.read(request["options"])
    files = graph_files.find(request["locator"], load.ending, chosen.tokenizer, host)
    host.progress("loading the graph")
    try:
        graph = load(files.graph, max(1, int(request["threads"])))
    except ImportError:
        raise
    except Exception as error:
        raise host.Refusal(
            "subject", f"The graph {files.graph} cannot be loaded: {finding.first_line(error)}."
        ) from error
    return Session(graph, files, chosen, host)


class Session:
    """One loaded graph with its tokenizer: describes itself, tokenizes, and runs forwards."""

    def __init__(
        self, graph: Graph, files: graph_files.GraphFiles, chosen: options.Options, host: Host
    ) -> None:
        self._graph, self._files, self._host = graph, files, host
        self.notes: list[str] = []
        self._check_inputs()
        self._rows, self._width = _fixed(graph.inputs["input_ids"][1])
        self._options = self._fitted(chosen)
        self._config, self._tokenizer = self._text_side()
        skeleton = graph_outputs.Skeleton(self._config, host)
        takes_types = "token_type_ids" in graph.inputs
        self._encoder = encoding.Encoder(
            self._tokenizer, self._options, self._width or skeleton.room, takes_types, host
        )
        self._row = None if self._config is None else tasks.row_of(self._config)
        self._outputs = graph_outputs.named(dict(zip(graph.outputs, self._tried())), self._row, skeleton)
        self.notes += self._outputs.notes

    def describe(self) -> dict[str, Any]:
        """Everything about this subject that does not depend on inputs."""
        config, graph = self._config, self._graph
        headed = self._row if self._row is not None and self._outputs.headed else None
        stages = [{"name": name, "axes": list(axes)} for name, axes in self._outputs.stages.values()]
        alone = self._why_alone()
        return {
            "framework": graph.framework,
            "versions": dict(facts.versions(), **graph.versions),
            "model_class": "graph",
            "task": "encoder" if headed is None or config is None else tasks.task_name(headed, config),
            "task_by": "config.json" if headed is not None else "default",
            "dtype": graph_outputs.dtype(graph.outputs),
            "device": "cpu",
            "labels": facts.labels(config) if headed is not None and headed.classes else None,
            "multi_label": getattr(config, "problem_type", None) == "multi_label_classification",
            "temperature": self._options.temperature,
            "weights_digest": _digest(self._files.graph),
            "weights_bytes": sum(os.path.getsize(one) for one in graph_files.files_of(self._files.graph)),
            "served": graph_files.served(self._files.graph),
            "config": {} if config is None else facts.flat(config.to_dict()),
            "tokenizer": self._encoder.describe(),
            "stages": stages,
            "scope": self._outputs.scope,
            "not_run": self._not_run(),
            "can": {"accepts_feed": True, "float64": False, "pairs": "optional"},
            "max_rows": self._rows or (None if alone is None else 1),
            "batch_size": self._options.batch_size if alone is None else None,
            "max_tokens": self._encoder.limit,
            "notes": [*self.notes, *([] if alone is None else [alone])],
            "name_used": self._files.graph,
        }

    def tokenize(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """The subject's own encodings."""
        return {"rows": self._encoder.tokenize(examples)}

    def forward(
        self,
        rows: list[dict[str, Any]] | None,
        inputs: dict[str, Any] | None,
        stages: Sequence[str] | None,
        precision: str | None,
        write: Write,
    ) -> dict[str, Any]:
        """Run these encodings, or exactly these inputs, and write the stages."""
        import numpy

        if precision is not None:
            raise self._misfit("it runs in the precision that it was exported in, and in no other")
        if inputs is None:
            feeds, real = self._encoder.pad(rows or [])
        else:
            feeds = {name: ids for name, ids in inputs.items() if name != "real" and ids is not None}
            real = inputs["real"]
        fed = self._fed(
            {name: numpy.asarray(ids, "int64") for name, ids in feeds.items()}, numpy.asarray(real)
        )
        write("input_ids", fed["input_ids"], ["row", "token"])
        write("real", numpy.asarray(real, "uint8"), ["row", "token"])
        for name in _FED[1:]:
            if name in fed and (name != "position_ids" or name in feeds):
                write(name, fed[name], ["row", "token"])
        wanted = {
            output: stage
            for output, stage in self._outputs.stages.items()
            if stages is None or stage[0] in stages
        }
        values = self._run(list(wanted), fed)
        for (stage, axes), value in zip(wanted.values(), values):
            write(stage, value, list(axes))
        return {}

    def close(self) -> None:
        """Nothing to release: the process ends."""

    def _check_inputs(self) -> None:
        unknown = [name for name in self._graph.inputs if name not in _FED]
        if unknown or "input_ids" not in self._graph.inputs:
            what = f"takes {', '.join(unknown[:3])}" if unknown else "takes no input_ids"
            raise self._host.Refusal(
                "subject",
                f"The graph {self._files.graph} {what}: parity feeds {', '.join(_FED)} by their names.",
                "Export it with these names; of a model that generates, without the cache of past keys and values.",
            )

    def _text_side(self) -> tuple[Any, Any]:
        """The config, where there is one, and the tokenizer."""
        import transformers

        for name in ("set_verbosity_error", "disable_progress_bar"):
            getattr(transformers.logging, name, lambda: None)()
        place, host = self._files.text, self._host
        untrusted.check_folder(place, host)
        hub: dict[str, object] = {"trust_remote_code": False, "local_files_only": True}
        config: Any = None
        if os.path.isfile(os.path.join(place, "config.json")):
            config = finding.config_of(finding.Source([place], True, None), hub, host)[1]
            self.notes += finding.settle_architectures(config)
        else:
            self.notes.append("There is no config.json beside the graph: its task and labels are unknown.")
        plain = self._options._replace(tokenizer=None)
        checkpoint = Checkpoint(place, True, config, plain, hub, host, self.notes, [])
        with untrusted.nothing_unpickled(place, False, host):
            return config, tokenizer_files.load(checkpoint)

    def _fitted(self, chosen: options.Options) -> options.Options:
        """The options, padded to the length that the graph has, where it has one."""
        if self._width is None:
            return chosen
        if (chosen.max_length or self._width) != self._width:
            raise self._host.Refusal(
                "bad-option-value",
                f"max_length={chosen.max_length} does not fit: the graph takes rows of {self._width} tokens and no others.",
                "Omit max_length.",
            )
        self.notes.append(f"The graph takes rows of {self._width} tokens: every row is padded to that.")
        return chosen._replace(padding="max_length", max_length=self._width)

    def _tried(self) -> list[Any]:
        """All outputs of one short row; a graph that cannot be run on one is refused."""
        import numpy

        feeds, real = self._encoder.pad(self._encoder.tokenize([{"text": "one two three", "pair": None}]))
        fed = self._fed(
            {name: numpy.asarray(ids, "int64") for name, ids in feeds.items()}, numpy.asarray(real)
        )
        try:
            return self._run(list(self._graph.outputs), fed)
        except self._host.Refusal as error:
            raise self._host.Refusal("subject", error.sentence) from error

    def _fed(self, feeds: dict[str, Any], real: Any) -> dict[str, Any]:
        """What the graph takes: an input that was not fed is what such models take then, one that it does not take is left aside."""
        import numpy

        for name in [name for name in feeds if name not in self._graph.inputs]:
            self._host.warn(f"The graph takes no {name}; it ran without.")
            del feeds[name]
        mask = feeds.get("attention_mask", real).astype("int64")
        made = {
            "attention_mask": mask,
            "token_type_ids": numpy.zeros_like(feeds["input_ids"]),
            "position_ids": numpy.where(mask > 0, numpy.cumsum(mask, axis=1) - 1, 0),
        }
        for name, values in made.items():
            if name in self._graph.inputs and name not in feeds:
                if name != "position_ids":
                    self._host.warn(
                        f"The tokenizer returns no {name}, which the graph takes; parity made it."
                    )
                feeds[name] = values
        return feeds

    def _run(self, names: list[str], fed: dict[str, Any]) -> list[Any]:
        """The outputs of these rows, in a graph of a fixed number of rows beside copies of the first."""
        import numpy

        count = len(fed["input_ids"])
        size = self._rows or count
        feeds = {
            name: numpy.concatenate([values, numpy.repeat(values[:1], size - count, axis=0)]).astype(
                "int32" if "int32" in self._graph.inputs[name][0] else "int64"
            )
            for name, values in fed.items()
        }
        try:
            values = self._graph.run(names, feeds) if names else []
        except Exception as error:
            raise self._misfit(f"it raised {finding.first_line(error)}") from error
        return [numpy.asarray(value)[:count] for value in values]

    def _not_run(self) -> list[dict[str, Any]]:
        """The parts beside the graph that its users apply to its outputs: pooling and what follows, a pickled classifier."""
        own = not_run.Folder(self._files.text, True, {})
        found = companions.companions(own.find, own.place_of(own), self._config, None, None)
        above = own.parent()
        if above is not None:
            found += companions.companions(above.find, above.place_of(own), None, None, None)
        return found

    def _why_alone(self) -> str | None:
        """Why rows cannot be run together; None where they can."""
        if self._tokenizer.pad_token is None:
            return "There is no padding token, so rows are run one at a time."
        if "attention_mask" not in self._graph.inputs:
            return "The graph takes no attention_mask, so rows are run one at a time."
        return None

    def _misfit(self, why: str) -> Refusal:
        return self._host.Refusal("inputs-do-not-fit", f"The graph {self._files.graph} cannot be run: {why}.")


def _fixed(shape: Sequence[Any]) -> tuple[int | None, int | None]:
    """The number of rows and of tokens that a graph is fixed to, None where it is not."""
    sizes = [size if isinstance(size, int) else None for size in shape]
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (None, None)


def _digest(path: str) -> str:
    """The digest of the graph's file, and of a file with its weights beside it."""
    whole = hashlib.sha256()
    for one in graph_files.files_of(path):
        with open(one, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                whole.update(block)
    return "sha256:" + whole.hexdigest()
