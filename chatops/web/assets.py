"""The page's stylesheet and script, read once, with the digests that its security policy names."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markupsafe import Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """`css` stands inline: one request less on a page that everybody opens at once."""

    css: Markup
    css_hash: str
    js: str
    js_path: str


@cache
def load_assets() -> Assets:
    css = _read("page.css")
    js = _read("page.js")
    return Assets(
        css=Markup(css),  # noqa: S704 - our own file
        css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode(),
        js=js,
        js_path=f"/static/page.{hashlib.sha256(js.encode()).hexdigest()[:16]}.js",
    )


def _read(name: str) -> str:
    return files("chatops.web").joinpath("static", name).read_text(encoding="utf-8").strip()
