"""Every error parity raises, one class per mistake.

    ParityError                      what was wrong, with which value, and the next step
    ├── UsageError                   exit 2: the command or its input is wrong
    │   ├── SubjectError             a subject cannot be read
    │   │   ├── UnknownScheme · UnknownOption · BadOptionValue · SubjectNotFound
    │   │   └── UnsafeArtifact       an archive or checkpoint that was refused
    │   ├── InputsError              the inputs cannot be read
    │   │   ├── InputsNotFound · EmptyInputs · MissingColumn · MalformedLine · UndecodableInputs · UnknownInputFormat
    │   │   └── InputsDoNotFit       a subject cannot run on these inputs
    │   ├── InterpreterError         the interpreter named cannot be used
    │   │   ├── InterpreterNotFound · InterpreterBroken · FrameworkMissing
    │   │   └── EnvironmentNotBuilt
    │   ├── ExecutorMissing          Ray is not installed, or its cluster does not answer
    │   ├── TraceError               a trace is damaged, foreign, or of other inputs
    │   ├── PolicyError              a policy is unknown, or its file has a wrong key or value
    │   ├── UnknownStage             a stage to exclude that neither side has
    │   ├── ProtocolMismatch         a runner was written for another protocol than this parity's
    │   ├── NameTaken                two installed causes, or other parts of parity, have one name
    │   ├── RecipeError              a training recipe cannot be followed
    │   └── RecordError              an audit.json is damaged or of another schema
    └── RunError                     exit 3: a run failed
        ├── RunnerDied · RunnerTimeout · RunnerRaised · RunnerSpokeGarbage
        ├── TrainingDiverged         a training ended in a loss that is not a number
        ├── EnvironmentBuildFailed
        ├── OutOfSpace
        └── InternalError            a defect in parity itself

A message says what, with which value, what is known; `next_step` what to do; `slug` leads to docs/errors.md.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "BadOptionValue",
    "EmptyInputs",
    "EnvironmentBuildFailed",
    "EnvironmentNotBuilt",
    "ExecutorMissing",
    "FrameworkMissing",
    "InputsDoNotFit",
    "InputsError",
    "InputsNotFound",
    "InternalError",
    "InterpreterBroken",
    "InterpreterError",
    "InterpreterNotFound",
    "MalformedLine",
    "MapDoesNotFit",
    "MissingColumn",
    "NameTaken",
    "OutOfSpace",
    "ParityError",
    "PolicyError",
    "ProtocolMismatch",
    "RecipeError",
    "RecordError",
    "RunError",
    "RunnerDied",
    "RunnerRaised",
    "RunnerSpokeGarbage",
    "RunnerTimeout",
    "SubjectError",
    "SubjectNotFound",
    "TraceError",
    "TrainingDiverged",
    "UndecodableInputs",
    "UnknownInputFormat",
    "UnknownOption",
    "UnknownScheme",
    "UnknownStage",
    "UnsafeArtifact",
    "UsageError",
    "by_slug",
]


class ParityError(Exception):
    """What was wrong, in one sentence with its value; `next_step` is the remedy; `detail` may hold a remote traceback.

    >>> str(UsageError("There is no file x.", next_step="Name another one."))
    'There is no file x. Name another one.'
    """

    slug: ClassVar[str] = "parity-error"
    exit_code: ClassVar[int] = 3

    def __init__(self, sentence: str, *, next_step: str = "", detail: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


class UsageError(ParityError):
    """The command or its input is wrong; exit code 2.

    >>> issubclass(SubjectNotFound, UsageError), UsageError.exit_code
    (True, 2)
    """

    slug = "usage"
    exit_code = 2


class MapDoesNotFit(UsageError):
    """A file of --map that is not one, or names what a side does not have."""

    slug = "map"


class SubjectError(UsageError):
    """A subject cannot be read."""

    slug = "subject"


class UnknownScheme(SubjectError):
    """The part before the first colon names no adapter."""

    slug = "unknown-scheme"


class UnknownOption(SubjectError):
    """An option after `?` that this adapter does not have."""

    slug = "unknown-option"


class BadOptionValue(SubjectError):
    """An option's value that it cannot take."""

    slug = "bad-option-value"


class SubjectNotFound(SubjectError):
    """The folder, file or hub id is not there (or cannot be reached)."""

    slug = "subject-not-found"


class UnsafeArtifact(SubjectError):
    """An archive or checkpoint that contains more than weights; none of its code was run."""

    slug = "unsafe-artifact"


