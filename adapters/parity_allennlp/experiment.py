"""An experiment: the evaluated config of `allennlp train`, and digests of everything that determines its weights.

The config of an experiment is its user's own code: jsonnet reads files and variables, a package that is included is
imported. It is run as such, except for what no training needs: a `type` that is a path to code outside the included
packages, and addresses. Before the training this module fixes what identifies a
run: the config as evaluated with its seeds, the bytes of every file it names, the code of the packages.

Runs inside the foreign interpreter: standard library and AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import importlib
import json
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

from . import config as configs
from .contents import Contents, code_of, contents_of, is_data, text_digest

if TYPE_CHECKING:
    from parity._in_process.host import Refusal

SEEDS = {"random_seed": 13370, "numpy_seed": 1337, "pytorch_seed": 133}
"""The seeds of AllenNLP, and its defaults for those that a config does not set."""

_UNDEFINED = re.compile(r"ndefined external variable: (\w+)")


class Experiment(NamedTuple):
    """A config ready to be trained, its seeds, its digests, and sentences on what the digests do not cover.

    `text` is the whole config as JSON, seeds included, in AllenNLP's own order; `recipe_digest` is of everything but
    the seeds, `data_digest` of the rows alone; `contents` are what the config names and training reads.
    """

    config: dict[str, Any]
    seeds: dict[str, int]
    text: str
    config_digest: str
    recipe_digest: str
    data_digest: str
    notes: tuple[str, ...]
    contents: Contents


def seeds_of(options: dict[str, str], config: dict[str, Any], refusal: type[Refusal]) -> dict[str, int]:
    """Each seed by its own option, else by `seed`, else from the config, else AllenNLP's default."""
    if "seed" in options and all(name in options for name in SEEDS):
        raise refusal(
            "bad-option-value",
            "seed={} has no effect: {} are all given.".format(options["seed"], ", ".join(SEEDS)),
            "Omit seed, or one of the three.",
        )
    seeds: dict[str, int] = {}
    for name, usual in SEEDS.items():
        chosen_seed = options.get(name, options.get("seed"))
        value = usual if config.get(name) is None else config[name]
        try:
            seeds[name] = int(value if chosen_seed is None else chosen_seed)
        except (TypeError, ValueError):
            raise refusal("subject", f"The config's {name} is {value!r}.", "Give a whole number.") from None
        if not 0 <= seeds[name] < 2**32:
            raise refusal(
                "bad-option-value",
                f"{name} {seeds[name]} is not a seed.",
                "Give a whole number from 0 to 4294967295.",
            )
    return seeds


def variables(given: str, refusal: type[Refusal]) -> dict[str, str]:
    """The variables of `?vars=NAME=VALUE,NAME=VALUE`; refuses a part that is not a pair."""
    found: dict[str, str] = {}
    for part in given.split(",") if given else []:
        name, equals, value = part.partition("=")
        if not equals or not name:
            raise refusal(
                "bad-option-value",
                f"?vars has {part!r} instead of NAME=VALUE.",
                "Write ?vars=NAME=VALUE, separated by commas.",
            )
        found[name] = value
    return found


def evaluate(place: str, ext_vars: dict[str, str], refusal: type[Refusal]) -> dict[str, Any]:
    """The config as jsonnet makes it, read by AllenNLP itself; refuses anything else."""
    params: Any = importlib.import_module("allennlp.common").Params
    try:
        # The file's own settings only: seeds are put in later, where `allennlp train -o` would put them.
        found: Any = json.loads(json.dumps(params.from_file(place, ext_vars=ext_vars).as_dict(quiet=True)))
    except (RuntimeError, ValueError, TypeError, AttributeError, OSError) as error:
        message = str(error).strip().split("\n", maxsplit=1)[0]
        missing = _UNDEFINED.search(str(error))
        raise refusal(
            "subject",
            f"{place} is not a config that AllenNLP can read: {message}.",
            f"Give it: ?vars={missing.group(1)}=VALUE (a runner sees few variables of your shell)."
            if missing
            else "Try it with `allennlp train --dry-run`.",
        ) from error
    for needed in ("dataset_reader", "train_data_path", "model", "trainer"):
        if needed not in found:
            raise refusal("subject", f"{place} has no {needed}.", "Name the config of `allennlp train`.")
    checked: dict[str, Any] = found
    return checked


