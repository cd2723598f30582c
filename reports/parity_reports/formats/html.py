"""The page: one self-contained HTML file that is complete without script, without style, and without a network.

Strictest reader: Jenkins' default header, which blocks scripts and inline CSS alike; what is left is plain HTML and SVG
with presentation attributes. The page's own Content-Security-Policy, with the hash of its stylesheet, is a second wall
behind the escaping. Every value a template prints is escaped and has its hidden characters shown, by the environment's
`finalize`, so that no slot can be forgotten. Each kind of block has a template of its own.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from parity_reports.builders import LENGTHS, AnyAudit, build_page
from parity_reports.figures.curve import share_bar
from parity_reports.figures.drawings import draw
from parity_reports.pages import Page
from parity_reports.text.visible import markup, visible

__all__ = ["LARGEST", "render", "render_page"]

LARGEST = 1_000_000
"""Bytes a page may have: mail, chat and review tools refuse larger ones. Long lists are cut until it fits."""

_TEMPLATES = Path(__file__).parent.parent / "templates"


def render(audit: AnyAudit) -> str:
    """The page of an audit."""
    text = ""
    for length in range(LENGTHS):
        text = render_page(build_page(audit, length))
        if len(text.encode()) <= LARGEST:
            break
    return text


def render_page(page: Page) -> str:
    """The page with the stylesheet, whose hash its own policy names."""
    css = _stylesheet()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    template = _environment().get_template("page.html.j2")
    return template.render(page=page, css=Markup(css), css_hash=f"sha256-{digest}")


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
    environment.filters["bar"] = share_bar
    environment.filters["drawn"] = draw
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
    raise TypeError(f"a template prints {value!r}: blocks hold text")