class InputsError(UsageError):
    """The inputs cannot be read."""

    slug = "inputs"


class InputsNotFound(InputsError):
    """No such inputs file."""

    slug = "inputs-not-found"


class EmptyInputs(InputsError):
    """A file without examples: nothing can be compared, and that is not a pass."""

    slug = "empty-inputs"


class MissingColumn(InputsError):
    """The named (or usual) column is not in the file."""

    slug = "missing-column"


class MalformedLine(InputsError):
    """A line that violates its format; the message has its number."""

    slug = "malformed-line"


class UndecodableInputs(InputsError):
    """Bytes that are not text in the named encoding."""

    slug = "undecodable-inputs"


class UnknownInputFormat(InputsError):
    """A file ending that parity does not read."""

    slug = "unknown-input-format"


class InputsDoNotFit(InputsError):
    """A subject cannot run on these inputs (a model of pairs on single texts, for example)."""

    slug = "inputs-do-not-fit"


class InterpreterError(UsageError):
    """The interpreter named cannot be used."""

    slug = "interpreter"


class InterpreterNotFound(InterpreterError):
    """No such interpreter on this machine."""

    slug = "interpreter-not-found"


class InterpreterBroken(InterpreterError):
    """The interpreter does not start, or is too old."""

    slug = "interpreter-broken"


class FrameworkMissing(InterpreterError):
    """The interpreter starts, and the framework is not installed in it."""

    slug = "framework-missing"


class EnvironmentNotBuilt(InterpreterError):
    """A managed environment that does not exist yet and may not be built now."""

    slug = "environment-not-built"


class ExecutorMissing(UsageError):
    """Ray, which was to make the runs, is not installed, or its cluster does not answer."""

    slug = "executor-missing"


class TraceError(UsageError):
    """A trace that is damaged, foreign, or recorded on other inputs."""

    slug = "trace"


class PolicyError(UsageError):
    """An unknown policy, or a policy file with a wrong key or value."""

    slug = "policy"


class UnknownStage(UsageError):
    """A stage to exclude that neither side has: a misspelt name would exclude nothing without any sign."""

    slug = "unknown-stage"


class NameTaken(UsageError):
    """Two installed parts of one kind (causes, say) have one name."""

    slug = "name-taken"


class RecipeError(UsageError):
    """A training recipe that cannot be followed: an unknown key, a wrong value, missing or unusable data."""

    slug = "recipe"


class ProtocolMismatch(UsageError):
    """An adapter's runner was written for another protocol than this parity speaks."""

    slug = "protocol-mismatch"


class RecordError(UsageError):
    """An audit.json that is damaged or of another schema."""

    slug = "record"


class RunError(ParityError):
    """A run failed; exit code 3.

    >>> issubclass(RunnerTimeout, RunError), RunError.exit_code
    (True, 3)
    """

    slug = "run"


class RunnerDied(RunError):
    """The runner's process ended before it answered."""

    slug = "runner-died"
    killed = False  # whether SIGKILL ended it: then the reason lies outside of its process


class RunnerTimeout(RunError):
    """The runner was silent for longer than --timeout."""

    slug = "runner-timeout"


class RunnerRaised(RunError):
    """The framework raised; its traceback is in `detail`."""

    slug = "runner-raised"


class RunnerSpokeGarbage(RunError):
    """A runner sent something that is not valid in the protocol."""

    slug = "runner-spoke-garbage"


class TrainingDiverged(RunError):
    """A training ended in a loss that is not a number; in a seed audit that is a failed run."""

    slug = "training-diverged"


class EnvironmentBuildFailed(RunError):
    """A managed environment could not be built; the installer's output is in `detail`."""

    slug = "environment-build-failed"


class OutOfSpace(RunError):
    """No space left on the device that was being written to."""

    slug = "out-of-space"


class InternalError(RunError):
    """A defect in parity itself; please report it."""

    slug = "internal"


def _family(root: type[ParityError]) -> list[type[ParityError]]:
    return [root, *(member for child in root.__subclasses__() for member in _family(child))]


def by_slug(slug: str) -> type[ParityError]:
    """The class a slug belongs to; `RunnerRaised` for a slug no class has.

    >>> by_slug("subject-not-found").__name__
    'SubjectNotFound'
    """
    return next((member for member in _family(ParityError) if member.slug == slug), RunnerRaised)
