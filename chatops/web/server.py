"""The public page over HTTP; `bootstrap` may add further routes to the application it gets."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from typing import TypeVar

from aiohttp import web

from chatops.domain.errors import BadInput, NotFound
from chatops.domain.ids import IncidentNumber, format_incident, parse_incident
from chatops.usecases.page_reading import read_history, read_incident, read_latest, read_now
from chatops.usecases.ports import Desk, Reads, Store
from chatops.web.answers import HTML, answer, guard_headers
from chatops.web.assets import load_assets
from chatops.web.badge import render_badge, render_favicon
from chatops.web.cache import RenderCache, Rendered, Stamp, pack
from chatops.web.feeds import render_history_feed, render_update_feed
from chatops.web.page import render_history, render_incident, render_now
from chatops.web.problems import catch_problems
from chatops.web.statuspage_api import render_api

T = TypeVar("T")
Health = Callable[[], Awaitable[Mapping[str, bool | str]]]
"""A bool is decisive for `/readyz`, a text is only reported."""

ATOM = "application/atom+xml; charset=utf-8"
JSON = "application/json; charset=utf-8"
SVG = "image/svg+xml"
API_NAMES = (
    "summary",
    "status",
    "components",
    "incidents",
    "incidents/unresolved",
    "scheduled-maintenances",
    "scheduled-maintenances/active",
    "scheduled-maintenances/upcoming",
)
_MONTH = re.compile(r"(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])")


def build_web(store: Store, desk: Desk, *, health: Health, frame_ancestors: str = "'none'") -> web.Application:
    """An application with every public route; nothing is rendered twice for the same state of the store."""
    app = web.Application(middlewares=[catch_problems(desk.team)])
    app.on_response_prepare.append(guard_headers(frame_ancestors))
    site = Site(store, desk, health)
    app.add_routes(
        [
            web.get("/", site.show_now),
            web.get("/incidents/{name}", site.show_incident),
            web.get("/history", site.show_history),
            web.get("/history.atom", site.show_history_feed),
            web.get("/updates.atom", site.show_update_feed),
            web.get("/badge.svg", site.show_badge),
            web.get("/favicon.svg", site.show_favicon),
            web.get(load_assets().js_path, site.show_script),
            web.get("/healthz", site.say_alive),
            web.get("/readyz", site.say_ready),
            *(web.get(f"/api/v2/{name}.json", site.show_api) for name in API_NAMES),
        ]
    )
    return app


class Site:
    """One method per route; each names what to read and how to render it."""

    def __init__(self, store: Store, desk: Desk, health: Health) -> None:
        self._store = store
        self._desk = desk
        self._health = health
        self._cache = RenderCache()

    async def show_now(self, request: web.Request) -> web.Response:
        rendered = await self._get("/", lambda reads: read_now(reads, self._desk), render_now, HTML)
        return answer(request, rendered)

    async def show_incident(self, request: web.Request) -> web.Response:
        number = _parse_name(request.match_info["name"])
        path = f"/incidents/{format_incident(number)}"
        if request.path != path:
            raise web.HTTPMovedPermanently(path)
        team = self._desk.team
        rendered = await self._get(
            path,
            lambda reads: read_incident(reads, number),
            lambda incident: render_incident(incident, team=team),
            HTML,
        )
        return answer(request, rendered)

    async def show_history(self, request: web.Request) -> web.Response:
        year, month = self._choose_month(request.query.get("month"))
        team = self._desk.team
        rendered = await self._get(
            f"/history?month={year:04}-{month:02}",
            lambda reads: read_history(reads, year, month),
            lambda history: render_history(history, team=team),
            HTML,
        )
        return answer(request, rendered)

    async def show_history_feed(self, request: web.Request) -> web.Response:
        rendered = await self._get(
            "/history.atom", read_latest, lambda latest: render_history_feed(latest, self._desk), ATOM
        )
        return answer(request, rendered, shared=True)

    async def show_update_feed(self, request: web.Request) -> web.Response:
        rendered = await self._get(
            "/updates.atom", read_latest, lambda latest: render_update_feed(latest, self._desk), ATOM
        )
        return answer(request, rendered, shared=True)

    async def show_badge(self, request: web.Request) -> web.Response:
        rendered = await self._get("/badge.svg", lambda reads: read_now(reads, self._desk), render_badge, SVG)
        return answer(request, rendered, shared=True)

    async def show_api(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/api/v2/").removesuffix(".json")
        rendered = await self._get(
            request.path,
            lambda reads: (read_now(reads, self._desk), read_latest(reads)),
            lambda both: render_api(name, *both, self._desk),
            JSON,
        )
        return answer(request, rendered, shared=True)

    async def show_favicon(self, request: web.Request) -> web.Response:
        return answer(request, pack(render_favicon(request.query.get("is", "")), content_type=SVG))

    async def show_script(self, request: web.Request) -> web.Response:
        response = answer(request, pack(load_assets().js, content_type="text/javascript; charset=utf-8"))
        # Its name changes with its content.
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    async def say_alive(self, _: web.Request) -> web.Response:
        return web.Response(text="ok", headers={"Cache-Control": "no-store"})

    async def say_ready(self, _: web.Request) -> web.Response:
        """Slack is reported, never decisive: the page must stay up when Slack is down."""
        report = await self._health()
        ready = all(value for value in report.values() if isinstance(value, bool))
        body = json.dumps({"ready": ready, **report}, ensure_ascii=False)
        headers = {"Cache-Control": "no-store"}
        return web.Response(text=body, status=200 if ready else 503, content_type="application/json", headers=headers)

    async def _get(self, key: str, read: Callable[[Reads], T], render: Callable[[T], str], kind: str) -> Rendered:
        async def make() -> Rendered:
            snapshot = await self._store.read(read)
            # In a thread: a page with hundreds of updates must not hold up the answers to Slack.
            return await asyncio.to_thread(lambda: pack(render(snapshot), content_type=kind))

        return await self._cache.get(key, self._find_stamp, make)

    def _find_stamp(self) -> Stamp:
        return self._store.version(), self._desk.clock.now().astimezone(UTC).date()

    def _choose_month(self, text: str | None) -> tuple[int, int]:
        if text is None:
            now = self._desk.clock.now().astimezone(UTC)
            return now.year, now.month
        match = _MONTH.fullmatch(text)
        if match is None:
            raise NotFound("A month is written like 2026-11.")
        return int(match[1]), int(match[2])


def _parse_name(name: str) -> IncidentNumber:
    try:
        return parse_incident(name)
    except BadInput as error:
        raise NotFound("There is no such incident on this page.") from error
