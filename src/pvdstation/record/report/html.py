"""Writes a report as one HTML file that needs nothing else: no network, no script, no second file."""

import re
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from pvdstation.record.report.markdown import SIMULATED
from pvdstation.record.report.pages import Figure, Page
from pvdstation.record.report.wording import visible

_SHORT = 14
"""Letters up to which a cell keeps to one line: times and numbers, hardly a name."""
_WHOLE = 14
"""Rows up to which a table is not split between two printed pages."""
_NAMESPACES = re.compile(r'\s+xmlns(:\w+)?="[^"]*"')
_NAMED = re.compile(r'(\bid="|url\(#|href="#)')


def html(page: Page) -> str:
    """Return the page as HTML; every text in it is escaped."""
    style = Markup((files(__package__) / "style.css").read_text("utf-8"))  # noqa: S704 - our own file
    return _template().render(page=page, style=style, simulated=SIMULATED, picture=_picture, short=_SHORT, whole=_WHOLE)


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    return environment.from_string((files(__package__) / "page.html.j2").read_text("utf-8"))


def _shown(value: Any) -> Any:
    """Return what a template shows; text that a person typed must not hide or turn the line around it."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _picture(figure: Figure) -> Markup:
    """Return a picture that can stand inside HTML: without namespaces, and its names apart from those of others."""
    inner = _NAMESPACES.sub("", figure.svg).replace("xlink:href", "href")
    inner = _NAMED.sub(lambda found: f"{found[0]}{figure.name}-", inner)
    return Markup(inner)  # noqa: S704 - drawn by matplotlib, which escapes its text
