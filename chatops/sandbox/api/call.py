"""A call to a Web API method: its arguments, who calls, and how it fails."""

import json
from dataclasses import dataclass

from chatops.sandbox.channels import Channel
from chatops.sandbox.parts import Parts
from chatops.sandbox.wire import Json, is_timestamp
from chatops.sandbox.workspace import Workspace


class ApiError(Exception):
    """An answer with `ok: false`: Slack's error code and what goes with it."""

    def __init__(self, code: str, **extra: object) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


def invalid_arguments(*messages: str) -> ApiError:
    return ApiError("invalid_arguments", response_metadata={"messages": list(messages)})


@dataclass(frozen=True, slots=True)
class Call:
    parts: Parts
    method: str
    arguments: Json

    @property
    def workspace(self) -> Workspace:
        return self.parts.workspace

    @property
    def bot_id(self) -> str:
        """The member who calls: the app's bot."""
        return self.parts.workspace.bot.id

    def text(self, name: str, default: str = "") -> str:
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.arguments.get(name)
        if value is None:
            return default
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def structure(self, name: str) -> object:
        """A JSON argument, given as JSON or as its text; None when it was not given or is not JSON."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if value == "":
            return None
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return None

    def names(self, name: str) -> list[str]:
        """A comma-separated list, or a JSON array."""
        value = self.arguments.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def limit(self, default: int, most: int = 1000, error: str = "invalid_limit") -> int:
        limit = int(self.text("limit", str(default)) or default)
        if not 0 <= limit <= most:
            raise ApiError(error)
        return limit or default

    def timestamp(self, name: str, error: str) -> str | None:
        value = self.arguments.get(name)
        if value in (None, ""):
            return None
        if not is_timestamp(str(value)):
            raise ApiError(error)
        return str(value)

    def visible_channel(self, name: str = "channel", *, by_name: bool = False) -> Channel:
        """The Slack channel an argument names; private ones exist only for their members."""
        given = self.text(name)
        channel = self.workspace.find_channel(given) if by_name else self.workspace.channels.get(given)
        if channel is None or not self.workspace.may_see(channel, self.bot_id):
            raise ApiError("channel_not_found")
        return channel

    def own_channel(self, name: str = "channel", *, by_name: bool = False) -> Channel:
        """A visible Slack channel that the bot is in and that is not archived."""
        channel = self.visible_channel(name, by_name=by_name)
        if channel.is_archived:
            raise ApiError("is_archived")
        if not channel.has(self.bot_id):
            raise ApiError("not_in_channel")
        return channel

    def require_scope(self, *any_of: str) -> None:
        """One of these scopes, where which one depends on the arguments."""
        granted = self.parts.manifest.scopes
        if not granted.intersection(any_of):
            raise missing_scope(any_of, granted)


def missing_scope(needed: tuple[str, ...], granted: frozenset[str]) -> ApiError:
    return ApiError("missing_scope", needed=",".join(needed), provided=",".join(sorted(granted)))
