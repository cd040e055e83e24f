"""One request from Slack, parsed: raw payloads end here."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from chatops.usecases.ports import Desk
from chatops.usecases.recording import Command

APPROVE = re.compile(r"\W*approve\W*", re.IGNORECASE)
"""The thread reply that approves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who did what, where; `command` carries the key by which a repeat is known."""

    desk: Desk
    command: Command
    words: str = ""
    value: str = ""
    trigger_id: str | None = None
    response_url: str | None = None
    channel: str | None = None
    thread_ts: str | None = None
    in_view: bool = False
    in_modal: bool = False
    """What opens now has to go on top of what is open."""
    view: dict[str, Any] = field(default_factory=dict)
    message: dict[str, Any] = field(default_factory=dict)

    @property
    def wants_answer(self) -> bool:
        """An event by which somebody asks for something, not just talks or looks."""
        kind = self.message.get("type")
        return kind in ("reaction_added", "app_mention") or APPROVE.fullmatch(self.words) is not None


def parse_slash(desk: Desk, body: dict[str, Any]) -> Call:
    return Call(
        desk=desk,
        command=_command(body["team_id"], f"command:{body['trigger_id']}", body["user_id"], body.get("channel_id")),
        words=body.get("text") or "",
        trigger_id=body["trigger_id"],
        response_url=body.get("response_url"),
        channel=body.get("channel_id"),
    )


def parse_click(desk: Desk, body: dict[str, Any]) -> Call:
    """The key of a click: where, what, when it was clicked, by whom."""
    action = body["actions"][0]
    container = body.get("container") or {}
    place = container.get("message_ts") or container.get("view_id") or "?"
    user = body["user"]["id"]
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
    return Call(
        desk=desk,
        command=_command(
            _team(body), f"click:{place}:{action['action_id']}:{action.get('action_ts')}:{user}", user, channel
        ),
        value=action.get("value") or (action.get("selected_option") or {}).get("value") or "",
        trigger_id=body.get("trigger_id"),
        response_url=body.get("response_url"),
        channel=channel,
        in_view="view_id" in container and "message_ts" not in container,
        in_modal=(body.get("view") or {}).get("type") == "modal",
        message=body.get("message") or {},
    )


def parse_submission(desk: Desk, body: dict[str, Any]) -> Call:
    """The key of a submission: the view and all its values, so that only the very same form is a repeat."""
    view = body["view"]
    values = (view.get("state") or {}).get("values") or {}
    # What was typed may hold half a character, which has no UTF-8: in `repr` it is escaped.
    digest = hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()
    return Call(
        desk=desk,
        command=_command(_team(body), f"view:{view['id']}:{digest}", body["user"]["id"], None),
        trigger_id=body.get("trigger_id"),
        view=view,
    )


def parse_shortcut(desk: Desk, body: dict[str, Any]) -> Call:
    channel = (body.get("channel") or {}).get("id")
    return Call(
        desk=desk,
        command=_command(_team(body), f"shortcut:{body['trigger_id']}", body["user"]["id"], channel),
        trigger_id=body["trigger_id"],
        response_url=body.get("response_url"),
        channel=channel,
        message=body.get("message") or {},
    )


def parse_event(desk: Desk, body: dict[str, Any]) -> Call:
    event = body["event"]
    item = event.get("item") or {}
    channel = event.get("channel") or item.get("channel")
    user = event.get("user")
    slack_user = user if isinstance(user, str) else (user or {}).get("id", "")
    return Call(
        desk=desk,
        command=_command(
            body["team_id"], f"event:{body['event_id']}", slack_user, channel if isinstance(channel, str) else None
        ),
        words=event.get("text") or "",
        channel=channel if isinstance(channel, str) else None,
        thread_ts=event.get("thread_ts"),
        message=event,
    )


def _command(workspace: str, key: str, slack_user: str, slack_channel: str | None) -> Command:
    return Command(workspace=workspace, key=key, slack_user=slack_user, slack_channel=slack_channel)


def _team(body: dict[str, Any]) -> str:
    return str((body.get("team") or {}).get("id") or (body.get("user") or {}).get("team_id") or "")
