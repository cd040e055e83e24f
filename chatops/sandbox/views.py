"""Views: the stack of modals each person has open, and each person's App Home."""

import copy
import hashlib
import time
from dataclasses import dataclass, field

from chatops.sandbox.forms import current_values
from chatops.sandbox.wire import Clock, Json, new_id

MODALS_AT_ONCE = 3
"""https://docs.slack.dev/surfaces/modals: a stack holds up to three views."""


@dataclass(kw_only=True)
class View:
    id: str
    member_id: str
    content: Json
    hash: str
    root_view_id: str
    previous_view_id: str | None = None
    touched: Json = field(default_factory=dict)

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.content["blocks"]
        return blocks

    @property
    def values(self) -> Json:
        return current_values(self.blocks, self.touched)

    def touch(self, block_id: str, action_id: str, value: Json) -> None:
        self.touched.setdefault(block_id, {})[action_id] = value


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """Who the app is in this workspace; repeated in almost everything Slack sends."""

    app_id: str
    bot_id: str
    bot_member_id: str
    team_id: str
    name: str

    def on_messages(self) -> Json:
        """https://docs.slack.dev/reference/events/message: what marks a message as an app's."""
        icons = {f"image_{size}": f"https://avatars.example.com/bot-{size}.png" for size in (36, 48, 72)}
        profile = {
            "id": self.bot_id,
            "deleted": False,
            "name": self.name,
            "updated": 1_760_000_000,
            "app_id": self.app_id,
            "icons": icons,
            "team_id": self.team_id,
        }
        return {"bot_id": self.bot_id, "app_id": self.app_id, "bot_profile": profile}


def wire_view(view: View, identity: AppIdentity) -> Json:
    """https://docs.slack.dev/reference/views"""
    content = copy.deepcopy(view.content)
    wire: Json = {
        "id": view.id,
        "team_id": identity.team_id,
        "type": content["type"],
        "blocks": content["blocks"],
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "state": {"values": copy.deepcopy(view.values)},
        "hash": view.hash,
        "title": content.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "clear_on_close": content.get("clear_on_close", False),
        "notify_on_close": content.get("notify_on_close", False),
        "close": content.get("close"),
        "submit": content.get("submit"),
        "previous_view_id": view.previous_view_id,
        "root_view_id": view.root_view_id,
        "app_id": identity.app_id,
        "external_id": content.get("external_id", ""),
        "app_installed_team_id": identity.team_id,
        "bot_id": identity.bot_id,
    }
    if content["type"] == "modal":
        wire["submit_disabled"] = content.get("submit_disabled", False)
    return wire


class Views:
    """All views now alive in the workspace."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def stack(self, member_id: str) -> list[View]:
        return self._stacks.get(member_id, [])

    def top(self, member_id: str) -> View | None:
        stack = self.stack(member_id)
        return stack[-1] if stack else None

    def home(self, member_id: str) -> View | None:
        return self._homes.get(member_id)

    def find(self, view_id: str) -> View | None:
        return next((view for view in self._alive() if view.id == view_id), None)

    def find_external(self, external_id: str) -> View | None:
        return next((view for view in self._alive() if view.content.get("external_id") == external_id), None)

    def _alive(self) -> list[View]:
        return [view for stack in self._stacks.values() for view in stack] + list(self._homes.values())

    def open(self, member_id: str, content: Json) -> View:
        view = self._new(member_id, content)
        self._stacks[member_id] = [view]
        return view

    def push(self, member_id: str, content: Json) -> View | None:
        """None when the stack is full."""
        stack = self._stacks.setdefault(member_id, [])
        if len(stack) >= MODALS_AT_ONCE:
            return None
        view = self._new(member_id, content, below=stack[-1])
        stack.append(view)
        return view

    def update(self, view: View, content: Json) -> None:
        view.content = content
        view.hash = self._hash(content)

    def publish(self, member_id: str, content: Json) -> View:
        home = self._homes.get(member_id)
        if home is None:
            home = self._homes[member_id] = self._new(member_id, content)
        else:
            self.update(home, content)
        return home

    def close(self, view: View, *, everything: bool = False) -> list[View]:
        """The views that went away, the topmost first."""
        stack = self._stacks.get(view.member_id, [])
        if view not in stack:
            return []
        first_gone = 0 if everything else stack.index(view)
        gone = stack[first_gone:]
        del stack[first_gone:]
        return gone[::-1]

    def _new(self, member_id: str, content: Json, below: View | None = None) -> View:
        view_id = new_id("V")
        return View(
            id=view_id,
            member_id=member_id,
            content=content,
            hash=self._hash(content),
            root_view_id=below.root_view_id if below else view_id,
            previous_view_id=below.id if below else None,
        )

    def _hash(self, content: Json) -> str:
        digest = hashlib.sha256(repr((content, new_id("h"))).encode()).hexdigest()
        return f"{int(self._clock())}.{digest[:8]}"
