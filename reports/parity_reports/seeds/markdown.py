"""The seed audit as Markdown: the verdict, its four answers, and the tables that a review needs, every value escaped as data."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.seed_audit import SeedAudit
from parity_reports.formats.markdown import code, command_block, escaped, section_blocks
from parity_reports.seeds.page import SeedPage, SeedSizes, build_seed_page

__all__ = ["render"]

_SIZES = SeedSizes(runs=15, contested=0)


def render(audit: SeedAudit) -> str:
    """The summary."""
    page = build_seed_page(audit, _SIZES)
    blocks = [
        *_head(page),
        *(
            text
            for section in page.sections
            for text in section_blocks(section, always=section.anchor == "needed")
        ),
        "## What this does not show",
        "\n".join(f"- {escaped(limit)}" for limit in page.limits),
        "## Run it again",
        command_block(page.command),
    ]
    return "\n\n".join(blocks) + "\n"


def _head(page: SeedPage) -> Iterator[str]:
    first = page.first
    yield f"# parity seeds: {first.word.lower()}"
    yield f"**{escaped(first.headline)}** {escaped(first.said)}".strip()
    arms = [f"- {name.capitalize()} {code(said)}" for name, said in page.population]
    yield "\n".join([*arms, f"- {escaped(first.rule)}"])
    for note in first.notes:
        yield f"> {escaped(note)}"
    yield "\n".join(
        f"- {answer.question} **{escaped(answer.answer.strip())}.** {escaped(answer.detail)}"
        for answer in first.answers
    )
