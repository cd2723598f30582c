"""AllenNLP made ready, and an archive loaded by it: offline, without pickled code, without Transformers weights.

Five things of AllenNLP's are replaced while a subject is alive, each at the point of use:

* `Registrable.resolve_class_name`: a name is one that is registered for the base that is asked for, or the path to a class
  of that kind in a package the user included (AllenNLP reads a bare string anywhere in a config as a type, so a scan of
  the `type` keys alone does not suffice);
* `cached_transformers.get`: builds the transformer from its config alone. The archive holds every weight, AllenNLP
  checks that none is missing, and so a folder with config.json and the vocabulary is enough;
* the spaCy cache: a pipeline that is not installed is a blank one (the rules that split words are the same) instead of
  a download;
* `cached_transformers.get_tokenizer`: unpickles no vocabulary;
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
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Sequence, Tuple

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
            continue  # imported already, as far as it can be: some of their modules need what is left out here
        try:
            walk(name)
        except ModuleNotFoundError as error:
            raise host.Refusal(
                "subject",
                f"?include={name}: there is no package {error.name!r} for this interpreter.",
                "Run parity from the folder that holds it, or install it there.",
            ) from error


def guard(host: Host, include: Sequence[str]) -> list[str]:
    """Replace what would import, fetch or unpickle; returns the list that notes will be added to."""
    notes: list[str] = []
    guard_types(host, include, "The archive")
    guard_tokenizers(host)
    _build_without_weights()
    blank_spacy(notes)
    return notes


def guard_types(host: Host, include: Sequence[str], who: str) -> None:
    """From here on AllenNLP looks up registered names, and paths to classes in the packages included; `who` names others."""
    registrable = importlib.import_module("allennlp.common.registrable").Registrable
    original = getattr(registrable, "_parity_original", registrable.resolve_class_name.__func__)

    def resolve_class_name(cls: Any, name: Any) -> tuple[Any, Any]:
        registered = registrable._registry[cls]
        if not isinstance(name, str) or "." not in name or name in registered:
            resolved: tuple[Any, Any] = original(cls, name)
            return resolved
        inside = name.startswith(tuple(package + "." for package in include))
        found = original(cls, name)[0] if inside else None
        if not _is_kind(found, cls, registered, include):
            raise host.Refusal(
                "unsafe-artifact",
                "{} asks for {!r} where a {} belongs: that is {}, and was not {}.".format(
                    who,
                    name,
                    cls.__name__,
                    "no such class of a package included"
                    if inside
                    else "a path to code and no registered name",
                    "called" if inside else "imported",
                ),
                "Name what is registered"
                + (
                    "."
                    if inside
                    else f"; if you trust its package, include it: ?include={name.split('.')[0]}."
                ),
            )
        return found, None

    registrable._parity_original = original
    registrable.resolve_class_name = classmethod(resolve_class_name)


def _is_kind(found: Any, base: Any, registered: dict[str, Any], include: Sequence[str]) -> bool:
    """Whether it is a class of an included package, and of the kind that is asked for."""
    tops = {name.split(".")[0] for name in include}
    if not isinstance(found, type) or str(found.__module__).split(".")[0] not in tops:
        return False
    # Of a few kinds (activations) AllenNLP itself registers classes that do not derive from the base.
    classes = [one for one, _ in registered.values()]
    loose = any(not (isinstance(one, type) and issubclass(one, base)) for one in classes)
    return loose or issubclass(found, base)


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
            if not dict.__contains__(self, key) and isinstance(key, tuple) and not _is_pipeline(key[0]):
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


def _is_pipeline(name: Any) -> bool:
    """Whether it is an installed pipeline, which says so itself: spaCy would import and call any package of that name."""
    metadata: Any = importlib.import_module("importlib.metadata")
    try:
        points = metadata.distribution(str(name).replace("_", "-")).entry_points
    except (metadata.PackageNotFoundError, ValueError):
        return False
    return any(point.group == "spacy_models" for point in points)


def _blank(spacy: Any, name: str, parse: bool) -> Any:
    try:
        pipeline = spacy.blank(str(name).split("_", maxsplit=1)[0])
    except ImportError:
        pipeline = spacy.blank("en")
    if parse:
        pipeline.add_pipe("sentencizer")
    return pipeline


def resolve_transformers(
    host: Host, configs: Any, config: dict[str, Any], given: str, beside: str, named_by: str = "archive"
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
    for name in names:
        _refuse_pickled(host, mapped.get(name) or name)
    auto: Any = importlib.import_module("transformers").AutoConfig
    for name in names:
        if name not in mapped:
            try:
                known = auto.from_pretrained(name)
                _refuse_pickled(host, name, ("config.json", known.to_dict()))
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


def _refuse_pickled(host: Host, place: str, *settings: tuple[str, Any]) -> None:
    found = host.pickled_vocabulary.look(place, *settings)
    if found is not None:
        raise host.pickled_vocabulary.refusal(place, found, host.Refusal)


def guard_tokenizers(host: Host) -> None:
    """From here on no tokenizer of AllenNLP's unpickles a vocabulary, wherever its name comes from."""
    cached: Any = importlib.import_module("allennlp.common.cached_transformers")
    original = getattr(cached, "_parity_get_tokenizer", cached.get_tokenizer)

    def get_tokenizer(model_name: str, **options: Any) -> Any:
        _refuse_pickled(host, model_name, ("its options", options))
        with host.forbidden.nothing_unpickled() as prevented:
            try:
                return original(model_name, **options)
            except Exception as error:
                if not prevented:
                    raise
                raise host.Refusal(
                    "unsafe-artifact",
                    f"The tokenizer of {model_name} was not loaded: loading it would {prevented[0]}. That was prevented.",
                    "Name another with ?transformer=PATH.",
                ) from error

    cached._parity_get_tokenizer = original
    cached.get_tokenizer = get_tokenizer


def load(host: Host, folder: str, weights: str, predictor: str, reader: str) -> Loaded:
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
