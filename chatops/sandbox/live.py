"""Live pushes to the page: each open page hears what its person may see."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable

from aiohttp import web

from chatops.sandbox import changes
from chatops.sandbox.channels import Channel
from chatops.sandbox.messages import Message
from chatops.sandbox.wire import Json
from chatops.sandbox.workspace import Workspace

WAITING_MOST = 1000
"""A page that reads nothing for so long is dropped; it reconnects and reads the state anew."""


def page_message(workspace: Workspace, channel: Channel, message: Message) -> Json:
    """A message as the page shows it: what people typed goes as text, without the composer's rich text."""
    wire = workspace.wire_message(channel, message)
    if not message.by_app:
        wire.pop("blocks", None)
    return wire


class LivePages:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._queues: defaultdict[str, set[asyncio.Queue[Json | None]]] = defaultdict(set)

    async def serve(self, request: web.Request, member_id: str) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        queue: asyncio.Queue[Json | None] = asyncio.Queue(WAITING_MOST)
        self._queues[member_id].add(queue)
        writer = asyncio.create_task(_write(socket, queue))
        try:
            async for _ in socket:
                continue
        finally:
            self._queues[member_id].discard(queue)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    def hear(self, change: changes.Change) -> None:
        match change:
            case changes.Posted(channel, message):
                self._push_message("message", channel, message)
                self._push_parent(channel, message)
            case changes.Edited(channel, message):
                self._push_message("message_changed", channel, message)
            case changes.Deleted(channel, ts):
                self._push(self._watchers(channel), {"type": "message_deleted", "channel": channel.id, "ts": ts})
            case changes.EphemeralShown(channel, message):
                wire = page_message(self._workspace, channel, message)
                self._push([message.seen_only_by or ""], {"type": "ephemeral", "channel": channel.id, "message": wire})
            case changes.EphemeralGone(channel, message):
                gone = {"type": "message_deleted", "channel": channel.id, "ts": message.ts}
                self._push([message.seen_only_by or ""], gone)
            case changes.Reacted(channel, message):
                news = {"type": "reaction", "channel": channel.id, "ts": message.ts}
                self._push(self._watchers(channel), news | {"reactions": message.wire_reactions()})
            case _:
                self._hear_other(change)

    def _hear_other(self, change: changes.Change) -> None:
        views = self._workspace.views
        match change:
            case changes.ModalChanged(member_id):
                view = views.top(member_id)
                self._push([member_id], {"type": "view", "view": self._workspace.wire_view(view) if view else None})
            case changes.HomeChanged(member_id):
                home = views.home(member_id)
                self._push([member_id], {"type": "home", "view": self._workspace.wire_view(home) if home else None})
            case changes.Noticed(member_id, text):
                self._push([member_id], {"type": "notice", "text": text})
            case changes.MailArrived(mail_id):
                self._push(list(self._queues), {"type": "mail", "id": mail_id})
            case changes.ChannelListChanged() | changes.MemberAdded() | changes.MemberUpdated():
                self._push(list(self._queues), {"type": "channels"})
            case _:
                return

    def _push_message(self, kind: str, channel: Channel, message: Message) -> None:
        wire = page_message(self._workspace, channel, message)
        self._push(self._watchers(channel), {"type": kind, "channel": channel.id, "message": wire})

    def _push_parent(self, channel: Channel, message: Message) -> None:
        """A new reply changes the counts its parent shows."""
        parent = channel.messages.get(message.thread_ts or "") if message.is_reply else None
        if parent is not None:
            self._push_message("message_changed", channel, parent)

    def _watchers(self, channel: Channel) -> list[str]:
        return [member_id for member_id in self._queues if self._workspace.may_see(channel, member_id)]

    def _push(self, member_ids: Iterable[str], news: Json) -> None:
        for member_id in member_ids:
            for queue in list(self._queues.get(member_id, ())):
                if queue.full():
                    self._queues[member_id].discard(queue)
                    continue
                queue.put_nowait(news)


async def _write(socket: web.WebSocketResponse, queue: asyncio.Queue[Json | None]) -> None:
    while (news := await queue.get()) is not None:
        await socket.send_str(json.dumps(news))
