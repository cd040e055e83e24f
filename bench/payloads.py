"""What people do, as Slack posts it: commands, submissions, clicks. The fewest fields that the real ones have."""

import json
import time
from itertools import count
from typing import Any
from urllib.parse import urlencode

from bench.client import Request

TEAM = "T0BENCH"
CHANNEL = "C0INCIDENTS"
AUTHOR, APPROVER = "U00001", "U00002"
RESPONSE_PATH = "/response"

_ids = count(1)


def build_command(text: str, *, response_url: str = "") -> Request:
    fields = {
        "team_id": TEAM,
        "channel_id": CHANNEL,
        "user_id": AUTHOR,
        "command": "/incident",
        "text": text,
        "response_url": response_url,
        "trigger_id": f"{next(_ids)}.{time.time_ns()}",
    }
    return Request(urlencode(fields).encode())


def build_opening(title: str, words: str) -> Request:
    """The form *Open an incident*, with first words, which start a draft."""
    values = {
        "title": {"input": {"type": "plain_text_input", "value": title}},
        "impact": {"input": {"type": "static_select", "selected_option": {"value": "minor"}}},
        "first_words": {"input": {"type": "plain_text_input", "value": words}},
        "commander": {"input": {"type": "users_select", "selected_user": AUTHOR}},
        "comms_lead": {"input": {"type": "users_select", "selected_user": APPROVER}},
    }
    view = {
        "id": f"V{next(_ids)}{time.time_ns()}",
        "type": "modal",
        "callback_id": "open_incident",
        "private_metadata": json.dumps({"slack_channel": CHANNEL}),
        "blocks": [{"type": "input", "block_id": name} for name in values],
        "state": {"values": values},
    }
    return _interact("view_submission", AUTHOR, {"view": view})


def build_approval(incident: int) -> Request:
    """A click on *Approve* of the first revision of an incident's first draft."""
    action = {"action_id": "approve", "type": "button", "value": f"{incident}:1:1", "action_ts": f"{time.time():.6f}"}
    container = {"type": "message", "message_ts": f"{incident}.000100", "channel_id": CHANNEL}
    return _interact(
        "block_actions", APPROVER, {"container": container, "channel": {"id": CHANNEL}, "actions": [action]}
    )


def _interact(kind: str, person: str, more: dict[str, Any]) -> Request:
    payload = {
        "type": kind,
        "team": {"id": TEAM, "domain": "bench"},
        "user": {"id": person, "team_id": TEAM},
        "trigger_id": f"{next(_ids)}.{time.time_ns()}",
        **more,
    }
    return Request(urlencode({"payload": json.dumps(payload)}).encode())
