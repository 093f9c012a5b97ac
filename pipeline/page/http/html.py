"""A document of escaped text, and the headers it is sent with. All text gets into a page through `element`."""

from __future__ import annotations

import base64
import hashlib
from typing import Final
from xml.etree.ElementTree import Element, tostring

from pipeline.safe_text import one_line

STYLE: Final = """
:root { color-scheme: light dark;
  --ink: #14181d; --paper: #ffffff; --quiet: #4a5560; --line: #767f89; --act: #0b4f9e; --on: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceff2; --paper: #14181d; --quiet: #b3bcc5; --line: #8b949e; --act: #9ccaff; --on: #0b1722; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 38rem; background: var(--paper); color: var(--ink);
  font: 1.125rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0 0 1.5rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
form { margin: 0 0 1.25rem; }
form p { margin: .375rem 0 0; color: var(--quiet); }
button { width: 100%; min-height: 3.5rem; padding: .75rem 1rem; font: inherit; font-weight: 600; border-radius: .5rem;
  border: 2px solid var(--act); background: var(--paper); color: var(--act); cursor: pointer; }
form:first-of-type button { background: var(--act); color: var(--on); }
a { color: var(--act); display: inline-block; padding: .625rem 0; }
:focus-visible { outline: 3px solid var(--act); outline-offset: 3px; }
footer { margin-top: 2rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 1rem; }
"""

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "flagpost",  # instead of Python's and aiohttp's versions
}
"""Of every answer."""


def element(tag: str, *inside: Element | str, **attributes: str) -> Element:
    """Text goes in as text, whatever it holds, and on one line; ``_`` in an attribute's name stands for ``-``."""
    made = Element(tag, {name.strip("_").replace("_", "-"): value for name, value in attributes.items()})
    for part in inside:
        if isinstance(part, Element):
            made.append(part)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + _line(part)
        else:
            made.text = (made.text or "") + _line(part)
    return made


def document(title: str, *body: Element) -> str:
    """A whole page with ``title`` as its only heading of the first rank."""
    style = Element("style")
    style.text = STYLE
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} – flagpost"),
        style,
    )
    main = element("main", element("h1", title), *body)
    footer = element("footer", "flagpost. If in doubt, or if this does not work, call the control room.")
    html = element("html", head, element("body", main, footer), lang="en-GB")
    return f"<!doctype html>\n{tostring(html, encoding='unicode', method='html')}\n"


def _line(text: str) -> str:
    """On one line, its outer blanks kept, and without characters that turn the direction of what follows."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[1:] and text[-1:].isspace() else ""
    return f"{before}{one_line(text)}{after}"
