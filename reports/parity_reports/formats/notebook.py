"""The first screen in a notebook: a fragment of HTML with its own style, which changes nothing else on the page.

A notebook may show the output of others without running anything, and may strip styles: without them it is a plain table. Every
text is escaped and has its hidden characters shown, as in the page.
"""

from __future__ import annotations

from markupsafe import Markup

from parity_reports.builders import AnyAudit, build_first_screen
from parity_reports.text.visible import markup

__all__ = ["first_screen"]

_COLOURS = {"ok": "#1a7f37", "bad": "#c62828", "warn": "#9a6700"}
_BOX = "border-left:4px solid {colour};padding:0.4em 0.9em;max-width:60em;text-align:left"
_HEAD = "text-align:left;vertical-align:top;padding:0.15em 1em 0.15em 0;white-space:nowrap;font-weight:normal;opacity:0.7"
_CELL = "text-align:left;vertical-align:top;padding:0.15em 0"


def first_screen(audit: AnyAudit) -> str:
    """The verdict, the headline and the four answers of either kind of audit."""
    first = build_first_screen(audit)
    colour = _COLOURS.get(first.tone, "#57606a")
    lines = [
        _format('<div style="{}">', _BOX.format(colour=colour)),
        _format('<p style="color:{};margin:0"><strong>{} {}</strong></p>', colour, first.mark, first.word),
        _format(
            '<p style="margin:0.2em 0"><strong><bdi>{}</bdi></strong> <bdi>{}</bdi></p>',
            first.headline,
            first.rest,
        ),
        *(_format('<p style="margin:0.2em 0"><bdi>{}</bdi></p>', note) for note in first.notes),
        Markup('<table style="margin:0.4em 0;border-collapse:collapse">'),
        *(
            _format(
                '<tr><th scope="row" style="{}">{}</th><td style="{}"><strong><bdi>{}</bdi></strong> <bdi>{}</bdi></td></tr>',
                _HEAD,
                answer.question,
                _CELL,
                answer.answer,
                answer.detail,
            )
            for answer in first.answers
        ),
        Markup("</table>"),
        _format('<p style="margin:0;opacity:0.7"><bdi>{}</bdi></p></div>', first.rule),
    ]
    return "\n".join(lines)


def _format(template: str, *values: str) -> Markup:
    return Markup(template).format(*(markup(value) for value in values))
