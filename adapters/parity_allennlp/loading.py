"""AllenNLP made ready, and an archive loaded by it: offline, without pickled code, without Transformers weights.

Four things of AllenNLP's are replaced while a subject is alive, each at the point of use:

* `Registrable.resolve_class_name`: a dotted name may only be a class of AllenNLP's, or of a package the user included
  (AllenNLP reads a bare string anywhere in a config as a type, so a scan of the `type` keys alone does not suffice);
* `cached_transformers.get`: builds the transformer from its config alone. The archive holds every weight, AllenNLP
  checks that none is missing, and so a folder with config.json and the vocabulary is enough;
* the spaCy cache: a pipeline that is not installed is a blank one (the rules that split words are the same) instead of
  a download;
* `torch.load`: reads tensors and nothing else (the shared `safe_weights`).

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
from typing import Any, Dict, NamedTuple, Sequence, Tuple

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
    """A loaded archive: the model in eval mode, the reader asked for, its predictor, the version it was trained with."""

    model: Any
    reader: Any
    predictor: Any
    trained_with: str


def silence_the_network(workdir: str) -> None:
    """Before anything is imported: Transformers offline, and AllenNLP's caches in a folder that goes away."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        os.environ[name] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["ALLENNLP_CACHE_ROOT"] = os.path.join(workdir, "allennlp")
    os.environ["CACHED_PATH_CACHE_ROOT"] = os.path.join(workdir, "cached_path")


def packages(host: Any, include: Sequence[str]) -> None:
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
        try:
            walk(name)
        except ModuleNotFoundError as error:
            raise host.Refusal(
                "subject",
                f"?include={name}: there is no package {error.name!r} for this interpreter.",
                "Run parity from the folder that holds it, or install it there.",
            ) from error


def guard(host: Any, include: Sequence[str]) -> list[str]:
    """Replace what would import, fetch or unpickle; returns the list that notes will be added to."""
    notes: list[str] = []
    _guard_types(host, ("allennlp", "allennlp_models", *include))
    _build_without_weights()
    blank_spacy(notes)
    return notes


def _guard_types(host: Any, allowed: tuple[str, ...]) -> None:
    registrable = importlib.import_module("allennlp.common.registrable").Registrable
    original = registrable.resolve_class_name.__func__

    def resolve_class_name(cls: Any, name: str) -> tuple[Any, Any]:
        if "." in name and name not in registrable._registry[cls]:
            inside = name.startswith(tuple(package + "." for package in allowed))
            found = original(cls, name) if inside else (None, None)
            module = str(getattr(found[0], "__module__", ""))
            if not isinstance(found[0], type) or module.split(".")[0] not in {
                name.split(".")[0] for name in allowed
            }:
                raise host.Refusal(
                    "unsafe-artifact",
                    f"The archive asks for {name!r} where a {cls.__name__} belongs: that is not a class of AllenNLP's.",
                    "If you trust it, name its package: ?include={}.".format(name.split(".")[0]),
                )
            return found[0], found[1]
        resolved: tuple[Any, Any] = original(cls, name)
        return resolved

    registrable.resolve_class_name = classmethod(resolve_class_name)


def _build_without_weights() -> None:
    cached: Any = importlib.import_module("allennlp.common.cached_transformers")
    original = cached.get
    about_weights = (
        "load_weights",
        "override_weights_file",
        "override_weights_strip_prefix",
        "reinit_modules",
    )

    def get(model_name: str, make_copy: bool, **options: Any) -> Any:
        kept = {name: value for name, value in options.items() if name not in about_weights}
        return original(model_name, make_copy, load_weights=False, **kept)

    cached.get = get


def blank_spacy(notes: list[str]) -> None:
    """Fill AllenNLP's cache of spaCy pipelines as they are asked for; a note says so."""
    spacy: Any = importlib.import_module("spacy")

    class Pipelines(Dict[Tuple[Any, ...], Any]):
        """AllenNLP's cache of spaCy pipelines, which always has one that is not installed."""

        def __contains__(self, key: object) -> bool:
            if (
                not dict.__contains__(self, key)
                and isinstance(key, tuple)
                and not spacy.util.is_package(key[0])
            ):
                name, _, parse = key[:3]
                self[key] = _blank(spacy, name, parse)
                sentence = (
                    f"spaCy's {name} is not installed: a blank pipeline splits words by the same rules, and gives no part of "
                    "speech, no parse and no entities."
                )
                if sentence not in notes:
                    notes.append(sentence)
            return dict.__contains__(self, key)

    util: Any = importlib.import_module("allennlp.common.util")
    util.LOADED_SPACY_MODELS = Pipelines()


