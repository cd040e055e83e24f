"""Events: what happened in the workspace, as the app subscribed to hear of it, with Slack's retries."""

import asyncio

from chatops.sandbox import changes
from chatops.sandbox.applink import AppLink, Delivery
from chatops.sandbox.channels import Channel
from chatops.sandbox.manifest import Manifest
from chatops.sandbox.messages import Message
from chatops.sandbox.payloads import Payloads
from chatops.sandbox.wire import Json
from chatops.sandbox.workspace import Workspace

RETRY_DELAYS_SECONDS = (0.0, 60.0, 300.0)
"""https://docs.slack.dev/apis/events-api/#retries: at once, after a minute, after five minutes."""

# The scope each subscription needs: https://docs.slack.dev/reference/events
SCOPES: dict[str, str] = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "team_join": "users:read",
    "user_change": "users:read",
    "member_joined_channel": "channels:read",
}
MESSAGE_EVENTS = {
    "public": "message.channels",
    "private": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}


class EventFeed:
    """Listens to the workspace and delivers events in tasks of its own."""

    def __init__(
        self, workspace: Workspace, manifest: Manifest, link: AppLink, payloads: Payloads, time_scale: float
    ) -> None:
        self._workspace = workspace
        self._manifest = manifest
        self._link = link
        self._payloads = payloads
        self._time_scale = time_scale
        self._tasks: set[asyncio.Task[None]] = set()
        self.delivered: list[Json] = []

    def hear(self, change: changes.Change) -> None:
        match change:
            case changes.Posted(channel, message):
                self._on_posted(channel, message)
            case changes.Edited(channel, message, previous):
                self._on_edited(channel, message, previous)
            case changes.Deleted(channel, ts, previous):
                self._on_deleted(channel, ts, previous)
            case changes.Reacted():
                self._on_reacted(change)
            case changes.Joined(channel, member_id, inviter):
                self._on_joined(channel, member_id, inviter)
            case changes.MemberAdded(member):
                self._emit("team_join", {"type": "team_join", "user": self._workspace.wire_member(member)})
            case changes.MemberUpdated(member):
                self._emit("user_change", {"type": "user_change", "user": self._workspace.wire_member(member)})
            case changes.HomeOpened(member_id):
                self._on_home_opened(member_id)
            case _:
                return

    def _app_is_in(self, channel: Channel) -> bool:
        return channel.has(self._workspace.bot.id)

    def _on_posted(self, channel: Channel, message: Message) -> None:
        if not self._app_is_in(channel):
            return
        event = self._workspace.wire_message(channel, message, with_metadata=True)
        self._emit_message(channel, event)
        mentioned = f"<@{self._workspace.bot.id}>" in message.text
        if mentioned and channel.kind in ("public", "private") and message.member_id != self._workspace.bot.id:
            mention = {key: value for key, value in event.items() if key != "channel_type"}
            self._emit("app_mention", mention | {"type": "app_mention", "channel": channel.id})

    def _on_edited(self, channel: Channel, message: Message, previous: Json) -> None:
        event: Json = {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "previous_message": previous,
            "message": self._workspace.wire_message(channel, message, with_metadata=True),
            "ts": self._workspace.timestamps.next(),
        }
        self._emit_message(channel, event)

    def _on_deleted(self, channel: Channel, ts: str, previous: Json) -> None:
        event: Json = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "previous_message": previous,
            "deleted_ts": ts,
            "ts": self._workspace.timestamps.next(),
        }
        self._emit_message(channel, event)

    def _emit_message(self, channel: Channel, event: Json) -> None:
        if self._app_is_in(channel):
            place = {"channel": channel.id, "channel_type": channel.channel_type, "event_ts": event["ts"]}
            self._emit(MESSAGE_EVENTS[channel.kind], event | place)

    def _on_reacted(self, change: changes.Reacted) -> None:
        if not self._app_is_in(change.channel):
            return
        kind = "reaction_added" if change.added else "reaction_removed"
        item = {"type": "message", "channel": change.channel.id, "ts": change.message.ts}
        event: Json = {
            "type": kind,
            "user": change.member_id,
            "reaction": change.name,
            "item": item,
            "item_user": change.message.member_id,
            "event_ts": self._workspace.timestamps.next(),
        }
        self._emit(kind, event)

    def _on_joined(self, channel: Channel, member_id: str, inviter: str | None) -> None:
        if not self._app_is_in(channel):
            return
        event: Json = {
            "type": "member_joined_channel",
            "user": member_id,
            "channel": channel.id,
            "channel_type": "C" if channel.kind == "public" else "G",
            "team": self._workspace.identity.team_id,
            "event_ts": self._workspace.timestamps.next(),
        }
        self._emit("member_joined_channel", event | ({"inviter": inviter} if inviter else {}))

    def _on_home_opened(self, member_id: str) -> None:
        im, _ = self._workspace.open_im([member_id, self._workspace.bot.id])
        home = self._workspace.views.home(member_id)
        event: Json = {
            "type": "app_home_opened",
            "user": member_id,
            "channel": im.id,
            "tab": "home",
            "event_ts": self._workspace.timestamps.next(),
        }
        self._emit("app_home_opened", event | ({"view": self._workspace.wire_view(home)} if home else {}))

    def _emit(self, subscription: str, event: Json) -> None:
        """Deliver if the app subscribed and holds the scope; without it Slack stays silent."""
        scope = SCOPES.get(subscription)
        if subscription not in self._manifest.events or (scope and scope not in self._manifest.scopes):
            return
        task = asyncio.get_running_loop().create_task(self._deliver(self._payloads.event(event)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, payload: Json) -> None:
        """First try and up to three retries; `X-Slack-No-Retry: 1` ends them."""
        acknowledgement = await self._link.deliver(Delivery(kind="events_api", payload=payload))
        for number, delay_seconds in enumerate(RETRY_DELAYS_SECONDS, start=1):
            if acknowledgement.ok or acknowledgement.stop_retrying:
                break
            await asyncio.sleep(delay_seconds * self._time_scale)
            reason = acknowledgement.outcome
            again = Delivery(kind="events_api", payload=payload, retry_num=number, retry_reason=reason)
            acknowledgement = await self._link.deliver(again)
        if acknowledgement.ok:
            self.delivered.append(payload)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
