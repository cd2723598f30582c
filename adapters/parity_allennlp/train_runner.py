"""The runner of AllenNLP trainings: run by serve.py in the interpreter that has AllenNLP.

It trains, unless the run is in the folder of runs already, and then runs the archive it made as `allennlp:` does,
by that scheme's own runner. A training config is run as the user's own code, which a note reports; the resulting archive is
loaded with the same checks as any other archive.

Python 3.8 syntax; standard library, torch and AllenNLP only.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import importlib
import os
import platform
from typing import TYPE_CHECKING, Any

from . import experiment as experiments
from . import guards, import_stubs, loading, runner, training, transformer_folders

if TYPE_CHECKING:
    from parity._in_process.host import Host
    from parity._in_process.run_folder import Claim

    from . import session as sessions

PROTOCOL = 2

_ANSWERING = ("include", "predictor", "reader", "batch_size", "temperature")  # options of the answering side
_VERSIONS = ("torch", "transformers", "tokenizers", "numpy", "allennlp", "allennlp-models")


def open(request: dict[str, Any], host: Host) -> Session:
    """Train, or find the finished run; then load its archive."""
    place, options = str(request["locator"]), request["options"]
    if not os.path.isfile(place):
        raise host.Refusal(
            "subject-not-found",
            f"There is no training config {place!r}.",
            "Give the .jsonnet or .json file of `allennlp train`.",
        )
    if place.endswith((".tar.gz", ".tgz")):
        raise host.Refusal(
            "subject", f"{place} is an archive and not a training config.", f"Run it as allennlp:{place}"
        )
    repeat, threads = int(options.get("repeat", "1")), int(options.get("train_threads", "1"))
    include = [name for name in options.get("include", "").split(",") if name]
    loading.silence_the_network(request["workdir"])
    import_stubs.install()
    host.safe_weights.install()
    loading.packages(host, include)
    notes: list[str] = []
    guards.blank_spacy(notes)
    guards.guard_types(host, include, "The config")
    guards.guard_tokenizers(host)
    experiment = _experiment(place, options, include, host, notes)
    around = _environment(threads)
    host.progress("looking for the run")
    whole = [experiment.text, experiment.recipe_digest, repeat, around, training.VERSION]
    with host.run_folder.claim(options["runs"], host.run_folder.key_of(whole), host) as claimed:
        if claimed.record is None:
            made = training.train(place, experiment, threads, claimed.draft, host)
            experiments.held(place, experiment, host.Refusal)
            claimed.finish(
                dict(
                    made,
                    recipe_digest=experiment.recipe_digest,
                    config_digest=experiment.config_digest,
                    data_digest=experiment.data_digest,
                    seeds=experiment.seeds,
                    derived=experiment.seeds,
                    repeat=repeat,
                    environment=dict(around, platform=platform.platform()),
                )
            )
    passed = {name: options[name] for name in _ANSWERING if name in options}
    archive: str = os.path.join(claimed.folder, str(training.ARCHIVE))
    answering = runner.open(dict(request, locator=archive, options=passed), host)
    return Session(answering, claimed, place, notes, host)


def _experiment(
    place: str, options: dict[str, str], include: list[str], host: Host, notes: list[str]
) -> experiments.Experiment:
    variables = experiments.variables(options.get("vars", ""), host.Refusal)
    config = experiments.evaluate(place, variables, host.Refusal)
    unused = experiments.unused_variable(place, variables, config, host.Refusal)
    if unused is not None:
        raise host.Refusal(
            "bad-option-value",
            f"vars={unused}={variables[unused]} has no effect on {place}: its config is the same without it.",
            "Check the name: the config reads std.extVar(NAME).",
        )
    experiments.check(place, config, include, host.Refusal)
    seeds = experiments.seeds_of(options, config, host.Refusal)
    trainer: Any = config["trainer"]
    device = trainer.get("cuda_device") if isinstance(trainer, dict) else None
    if device not in (None, -1):
        host.warn(
            f"{place} requests GPU {device}; it was trained on the CPU, where a run can be repeated bit for bit."
        )
    beside = os.path.dirname(os.path.abspath(place))
    given = options.get("transformer", "")
    mapped: dict[str, str] = transformer_folders.resolve_transformers(host, config, given, beside, "config")
    notes.extend(f"The transformer {name!r} is read from {path}." for name, path in mapped.items())
    experiment = experiments.settle(config, seeds, include)
    notes.extend(experiment.notes)
    return experiment


def _environment(threads: int) -> dict[str, Any]:
    """Versions and settings that the weights may depend on."""
    metadata: Any = importlib.import_module("importlib.metadata")
    found: dict[str, Any] = {"python": platform.python_version()}
    for name in _VERSIONS:
        try:
            found[name] = str(metadata.version(name))
        except metadata.PackageNotFoundError:
            continue
    return dict(found, device="cpu", threads=threads)


class Session:
    """A trained archive, run like any other; its description also records its training."""

    def __init__(
        self, answering: sessions.Session, claimed: Claim, place: str, notes: list[str], host: Host
    ) -> None:
        self._host = host
        self._answering = answering
        self._claimed = claimed
        self._place = place
        self._notes = notes
        self.tokenize = answering.tokenize
        self.forward = answering.forward
        self.holders = answering.holders
        self.close = answering.close

    def describe(self) -> dict[str, Any]:
        """The description of the archive by `allennlp:`, and the run's own record under `training`."""
        described: dict[str, Any] = self._answering.describe()
        record = self._host.training_record.described(self._claimed)
        shown = {
            f"training.{name}": record[name] for name in ("recipe_digest", "config_digest", "data_digest")
        }
        shown.update(
            {f"training.{name}": record[name] for name in ("weights_digest", "steps", "rows", "final_loss")}
        )
        shown.update({f"training.metrics.{name}": value for name, value in record["metrics"].items()})
        notes = [f"{self._place} was run as code, as `allennlp train` runs it.", *self._notes]
        notes += [note for note in described["notes"] if note not in notes]
        return dict(described, config=dict(described["config"], **shown), notes=notes, training=record)
