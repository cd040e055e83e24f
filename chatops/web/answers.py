"""From rendered bytes to HTTP answers: caching headers, conditional requests, packing, security headers."""

import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from chatops.web.assets import load_assets
from chatops.web.cache import Rendered

CACHE_CONTROL = "public, max-age=5, s-maxage=10, stale-while-revalidate=30, stale-if-error=86400"
HTML = "text/html; charset=utf-8"
_NO_GZIP = re.compile(r"^gzip\s*;\s*q\s*=\s*0(?:\.0*)?$")

PrepareSignal = Callable[[web.Request, web.StreamResponse], Awaitable[None]]


def answer(request: web.Request, rendered: Rendered, *, shared: bool = False) -> web.Response:
    """200 or 304, packed where the reader takes it. `shared`: scripts of other sites may read it."""
    headers = {
        "Cache-Control": CACHE_CONTROL,
        "ETag": rendered.etag,
        "Vary": "Accept-Encoding",
        **({"Access-Control-Allow-Origin": "*"} if shared else {}),
    }
    if knows(request.headers.get("If-None-Match", ""), rendered.etag):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = rendered.content_type
    if rendered.packed is not None and takes_gzip(request.headers.get("Accept-Encoding", "")):
        return web.Response(body=rendered.packed, headers={**headers, "Content-Encoding": "gzip"})
    return web.Response(body=rendered.body, headers=headers)


def knows(if_none_match: str, etag: str) -> bool:
    """Weak comparison, https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2."""
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return "*" in known or etag.removeprefix("W/") in known


def takes_gzip(accept_encoding: str) -> bool:
    offers = [each.strip().lower() for each in accept_encoding.split(",")]
    return any(each.split(";")[0].strip() == "gzip" and not _NO_GZIP.match(each) for each in offers)


def build_security_headers(frame_ancestors: str) -> dict[str, str]:
    """`frame_ancestors` as CSP writes it: `'none'`, or the origins that may frame the page."""
    policy = (
        f"default-src 'none'; style-src 'sha256-{load_assets().css_hash}'; script-src 'self'; connect-src 'self'; "
        f"img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {frame_ancestors}"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        # aiohttp would tell its own and Python's version.
        "Server": "chatops",
    }
    return {**headers, "X-Frame-Options": "DENY"} if frame_ancestors == "'none'" else headers


def guard_headers(frame_ancestors: str) -> PrepareSignal:
    """A signal, not a middleware: it also sees answers that no middleware makes."""
    headers = build_security_headers(frame_ancestors)

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        for name, value in headers.items():
            if name == "Server" or name not in response.headers:
                response.headers[name] = value

    return add
