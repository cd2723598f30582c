"""How a subject describes itself: versions, parameters, labels, the stages it can show, what it can do."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from parity.border.messages import prepare
from parity.border.selected import Selects
from parity.errors import RunnerSpokeGarbage

__all__ = [
    "TASK_REQUESTED",
    "Abilities",
    "Chosen",
    "Description",
    "NotRun",
    "Origin",
    "Overridden",
    "Parameter",
    "Recorded",
    "StageSeen",
    "Training",
    "read_description",
]


TASK_REQUESTED = "?task="
"""What a task was found by where the user named it."""


class StageSeen(msgspec.Struct, frozen=True):
    """A stage that the subject offers: its name, its axes (`row`, `token`, `word`, `target`, `hidden`, `class`, `other`), the module."""

    name: str
    axes: list[str]
    module: str | None = None


class Parameter(msgspec.Struct, frozen=True):
    """One parameter tensor: name, shape, dtype and the digest of its bytes; what packs it (`packed`) where it is quantised.

    `tied` names the parameter before it that it is the same tensor as.
    """

    name: str
    shape: list[int]
    dtype: str
    digest: str
    packed: str = ""
    tied: str = ""


class NotRun(msgspec.Struct, frozen=True):
    """A part of the subject's files that no stage is computed with: its name, why, its tensors, the settings it alone reads.

    With `always` it counts in any case, since users of the subject run it. Without, only where the two sides differ in it. Where the
    user `requested` that another task is run it does not count.
    """

    part: str
    reason: str
    tensors: list[Parameter] = []
    settings: dict[str, Any] = {}
    always: bool = True
    requested: bool = False


class Abilities(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What can be requested of the subject; an ability of another name is refused, since it would be ignored silently.

    `accepts_feed`: it runs on another's ids, mask, types and positions. `blank`: it reads empty texts; `tokens`: it has
    tokens. `words`: it decides per word, of texts that it splits itself ("own"), or where it is told the words ("given"). `target`: its decoder reads a target beside the text: that of the inputs, else what it writes itself. `row_digests`: it sketches its parameters, by digests of their rows among others, and reads rows of them. `generate`: it generates texts;
    `texts_only`: without the tokens and the scores that they were chosen by.
    `isolates`: a forward can show what its layers are called with, and give them what another's were.
    """

    accepts_feed: bool = False
    words: Literal["no", "given", "own"] = "no"
    float64: bool = False
    pairs: Literal["no", "optional", "required"] = "optional"
    tokens: bool = True
    blank: bool = True
    row_digests: bool = False
    generate: bool = False
    target: bool = False
    texts_only: bool = False
    isolates: bool = False


class Chosen(msgspec.Struct, frozen=True):
    """A setting that a call without arguments leaves to the library: its value here, the library's, and who chose the one here.

    `by`: "option" (the user gave it), "library" (left to it) or "parity".
    """

    setting: str
    value: str
    library: str
    by: Literal["option", "library", "parity"]


class Overridden(msgspec.Struct, frozen=True):
    """A setting that the user put in place of that in the files: the option, the value in the files, and the one here."""

    setting: str
    before: str
    value: str


class Origin(msgspec.Struct, frozen=True):
    """Where model and tokenizer came from: their commits on the hub (None: not known, as of a folder), the digest of the tokenizer's files."""

    commit: str | None = None
    tokenizer_commit: str | None = None
    tokenizer_digest: str | None = None


class Recorded(msgspec.Struct, frozen=True):
    """What a subject that only replays was recorded on: how many rows, and how rows are found again.

    `full_rows` says that stages before the outputs are held for the first so many rows only, `float64_rows` which rows are
    held in float64 (None for either: all there are).
    """

    count: int
    matched_by: Literal["text", "id", "order"]
    full_rows: int | None = None
    float64_rows: list[int] | None = None