def _blank(spacy: Any, name: str, parse: bool) -> Any:
    try:
        pipeline = spacy.blank(str(name).split("_", maxsplit=1)[0])
    except ImportError:
        pipeline = spacy.blank("en")
    if parse:
        pipeline.add_pipe("sentencizer")
    return pipeline


def resolve_transformers(
    host: Any, configs: Any, config: dict[str, Any], given: str, beside: str, named_by: str = "archive"
) -> dict[str, str]:
    """Put the user's folders where the config names a transformer; returns the names replaced, and by what.

    `given` is one folder for the only name there is, or `name=folder` pairs with commas between. A name that is no
    folder from here is looked for in `beside`, the archive's own folder, by its last part. Raises Refusal for a name that
    is neither given nor on this machine.
    """
    archived = named_by == "archive"
    places = configs.transformers(config)
    names = list(dict.fromkeys(place.name for place in places))
    mapped: dict[str, str] = {}
    if "=" in given:
        mapped = {name: folder for name, _, folder in (pair.partition("=") for pair in given.split(","))}
    if given and not mapped:
        if len(names) != 1:
            raise host.Refusal(
                "bad-option-value",
                "The {} names {} transformers{}: one folder cannot stand for them.".format(
                    named_by, len(names), " ({})".format(", ".join(names)) if names else ""
                ),
                "Write ?transformer=NAME=PATH,NAME=PATH." if names else "Leave ?transformer out.",
            )
        mapped = {names[0]: given}
    for name, folder in mapped.items():
        if name not in names or not os.path.isdir(folder):
            raise host.Refusal(
                "bad-option-value",
                "?transformer={}: {}.".format(
                    given,
                    f"there is no folder {folder!r}"
                    if name in names
                    else "the {} does not name {!r}, but {}".format(
                        named_by, name, ", ".join(names) or "none"
                    ),
                ),
                "Give a folder with the config.json and the vocabulary of the transformer.",
            )
    for name in names:
        neighbour = os.path.join(beside, os.path.basename(name.rstrip("/")))
        if (
            name not in mapped
            and not os.path.isdir(name)
            and os.path.isfile(os.path.join(neighbour, "config.json"))
        ):
            mapped[name] = neighbour
    auto: Any = importlib.import_module("transformers").AutoConfig
    for name in names:
        if name not in mapped:
            try:
                auto.from_pretrained(name)
            except (OSError, ValueError) as error:
                raise host.Refusal(
                    "subject-not-found",
                    f"The {named_by} names the transformer {name!r}, which is not on this machine"
                    + ("; an archive holds neither its config nor its vocabulary." if archived else "."),
                    "Give its folder ({}): ?transformer=PATH.".format(
                        "config.json and the vocabulary are enough" if archived else "with its weights"
                    ),
                ) from error
    for place in places:
        if place.name in mapped:
            configs.put(config, place.path, mapped[place.name])
    return mapped


def load(host: Any, folder: str, weights: str, predictor: str, reader: str) -> Loaded:
    """Load the archive in `folder` (its config already scanned), in eval mode; Refusal for what the user can mend."""
    archival = importlib.import_module("allennlp.models.archival")
    predictors = importlib.import_module("allennlp.predictors").Predictor
    problems = importlib.import_module("allennlp.common.checks").ConfigurationError
    host.progress("loading the archive")
    try:
        archive = archival.load_archive(folder, weights_file=weights)
        # load_archive leaves the model in train mode: with dropout on, two runs of it differ.
        archive.model.eval()
        asked: dict[str, Any] = {"predictor_name": predictor or None, "dataset_reader_to_load": reader}
        made = predictors.from_archive(archive, **asked)
    except problems as error:
        missing = "registered name" in str(error)
        raise host.Refusal(
            "subject",
            f"AllenNLP cannot build what this archive's config.json asks for: {_first_line(error)}",
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
            "If it was trained over another transformer than the one found here, give that: ?transformer=PATH.",
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
