"""An adapter: the declaration of how subjects of one scheme are run.

An adapter's package registers it under the entry-point group `parity.adapters`, by its scheme; parity's own are found in
the same way. The declaration imports no framework: that is for its runner, in the interpreter that has it.
"""

from __future__ import annotations

import difflib
import math
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Literal

from parity.environments.resolve import Environment, Managed, ThisInterpreter
from parity.errors import BadOptionValue, SubjectError, UnknownOption, UnknownScheme
from parity.subjects.factors import Trains
from parity.subjects.registry import entries, load, origin
from parity.subjects.subject import Subject

__all__ = [
    "LEAST",
    "Adapter",
    "Kind",
    "Managed",
    "Option",
    "adapters",
    "check_options",
    "examples",
    "find_adapter",
    "schemes",
]

GROUP = "parity.adapters"
Kind = Literal["text", "integer", "count", "number", "positive", "flag", "path", "folder", "choice"]
LEAST = 1e-6  # of a number that others are divided by: a smaller one gives infinities

_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_FLAGS = {**dict.fromkeys(_YES, "true"), **dict.fromkeys(_NO, "false")}
_SETTING = re.compile(
    r"\w+([.-]\w+)*"
)  # the name of a setting, an inner one by its path: `text_config.hidden_size`
_HERE = ThisInterpreter()


@dataclass(frozen=True)
class Option:
    """One option after `?`: its name, what it takes, a sentence of help, and the words it may be (kind `choice`).

    An `integer` and a `number` may have either sign; a `count` is a whole number from 1, `positive` a number from 1e-6.
    A name that ends in `.*` stands for any setting of a group, which is given by its own name: `config.*` takes
    `config.layer_norm_eps=1e-5`. The runner gets it under that name, and knows which settings there are and what each may be.

    >>> Option("attn", "choice", "Which attention.", choices=("eager", "sdpa")).kind
    'choice'
    >>> Option("config.*", "text", "A setting of config.json.").takes("config.layer_norm_eps")
    True
    """

    name: str
    kind: Kind
    help: str
    choices: tuple[str, ...] = ()

    def takes(self, name: str) -> bool:
        """Whether it is the option of this name, or the group that the name belongs to."""
        if not self.name.endswith(".*"):
            return self.name == name
        group = self.name[:-1]
        return name.startswith(group) and _SETTING.fullmatch(name[len(group) :]) is not None


@dataclass(frozen=True)
class Adapter:
    """How subjects of one scheme are run.

    `runner` is the script that drives the framework; `framework` the modules that it needs, by import name.
    `own_inputs` finds the inputs that an artifact brings along (None: it has none), unpacked under the folder given.
    `trains` declares the seeds of an adapter whose runner trains (None: it only loads).
    `prepare` reads in parity's process what the locator names, and turns the checked options into those that the runner is opened with.
    Of the environment variables, a runner sees those every runner sees, without `withheld` and with `passed` (both
    are names, a final `*` standing for any ending), and `variables` on top.
    `examples` are subjects as a user would write them, each with what it is: the help of commands shows them.
    `shares` are folders of other runners whose modules this one uses as if they lay beside it.

    >>> Adapter(scheme="mine", runner=Path("runner.py"), options=(Option("layers", "count", "How many."),)).framework
    ()
    """

    scheme: str
    runner: Path
    options: tuple[Option, ...] = ()
    environment: Environment = _HERE
    framework: tuple[str, ...] = ()
    own_inputs: Callable[[Subject, Path], Path | None] | None = None
    prepare: Callable[[Subject, dict[str, str]], dict[str, str]] | None = None
    withheld: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    trains: Trains | None = None
    examples: Mapping[str, str] = field(default_factory=dict[str, str])
    shares: tuple[Path, ...] = ()


def schemes() -> tuple[str, ...]:
    """The known schemes, sorted; no adapter is loaded for this."""
    return tuple(sorted({entry.name for entry in _entries()}))


def adapters() -> dict[str, Adapter]:
    """Every adapter by its scheme; SubjectError naming the package of one that does not load."""
    return {scheme: _load(scheme) for scheme in schemes()}


def examples() -> dict[str, str]:
    """Subjects as adapters declare them for the help, each with what it is; an adapter that does not load shows none."""
    found: dict[str, str] = {}
    for scheme in schemes():
        with suppress(SubjectError):
            found.update(_load(scheme).examples)
    return found


