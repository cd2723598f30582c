"""The parts of AllenNLP that are replaced while a subject is open, each at its point of use.

* `Registrable.resolve_class_name`: a name is registered for the requested base class, or is the path to a class
  of that kind in a package the user included (AllenNLP reads a bare string anywhere in a config as a type, so a scan of
  the `type` keys alone does not suffice);
* `cached_transformers.get`, and `TransformerModule.from_pretrained_module` of AllenNLP's own transformer: build the transformer from its config alone. The archive holds every weight, AllenNLP
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
from typing import TYPE_CHECKING, Any, Dict, Sequence, Tuple

from .transformer_folders import refuse_pickled

if TYPE_CHECKING:
    from parity._in_process.host import Host


def guard(host: Host, include: Sequence[str]) -> list[str]:
    """Replace what would import, fetch or unpickle; returns the list that notes will be added to."""
    notes: list[str] = []
    guard_types(host, include, "The archive")
    guard_tokenizers(host)
    _build_without_weights()
    blank_spacy(notes)
    return notes


def guard_types(host: Host, include: Sequence[str], who: str) -> None:
    """Make AllenNLP look up only registered names and paths to classes in included packages; `who` names the subject in errors."""
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
                "{} has {!r} in place of a {}: this is {}, and was not {}.".format(
                    who,
                    name,
                    cls.__name__,
                    "not such a class of an included package"
                    if inside
                    else "a path to code and not a registered name",
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
    """Whether it is a class of an included package, and of the requested kind."""
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
    module: Any = importlib.import_module("allennlp.modules.transformer").TransformerModule
    made = module.from_pretrained_module.__func__

    def from_pretrained_module(cls: Any, /, model_name: str, **options: Any) -> Any:
        kept = {
            name: value for name, value in options.items() if name not in ("load_weights", "weights_path")
        }
        return made(cls, model_name, load_weights=False, **kept)

    module.from_pretrained_module = classmethod(from_pretrained_module)


def blank_spacy(notes: list[str]) -> None:
    """Fill AllenNLP's cache of spaCy pipelines as they are requested; a note reports it."""
    spacy: Any = importlib.import_module("spacy")

    class Pipelines(Dict[Tuple[Any, ...], Any]):
        """AllenNLP's cache of spaCy pipelines, which always has an entry for one that is not installed."""

        def __contains__(self, key: object) -> bool:
            if not dict.__contains__(self, key) and isinstance(key, tuple) and not _is_pipeline(key[0]):
                name, _, parse = key[:3]
                self[key] = _blank(spacy, name, parse)
                sentence = (
                    f"spaCy's {name} is not installed: a blank pipeline splits words by the same rules, but gives no part of "
                    "speech, no parse and no entities."
                )
                if sentence not in notes:
                    notes.append(sentence)
            return dict.__contains__(self, key)

    util: Any = importlib.import_module("allennlp.common.util")
    util.LOADED_SPACY_MODELS = Pipelines()


def _is_pipeline(name: Any) -> bool:
    """Whether it is an installed pipeline, by its own metadata: spaCy would import and call any package of that name."""
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


def guard_tokenizers(host: Host) -> None:
    """Prevent every tokenizer of AllenNLP from unpickling a vocabulary, wherever its name comes from."""
    cached: Any = importlib.import_module("allennlp.common.cached_transformers")
    original = getattr(cached, "_parity_get_tokenizer", cached.get_tokenizer)

    def get_tokenizer(model_name: str, **options: Any) -> Any:
        refuse_pickled(host, model_name, ("its options", options))
        with host.forbidden.nothing_unpickled() as prevented:
            try:
                return original(model_name, **options)
            except Exception as error:
                if not prevented:
                    raise
                raise host.Refusal(
                    "unsafe-artifact",
                    f"The tokenizer of {model_name} was not loaded: loading it would {prevented[0]}, which was prevented.",
                    "Name another with ?transformer=PATH.",
                ) from error

    cached._parity_get_tokenizer = original
    cached.get_tokenizer = get_tokenizer
