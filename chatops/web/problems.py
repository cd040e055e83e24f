"""Errors as pages that read well and leak nothing; the one place that turns them into HTTP codes."""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from chatops.domain.errors import NotFound
from chatops.web.answers import HTML
from chatops.web.page import render_problem

log = logging.getLogger(__name__)

TEXTS = {
    404: ("There is nothing here", "The address may be mistyped, or what stood here is gone."),
    405: ("That does not work here", "This page can only be read."),
    500: ("Something went wrong on our side", "We have been told. Please try again in a moment."),
}
OTHER = ("That did not work", "The request could not be answered as it was made.")


def catch_problems(team: str) -> Middleware:
    @web.middleware
    async def middleware(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotFound:
            return _answer(request, 404, team)
        except web.HTTPException as problem:
            if problem.status < 400:
                raise
            return _answer(request, problem.status, team, allow=problem.headers.get("Allow"))
        except Exception:
            log.exception("%s %s", request.method, request.rel_url.raw_path)
            return _answer(request, 500, team)

    return middleware


def _answer(request: web.Request, status: int, team: str, *, allow: str | None = None) -> web.Response:
    headers = {"Cache-Control": "no-store", **({"Allow": allow} if allow else {})}
    heading, advice = TEXTS.get(status, OTHER)
    if request.method not in ("GET", "HEAD"):
        # A machine asked (Slack, a script): one line says it.
        return web.Response(status=status, text=f"{heading}. {advice}\n", headers=headers)
    text = render_problem(status, heading, advice, team=team)
    return web.Response(status=status, body=text.encode(errors="replace"), headers={**headers, "Content-Type": HTML})
