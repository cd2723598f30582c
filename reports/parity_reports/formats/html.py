"""The page: one self-contained HTML file that is complete without script, without style, and without a network.

Strictest reader: Jenkins' default header, which blocks scripts and inline CSS alike; what is left is plain HTML and SVG
with presentation attributes. The page's own Content-Security-Policy, with the hash of its stylesheet, is a second wall
behind the escaping. Every value a template prints is escaped and has its hidden characters shown, by the environment's
`finalize`, so that no slot can be forgotten.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from parity.records.audit import Audit
from parity_reports.compare import curves as figures
from parity_reports.compare.page import Sizes, build_page
from parity_reports.figures.drawings import draw
from parity_reports.text.visible import markup, visible

__all__ = ["LARGEST", "render", "render_page"]

LARGEST = 1_000_000
"""Bytes a page may have: mail, chat and review tools refuse larger ones. Long lists are cut until it fits."""

_TEMPLATES = Path(__file__).parent.parent / "templates"
_SIZES = (
    Sizes(),
    Sizes(flips=40, tokens=3, findings=25, fields=80, remarks=20),
    Sizes(flips=10, tokens=1, findings=10, fields=40, remarks=10, stage_details=False),
    Sizes(flips=0, tokens=0, findings=1, fields=10, remarks=3, stage_details=False),
)


def render(audit: Audit) -> str:
    """The page of an audit."""
    text = ""
    for sizes in _SIZES:
        text = _render(audit, sizes)
        if len(text.encode()) <= LARGEST:
            break
    return text


def _render(audit: Audit, sizes: Sizes) -> str:
    page = build_page(audit, sizes)
    return render_page(
        "report.html.j2",
        page=page,
        draw=draw,
        relative_figure=figures.relative_curve(page.ladder),
        float64_figure=figures.float64_curve(page.ladder),
    )


def render_page(template: str, **values: Any) -> str:
    """A template with its values and the stylesheet, whose hash the page's own policy names."""
    css = _stylesheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        _environment().get_template(template).render(css=Markup(css), css_hash=f"sha256-{digest}", **values)
    )


@cache
def _stylesheet() -> str:
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_finalize,
    )
    environment.filters["attribute"] = visible
    environment.filters["exact"] = _exact
    environment.filters["bar"] = figures.share_bar
    return environment


def _exact(text: str) -> Markup:
    """A token piece: joiners shown as well."""
    return markup(text, exact=True)


def _finalize(value: object) -> Markup:
    """What a template prints: markup of our own as it is, any other text escaped with its hidden characters shown."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str | int | StrictUndefined):
        return markup(str(value))
    raise TypeError(f"a template prints {value!r}: views hold text")
