"""Payloads: what Slack tells the app when a person acts; every shape as in Slack's reference."""

import time
from typing import Any

from chatops.sandbox.channels import Channel
from chatops.sandbox.forms import current_values
from chatops.sandbox.members import Member
from chatops.sandbox.messages import Message
from chatops.sandbox.views import View
from chatops.sandbox.wire import Json, new_id
from chatops.sandbox.workspace import Workspace

LEGACY_TOKEN = "legacy-verification-token"  # noqa: S105 - Slack deprecated it; it guards nothing


class Payloads:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def _team(self) -> Json:
        return {"id": self._workspace.team["id"], "domain": self._workspace.team["domain"]}

    def _person(self, member: Member) -> Json:
        return {
            "id": member.id,
            "username": member.name,
            "name": member.name,
            "team_id": self._workspace.team["id"],
        }

    def _common(self, kind: str, member: Member) -> Json:
        return {
            "type": kind,
            "team": self._team(),
            "user": self._person(member),
            "api_app_id": self._workspace.identity.app_id,
            "token": LEGACY_TOKEN,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def channel_name(self, channel: Channel) -> str:
        """What Slack calls it in payloads: private ones are all named alike."""
        return {"public": channel.name, "private": "privategroup", "im": "directmessage", "mpim": channel.name}[
            channel.kind
        ]

    def command(
        self, member: Member, channel: Channel, command: str, text: str, *, trigger_id: str, response_url: str
    ) -> dict[str, str]:
        """https://docs.slack.dev/interactivity/implementing-slash-commands"""
        return {
            "token": LEGACY_TOKEN,
            "team_id": self._workspace.team["id"],
            "team_domain": self._workspace.team["domain"],
            "channel_id": channel.id,
            "channel_name": self.channel_name(channel),
            "user_id": member.id,
            "user_name": member.name,
            "command": command,
            "text": text,
            "api_app_id": self._workspace.identity.app_id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": trigger_id,
        }

    def click_in_message(
        self, member: Member, channel: Channel, message: Message, action: Json, *, trigger_id: str, response_url: str
    ) -> Json:
        """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.is_ephemeral,
        }
        if message.thread_ts is not None:
            container["thread_ts"] = message.thread_ts
        payload = self._common("block_actions", member) | {
            "container": container,
            "trigger_id": trigger_id,
            "channel": {"id": channel.id, "name": self.channel_name(channel)},
            "state": {"values": current_values(message.blocks, message.inputs.get(member.id, {}))},
            "response_url": response_url,
            "actions": [action],
        }
        if not message.is_ephemeral:
            # Slack leaves the message out of clicks on ephemeral ones, which it does not keep.
            payload["message"] = self._workspace.wire_message(channel, message, with_metadata=True)
        return payload

    def click_in_view(self, member: Member, view: View, action: Json, *, trigger_id: str) -> Json:
        """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
        return self._common("block_actions", member) | {
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": trigger_id,
            "view": self._workspace.wire_view(view),
            "actions": [action],
        }

    def submission(self, member: Member, view: View, *, trigger_id: str, response_urls: list[Json]) -> Json:
        """https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload"""
        return self._common("view_submission", member) | {
            "trigger_id": trigger_id,
            "view": self._workspace.wire_view(view),
            "response_urls": response_urls,
        }

    def closing(self, member: Member, view: View, *, is_cleared: bool) -> Json:
        """https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload#view_closed"""
        return self._common("view_closed", member) | {
            "view": self._workspace.wire_view(view),
            "is_cleared": is_cleared,
        }

    def shortcut(self, member: Member, callback_id: str, *, trigger_id: str) -> Json:
        """https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload"""
        return self._shortcut("shortcut", member, callback_id, trigger_id)

    def message_shortcut(
        self,
        member: Member,
        channel: Channel,
        message: Message,
        callback_id: str,
        *,
        trigger_id: str,
        response_url: str,
    ) -> Json:
        """https://docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload#message_actions"""
        return self._shortcut("message_action", member, callback_id, trigger_id) | {
            "user": {"id": member.id, "team_id": self._workspace.team["id"], "name": member.name},
            "response_url": response_url,
            "message_ts": message.ts,
            "channel": {"id": channel.id, "name": self.channel_name(channel)},
            "message": self._workspace.wire_message(channel, message),
        }

    def _shortcut(self, kind: str, member: Member, callback_id: str, trigger_id: str) -> Json:
        payload = self._common(kind, member) | {
            "action_ts": _action_ts(),
            "callback_id": callback_id,
            "trigger_id": trigger_id,
        }
        # Unlike the other interactions, shortcuts do not name the app.
        del payload["api_app_id"]
        return payload

    def event(self, event: Json) -> Json:
        """https://docs.slack.dev/apis/events-api/#callback-field"""
        app = self._workspace.identity
        return {
            "token": LEGACY_TOKEN,
            "team_id": app.team_id,
            "context_team_id": app.team_id,
            "context_enterprise_id": None,
            "api_app_id": app.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(self._workspace.clock()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": app.team_id,
                    "user_id": app.bot_member_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{new_id('', 24)}",
        }


def action_of(block: Json, element: Json, value: Json) -> Json:
    """One entry of `actions`: the element as clicked, with what was chosen."""
    action: dict[str, Any] = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": _action_ts(),
    }
    for key in ("text", "value", "style", "url", "placeholder", "confirm", "initial_option", "initial_user"):
        if key in element:
            action[key] = element[key]
    return action | value


def _action_ts() -> str:
    return f"{time.time():.6f}"
