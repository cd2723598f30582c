"""The pre-flight of one subject: it is opened, and what it says of itself is laid out as lines."""

from __future__ import annotations

from collections.abc import Callable

from parity.border.description import NotRun
from parity.border.runner import Progress as Told
from parity.border.runner import Runner
from parity.environments.resolve import interpreter_for
from parity.stages import is_detail
from parity.subjects.adapter import check_options, find_adapter
from parity.subjects.subject import Subject

__all__ = ["inspect_subject"]


def inspect_subject(
    subject: Subject, *, timeout: float, progress: Callable[[str, int, int | None], None]
) -> list[str]:
    """Open a subject and say what it is, one fact a line; raises what opening it raises."""
    adapter = find_adapter(subject)
    check_options(adapter, subject)
    interpreter = interpreter_for(subject, adapter, lambda what: progress(what, 0, None))

    def relay(told: Told) -> None:
        progress(told.what, told.done, told.total)

    with Runner.start(
        subject, adapter, interpreter=interpreter, timeout=timeout, on_progress=relay
    ) as runner:
        described = runner.describe()
        warnings = runner.warnings
    count = sum(_product(parameter.shape) for parameter in described.parameters)
    facts = {
        "subject": str(subject),
        "interpreter": str(interpreter),
        "framework": described.framework,
        "versions": ", ".join(f"{name} {number}" for name, number in described.versions.items()),
        "model": f"{described.model_class} ({described.task})",
        "parameters": f"{count:,} in {len(described.parameters)} tensors, {described.dtype} on {described.device}",
        "weights": described.weights_digest or "none",
        "classes": ", ".join(described.labels or ()) or "none",
        "tokenizer": ", ".join(f"{name}={value}" for name, value in described.tokenizer.items()),
        "stages": " → ".join(stage.name for stage in described.stages if not is_detail(stage.name)),
        "can": _abilities(described.can.same_ids, described.can.float64, described.can.pairs),
    }
    lines = [f"{name:12} {value}" for name, value in facts.items()]
    for title, names in (("not in file", described.newly_initialised), ("unused", described.unused_weights)):
        if names:
            lines.append(f"{title:12} {', '.join(names)}")
    lines += [f"{'not run':12} {_unrun(part)}" for part in described.not_run]
    lines += [
        f"{'excluded':12} {stage}: computed with what is in no file ({', '.join(names)}), and needed by no other stage"
        for stage, names in described.excluded.items()
    ]
    lines += [f"{'note':12} {note}" for note in described.notes]
    lines += [f"{'warning':12} {warning}" for warning in warnings]
    return lines


def _unrun(part: NotRun) -> str:
    names = ", ".join(one.name for one in part.tensors)
    settings = ", ".join(f"{name}={value}" for name, value in part.settings.items())
    held = "; ".join(text for text in (names, settings) if text)
    return f"{part.part}: {part.reason}" + (f" ({held})" if held else "")


def _abilities(same_ids: bool, float64: bool, pairs: str) -> str:
    said = ["run given ids"] if same_ids else []
    said += ["run in float64"] if float64 else []
    said.append(
        {"no": "reads single texts", "optional": "reads texts or pairs", "required": "reads pairs"}[pairs]
    )
    return ", ".join(said)


def _product(shape: list[int]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count