def find_adapter(subject: Subject) -> Adapter:
    """The adapter of a subject's scheme, and only that one is loaded; UnknownScheme names the nearest one."""
    known = schemes()
    if subject.scheme not in known:
        raise UnknownScheme(
            f"No adapter is called {subject.scheme!r} (in {subject}).",
            next_step=_suggestion(subject.scheme, known, "The schemes are", "No adapter is installed."),
        )
    return _load(subject.scheme)


def check_options(adapter: Adapter, subject: Subject) -> dict[str, str]:
    """A subject's options as its runner receives them: checked, flags as `true` or `false`, numbers without spaces.

    Raises UnknownOption naming the nearest one there is, or BadOptionValue saying what is expected.
    """
    return {name: _checked(adapter, subject, name, value) for name, value in subject.options}


def _checked(adapter: Adapter, subject: Subject, name: str, value: str) -> str:
    option = next((option for option in adapter.options if option.takes(name)), None)
    if option is None:
        raise UnknownOption(
            f"{adapter.scheme}: has no option {name!r} (in {subject}).",
            next_step=_suggestion(
                name, tuple(map(_written, adapter.options)), "Its options are", "It takes no options."
            ),
        )
    read = _read(option, value)
    if read is None:
        raise BadOptionValue(
            f"The option {name!r} of {adapter.scheme}: cannot be {value!r}.",
            next_step=_expected(option, value),
        )
    return read


def _written(option: Option) -> str:
    """An option's name as a user writes it: a setting's place is held by the word KEY."""
    return f"{option.name[:-1]}KEY" if option.name.endswith(".*") else option.name


def _read(option: Option, value: str) -> str | None:
    text = value.strip()
    match option.kind:
        case "flag":
            return _FLAGS.get(text.lower())
        case "integer":
            return _number(text, int)
        case "count":
            return _number(text, int, least=1)
        case "number":
            return _number(text, float)
        case "positive":
            return _number(text, float, least=LEAST)
        case "choice":
            return text if text in option.choices else None
        case "path":
            return value if value and Path(value).exists() else None
        case "folder":
            return value if value and Path(value).is_dir() else None
        case "text":
            return value or None


def _number(text: str, kind: type[int | float], least: float = -math.inf) -> str | None:
    try:
        number = kind(text)
    except ValueError:
        return None
    return (
        str(number) if least <= number and abs(number) < math.inf else None
    )  # neither inf nor nan is a setting


def _expected(option: Option, value: str) -> str:
    match option.kind:
        case "flag":
            return "Write true or false."
        case "integer":
            return "Write a whole number, such as 128."
        case "count":
            return "Write a whole number of 1 or more, such as 128."
        case "number":
            return "Write a number, such as 1.5."
        case "positive":
            return f"Write a number of {LEAST:g} or more, such as 1.5."
        case "choice":
            return _suggestion(value, option.choices, "It is one of", "It takes no value.")
        case "path":
            return "Write the path of a file or folder that exists; this one does not exist."
        case "folder":
            return "Write the path of a folder that exists; this one does not exist."
        case "text":
            return "Write a value after the = sign."


def _suggestion(word: str, known: tuple[str, ...], lead: str, none: str) -> str:
    if not known:
        return none
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}{lead}: {', '.join(known)}."


def _entries() -> tuple[EntryPoint, ...]:
    return _entries_on(tuple(sys.path))


@cache
def _entries_on(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Every adapter's entry point; a search of all installed packages takes longer than anything else here, so it is done once."""
    return entries(GROUP)


def _load(scheme: str) -> Adapter:
    found = [entry for entry in _entries() if entry.name == scheme]
    if len(found) > 1:
        raise SubjectError(
            f"Two adapters are called {scheme!r}: {' and '.join(map(origin, found))}.",
            next_step="Uninstall one of them.",
        )
    (entry,) = found
    adapter = load(entry, f"The adapter of {scheme}:", SubjectError)
    if not isinstance(adapter, Adapter):
        raise SubjectError(
            f"The entry point of {scheme}: ({origin(entry)}) is {type(adapter).__name__}, not an Adapter.",
            next_step="Ask its author.",
        )
    return adapter
