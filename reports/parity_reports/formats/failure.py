"""A command that came to no audit, as two reports: JUnit XML with one error, and a short summary in Markdown."""

from __future__ import annotations

from parity.records.failure import Failure
from parity_reports.cases import Case, Suite
from parity_reports.formats.junit import document
from parity_reports.formats.markdown import code, escaped

__all__ = ["junit", "markdown"]

_WHOSE = {2: "The command or its inputs are wrong.", 3: "A run failed."}


def junit(failure: Failure) -> str:
    """One suite with one case, which is an error: its sentence as the message, the next step as the text."""
    facts = [("slug", failure.slug), ("exit code", str(failure.exit_code)), ("command", failure.command)]
    case = Case("error", failure.slug, "error", failure.sentence, failure.next_step, failure.seconds)
    return document(Suite(f"parity {failure.audited}", facts, [case], failure.started, failure.seconds))


def markdown(failure: Failure) -> str:
    """The sentence, the next step, and the command."""
    blocks = [
        f"# parity{' seeds' if failure.audited == 'seeds' else ''}: no result",
        f"**{escaped(failure.sentence)}**",
        escaped(failure.next_step),
        f"{_WHOSE.get(failure.exit_code, '')} Exit code {failure.exit_code}, {code(failure.slug)}. Nothing was compared.",
        "## Run it again",
        code(failure.command),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"