class Training(msgspec.Struct, frozen=True):
    """How a subject was trained; digests show what each seed decided.

    `seeds` are those requested (`init_seed`, `order_seed`, `dropout_seed`), `derived` the numbers that the framework was
    given. `initial_digest` is of all weights before the first step, `head_digest` of those among them that init_seed
    made (None: the base brought all), `order_digests` of the rows of each epoch in the order they were trained on (the
    last may be incomplete), `dropout_digest` of the random generator's state at the first step. `losses` are
    (step, loss), where a loss of None is not a number; `final_loss` is the mean of the last tenth of the steps.
    `trained_now` is False for a run that was found finished in `folder`. `base_digest` is of what it began with (weights, config and
    tokenizer of the base model), `base_revision` the commit where that came from the hub.
    """

    recipe_digest: str
    data_digest: str
    seeds: dict[str, int]
    derived: dict[str, int]
    repeat: int
    steps: int
    rows: int
    order_digests: list[str]
    dropout_digest: str | None
    initial_digest: str | None
    head_digest: str | None
    weights_digest: str
    losses: list[tuple[int, float | None]]
    final_loss: float | None
    environment: dict[str, Any]
    seconds: float
    folder: str
    trained_now: bool
    base_digest: str | None = None
    base_revision: str | None = None


class Description(msgspec.Struct, frozen=True):
    """The answer to `describe`; the wire's contract is in `parity/_in_process/serve.py`.

    `task_by` is what its task was found by, empty where its runner does not say; `tasks` are those that it can be opened as with ?task=.
    `scope` says which of the stages that its model has are announced: all ("full"), its outputs and not all inner ones ("part"), or its outputs
    alone ("outputs").

    `newly_initialised` are all parameters that no file holds; `drawn` those of them that stages need, by the first such
    stage; `excluded` those that a stage needs which is not shown, since nothing else needs it.

    `max_rows` is the most rows that it can be given at a time, `batch_size` how many its user wants it to be given.

    `generation` are the settings by which it generates where nothing is given, as its library resolves them; empty where it does not.

    `chosen` are the settings that a call without arguments leaves to its library, `overridden` those of the files that the user changed.

    `reads` are clauses on what it does to an input before it is tokenized ("its reader splits …"); each becomes a finding.

    `served` says how it is run other than as it was loaded: `quantised`, `compiled`, `device_map`, each in words. `weights_bytes` is what its weights
    take, packed as they are.

    `values` says what the numbers of its stage `logits` were made from: where they are not logits, they are the logarithms of
    probabilities, known up to a constant. `rounded` is the most that one of those values was moved by its rounding (0: no more
    than a float32 is), to so many `decimals` where it is a number of digits.

    `selects` says what it selects, where it gives that and not the logits that it is chosen by.
    """

    framework: str
    versions: dict[str, str]
    stages: list[StageSeen]
    can: Abilities
    model_class: str = ""
    task: str = "other"
    task_by: str = ""
    tasks: list[str] = []
    dtype: str = ""
    device: str = ""
    labels: list[str] | None = None
    multi_label: bool = False
    temperature: float = 1.0
    weights_digest: str | None = None
    parameters: list[Parameter] = []
    weights_bytes: int | None = None
    served: dict[str, str] = {}
    config: dict[str, Any] = {}
    tokenizer: dict[str, Any] = {}
    generation: dict[str, Any] = {}
    chosen: list[Chosen] = []
    overridden: list[Overridden] = []
    origin: Origin = Origin()
    scope: Literal["full", "part", "outputs"] = "full"
    max_rows: int | None = None
    batch_size: int | None = None
    max_tokens: int | None = None
    vocabulary_rows: int | None = None
    newly_initialised: list[str] = []
    unused_weights: list[str] = []
    not_run: list[NotRun] = []
    drawn: dict[str, list[str]] = {}
    excluded: dict[str, list[str]] = {}
    reads: list[str] = []
    notes: list[str] = []
    name_used: str = ""
    recorded: Recorded | None = None
    values: Literal["logits", "probabilities", "log_probabilities"] = "logits"
    rounded: float = 0.0
    decimals: int | None = None
    training: Training | None = None
    selects: Selects | None = None


prepare(Description)


def read_description(value: object, subject: str) -> Description:
    """Check what came over the border; raises RunnerSpokeGarbage naming the field that is wrong."""
    try:
        return msgspec.convert(value, Description)
    except msgspec.ValidationError as error:
        raise RunnerSpokeGarbage(
            f"{subject} sent a description that parity cannot read: {error}.",
            next_step="This is a defect in its adapter's runner; report it with this message.",
        ) from error
