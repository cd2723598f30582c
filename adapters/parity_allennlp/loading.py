"""Preparing AllenNLP and loading an archive with it: offline, without pickled code, without Transformers weights.

Runs inside the foreign interpreter: standard library, torch and AllenNLP only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

if TYPE_CHECKING:
    from parity._in_process.host import Host

_PACKAGES = [
    "pair_classification",
    "classification",
    "tagging",
    "structured_prediction",
    "rc",
    "mc",
    "coref",
    "lm",
    "generation",
]


class Loaded(NamedTuple):
    """A loaded archive: the model in eval mode, the requested reader, its predictor, the version it was trained with."""

    model: Any
    reader: Any
    predictor: Any
    trained_with: str


def silence_the_network(workdir: str) -> None:
    """Before anything is imported: Transformers offline, and AllenNLP's caches in a temporary folder."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        os.environ[name] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["ALLENNLP_CACHE_ROOT"] = os.path.join(workdir, "allennlp")
    os.environ["CACHED_PATH_CACHE_ROOT"] = os.path.join(workdir, "cached_path")


def packages(host: Host, include: Sequence[str]) -> None:
    """Import AllenNLP, its models where they are installed, and the packages the user named."""
    host.progress("importing AllenNLP")
    importlib.import_module("allennlp.models")
    importlib.import_module("allennlp.predictors")
    if importlib.util.find_spec("allennlp_models") is not None:
        for name in _PACKAGES:
            importlib.import_module("allennlp_models." + name)
    if include:
        sys.path.append(os.getcwd())  # as AllenNLP's own command line does
    walk = importlib.import_module("allennlp.common.util").import_module_and_submodules
    for name in include:
        if name in ("allennlp", "allennlp_models"):
            continue  # imported already, as far as possible: some of their modules need packages that are missing here
        try:
            walk(name)
        except ModuleNotFoundError as error:
            raise host.Refusal(
                "subject",
                f"?include={name}: this interpreter has no package {error.name!r}.",
                "Run parity from the folder that holds it, or install it there.",
            ) from error


def load(host: Host, folder: str, weights: str, predictor: str, reader: str) -> Loaded:
    """Load the archive in `folder` (its config already scanned), in eval mode; Refusal for what the user can fix."""
    archival = importlib.import_module("allennlp.models.archival")
    predictors = importlib.import_module("allennlp.predictors").Predictor
    problems = importlib.import_module("allennlp.common.checks").ConfigurationError
    host.progress("loading the archive")
    try:
        archive = archival.load_archive(folder, weights_file=weights)
        # load_archive leaves the model in train mode: with dropout on, two runs of it differ.
        archive.model.eval()
        choices: dict[str, Any] = {"predictor_name": predictor or None, "dataset_reader_to_load": reader}
        made = predictors.from_archive(archive, **choices)
    except problems as error:
        missing = "registered name" in str(error)
        raise host.Refusal(
            "subject",
            f"AllenNLP cannot build the model of this archive's config.json: {_first_line(error)}",
            "Name the package that registers it: ?include=PACKAGE." if missing else "",
        ) from error
    except (OSError, ValueError) as error:
        if "from_pretrained" not in _frames(error):
            raise
        raise host.Refusal(
            "subject-not-found",
            f"A transformer that this archive refers to cannot be loaded here: {_first_line(error)}",
            "Give its folder (config.json and the vocabulary are enough): ?transformer=PATH.",
        ) from error
    except RuntimeError as error:
        if "Error loading state dict" not in str(error) and "size mismatch" not in str(error):
            raise
        raise host.Refusal(
            "subject",
            "The archive's weights do not fit the model that its config.json describes: {}".format(
                " ".join(str(error).split())[:600]
            ),
            "If it was trained with another transformer than the one found here, name it: ?transformer=PATH.",
        ) from error
    return Loaded(
        archive.model,
        archive.validation_dataset_reader if reader == "validation" else archive.dataset_reader,
        made,
        str(archive.meta.version) if archive.meta is not None else "",
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", maxsplit=1)[0]


def _frames(error: BaseException) -> list[str]:
    names: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return names
