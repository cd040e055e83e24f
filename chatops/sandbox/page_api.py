"""The page's API: everything under /sandbox/, as docs/sandbox.md describes it."""

import json
from pathlib import Path

from aiohttp import web

from chatops.sandbox.acts import ACTS
from chatops.sandbox.changes import HomeOpened
from chatops.sandbox.channels import Channel
from chatops.sandbox.live import LivePages, page_message
from chatops.sandbox.members import Member
from chatops.sandbox.parts import Parts
from chatops.sandbox.wire import Json, Refused

PAGE_FOLDER = Path(__file__).parent / "page"


class PageApi:
    def __init__(self, parts: Parts, live: LivePages, links: list[Json]) -> None:
        self._parts = parts
        self._live = live
        self._links = links

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/", self.index)
        router.add_get("/sandbox/state", self.state)
        router.add_get("/sandbox/messages", self.messages)
        router.add_get("/sandbox/view", self.view)
        router.add_get("/sandbox/home", self.home)
        router.add_get("/sandbox/violations", self.violations)
        router.add_get("/sandbox/live", self.live)
        router.add_post("/sandbox/act", self.act)
        if PAGE_FOLDER.is_dir():
            router.add_static("/static/", PAGE_FOLDER)

    def _me(self, member_id: str | None) -> Member:
        member = self._parts.workspace.members.get(member_id or "")
        if member is None or member.is_bot or member.deleted:
            raise web.HTTPBadRequest(
                text=json.dumps({"ok": False, "error": "Say who you are with `as`: a member's id."}),
                content_type="application/json",
            )
        return member

    async def index(self, request: web.Request) -> web.StreamResponse:
        del request
        page = PAGE_FOLDER / "index.html"
        if not page.is_file():
            return web.Response(text="The sandbox runs; its page is not installed.")
        return web.FileResponse(page, headers={"Cache-Control": "no-cache"})

    async def state(self, request: web.Request) -> web.Response:
        workspace, manifest = self._parts.workspace, self._parts.manifest
        people = workspace.people()
        me = self._me(request.query.get("as") or people[0].id)
        return web.json_response(
            {
                "team": {"id": workspace.team["id"], "name": workspace.team["name"]},
                "me": me.id,
                "members": [_page_member(member) for member in workspace.members.values() if not member.deleted],
                "channels": [
                    self._page_channel(channel, me)
                    for channel in workspace.channels.values()
                    if workspace.may_see(channel, me.id) and not channel.is_archived
                ],
                "commands": [
                    {"command": c.command, "description": c.description, "usage_hint": c.usage_hint}
                    for c in manifest.commands
                ],
                "shortcuts": [
                    {"name": s.name, "type": s.type, "callback_id": s.callback_id} for s in manifest.shortcuts
                ],
                "app": {
                    "name": manifest.bot_name,
                    "bot_member_id": workspace.bot.id,
                    "connected": self._parts.link.is_connected,
                    "home_enabled": manifest.home_enabled,
                },
                "links": self._links,
                "faults": self._parts.faults.wire(),
                "social_faults": self._parts.social.wire_faults(),
            }
        )

    def _page_channel(self, channel: Channel, me: Member) -> Json:
        members = self._parts.workspace.members
        others = [members[member_id].real_name for member_id in channel.member_ids if member_id != me.id]
        direct = channel.kind in ("im", "mpim")
        return {
            "id": channel.id,
            "name": (", ".join(others) or me.real_name) if direct else channel.name,
            "is_private": channel.is_private,
            "is_im": direct,
            "is_member": channel.has(me.id),
            "unread": channel.unread(me.id),
            "topic": channel.topic["value"],
            "member_ids": list(channel.member_ids),
        }

    async def messages(self, request: web.Request) -> web.Response:
        me = self._me(request.query.get("as"))
        channel = self._parts.workspace.channels.get(request.query.get("channel", ""))
        if channel is None or not self._parts.workspace.may_see(channel, me.id):
            return _refusal("That Slack channel cannot be seen.", status=404)
        shown = channel.seen(me.id, request.query.get("thread_ts") or None)
        if shown:
            channel.read_up_to[me.id] = max(channel.read_up_to.get(me.id, ""), shown[-1].ts)
        wires = [page_message(self._parts.workspace, channel, message) for message in shown]
        return web.json_response({"messages": wires})

    async def view(self, request: web.Request) -> web.Response:
        me = self._me(request.query.get("as"))
        stack = [self._parts.workspace.wire_view(view) for view in self._parts.workspace.views.stack(me.id)]
        return web.json_response({"view": stack[-1] if stack else None, "stack": stack})

    async def home(self, request: web.Request) -> web.Response:
        me = self._me(request.query.get("as"))
        if request.query.get("open") == "1":
            self._parts.workspace.tell(HomeOpened(me.id))
        home = self._parts.workspace.views.home(me.id)
        return web.json_response({"view": self._parts.workspace.wire_view(home) if home else None})

    async def violations(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"violations": self._parts.violations.wire()})

    async def live(self, request: web.Request) -> web.StreamResponse:
        return await self._live.serve(request, self._me(request.query.get("as")).id)

    async def act(self, request: web.Request) -> web.Response:
        # Only JSON is taken, so that no form on another site can act here.
        if request.content_type != "application/json":
            return _refusal("Send JSON.", status=415)
        try:
            wish = await request.json()
        except json.JSONDecodeError:
            return _refusal("That is not JSON.", status=400)
        if not isinstance(wish, dict):
            return _refusal("Send a JSON object.", status=400)
        act = ACTS.get(str(wish.get("do")))
        if act is None:
            return _refusal(f"There is no such act: {wish.get('do')}", status=400)
        me = self._me(wish.get("as"))
        try:
            result = await act(self._parts, me, wish)
        except Refused as refusal:
            return _refusal(str(refusal))
        return web.json_response({"ok": True} | result)


def _refusal(text: str, status: int = 200) -> web.Response:
    return web.json_response({"ok": False, "error": text}, status=status)


def _page_member(member: Member) -> Json:
    return {
        "id": member.id,
        "name": member.name,
        "real_name": member.real_name,
        "title": member.title,
        "is_bot": member.is_bot or member.id == "USLACKBOT",
        "is_guest": member.is_guest,
        "is_admin": member.is_admin,
        "color": member.color,
    }