def unused_variable(
    place: str, ext_vars: dict[str, str], config: dict[str, Any], refusal: type[Refusal]
) -> str | None:
    """The first given variable that the config never reads: without it, the config is the same."""
    for name in ext_vars:
        fewer = {other: value for other, value in ext_vars.items() if other != name}
        try:
            if evaluate(place, fewer, refusal) == config:
                return name
        except refusal:  # it is needed
            continue
    return None


def check(place: str, config: dict[str, Any], include: Sequence[str], refusal: type[Refusal]) -> None:
    """Refuse before training what could not be run, or repeated, after it."""
    if "distributed" in config:
        raise refusal(
            "subject",
            f"{place} trains in several processes (distributed), which sum in a random order.",
            "Remove distributed: parity trains in one process, on the CPU.",
        )
    for where, value in configs.flat(config).items():
        if isinstance(value, str) and configs.is_address(value):
            raise refusal(
                "subject",
                f"{place}: {where} is an address, {value!r}, and its content may change.",
                "Download it, and name the file.",
            )
    try:
        configs.check_types(config, include)
    except configs.Unsafe as error:
        raise refusal(
            "unsafe-artifact",
            f"{place} was refused: {error}. Nothing was trained.",
            "Use a registered name; to allow a path into your own package, add ?include=PACKAGE.",
        ) from error
    try:
        configs.scan(configs.needed(config), include)
    except configs.Unsafe as error:
        raise refusal(
            "unsafe-artifact",
            f"The archive that {place} makes would be refused: {error}. Nothing was trained.",
            "Name a package of yours with ?include=PACKAGE; otherwise remove the named part.",
        ) from error


def settle(config: dict[str, Any], seeds: dict[str, int], include: Sequence[str]) -> Experiment:
    """The experiment with these seeds, digested; the config is changed in place."""
    notes: list[str] = []
    leaves: dict[str, Any] = configs.flat(config)
    files, cached = contents = contents_of(config)
    for name, digest in cached.items():
        known = "its content is part of the run's digest" if digest else "its content is not known"
        notes.append(f"The transformer {name!r} comes from Transformers' cache; {known}.")
    data = {where: digest for where, digest in files.items() if is_data(where)}
    unread = [where for where in leaves if is_data(where) and where not in data]
    if unread:
        notes.append(
            "{} names no file that exists here: a finished run is reused whatever its content.".format(
                ", ".join(sorted(unread))
            )
        )
    code = {name: code_of(name) for name in include}
    unseeded = {name: value for name, value in config.items() if name not in SEEDS}
    for name in SEEDS:  # in a fixed order, whatever the config's order
        config.pop(name, None)
    config.update(seeds)
    text = json.dumps(config, ensure_ascii=True)
    return Experiment(
        config,
        seeds,
        text,
        text_digest(text),
        text_digest(
            json.dumps([json.dumps(unseeded), files, code, *([cached] if cached else [])], sort_keys=True)
        ),
        text_digest(json.dumps(data, sort_keys=True)),
        tuple(dict.fromkeys(notes)),
        contents,
    )


def held(place: str, experiment: Experiment, refusal: type[Refusal]) -> None:
    """Refuse a training during which one of its inputs changed: its training data are then unknown.

    Folders count where they are data or a transformer: others may be what training writes to.
    """
    names = {one.name for one in configs.transformers(experiment.config)}
    leaves: dict[str, Any] = configs.flat(experiment.config)
    now = contents_of(experiment.config)
    changed = [
        where
        for where, digest in experiment.contents.files.items()
        if now.files.get(where) != digest
        and (is_data(where) or leaves[where] in names or not os.path.isdir(str(leaves[where])))
    ]
    changed += [name for name, digest in experiment.contents.cached.items() if now.cached.get(name) != digest]
    if changed:
        raise refusal(
            "recipe",
            "Files named in {} changed during the training: {}.".format(
                place, ", ".join(sorted(changed)[:4])
            ),
            "Run again with files that no program writes to.",
        )
