"""Calls of Discord's API that posting and listening share. https://docs.discord.com/developers/reference"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chatops import __version__
from chatops.domain.errors import DeliveryError, NotSent, Refused
from chatops.outlets.http import Http
from chatops.outlets.json_calls import JsonApi, Reply, find_in, list_in

PAGE_MESSAGES = 100
EPOCH_MILLISECONDS = 1420070400000
"""https://docs.discord.com/developers/reference#snowflakes"""
CLOCKS_APART = timedelta(minutes=10)
ANSWER_GONE = 10008
"""Unknown Message. https://docs.discord.com/developers/topics/opcodes-and-status-codes#json"""
MAY_NOT = (50001, 50013)
"""Missing Access, Missing Permissions."""


class DiscordApi:
    """`variable` is the environment variable of the token, for the errors."""

    def __init__(self, api: JsonApi, variable: str) -> None:
        self._api = api
        self._variable = variable
        self.place = api.place

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        is_repeatable: bool = False,
    ) -> Reply:
        reply = await self._api.call(method, path, body=body, query=query, is_repeatable=is_repeatable)
        return reply.with_retry_after(reply.find("retry_after"))

    def require_fine(self, reply: Reply) -> None:
        if reply.status == 401 or reply.find("code") == 10015:  # 10015: Unknown Webhook
            raise NotSent(f"Discord does not know us. Check {self._variable}.", needs_person=True)
        if reply.find("code") in MAY_NOT:
            raise Refused("Discord does not let us post there. The bot needs View Channel and Send Messages.")
        if reply.find("code") == 10003:
            raise Refused("Discord knows no such channel. Check channel_id, and invite the bot to its server.")
        if reply.find("code") == ANSWER_GONE:
            raise Refused("The post is no longer there.")
        reply.require_success()

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        reply = await self.call("GET", path, query=query, is_repeatable=True)
        self.require_fine(reply)
        return reply


class Channel:
    """One channel as a bot reads it. Remote ids are CHANNEL/MESSAGE."""

    def __init__(self, api: DiscordApi, channel_id: str) -> None:
        self._api = api
        self.id = channel_id
        self.path = f"/channels/{channel_id}"
        self._guild: str | None = None
        self._me: str | None = None

    async def find_me(self) -> str:
        """The bot's own id."""
        if self._me is None:
            reply = await self._api.read("/users/@me")
            me = reply.find("id")
            if not isinstance(me, str) or not me.isdigit():
                raise reply.doubt()
            self._me = me
        return self._me

    async def find_guild(self) -> str | None:
        """The server's number, which links need: asked once, and never worth failing for."""
        if self._guild is None:
            try:
                self._guild = read_guild(await self._api.call("GET", self.path, is_repeatable=True))
            except DeliveryError:
                self._guild = None
        return self._guild

    async def list_messages(self, *, before: str | None = None, after: str | None = None) -> list[dict[str, Any]]:
        """A page, newest first: the latest before, or the first after that id."""
        query = {"limit": str(PAGE_MESSAGES)}
        query |= {name: value for name, value in (("before", before), ("after", after)) if value is not None}
        reply = await self._api.read(f"{self.path}/messages", query)
        if not isinstance(reply.data, list):
            raise reply.doubt()
        return list_in(reply.data)


def build_bot_api(http: Http, base_url: str, token: str, variable: str) -> DiscordApi:
    # https://docs.discord.com/developers/reference#user-agent
    headers = {"Authorization": f"Bot {token}", "User-Agent": f"DiscordBot (chatops, {__version__})"}
    return DiscordApi(JsonApi(http, base_url, headers), variable)


def read_guild(reply: Reply) -> str | None:
    guild = reply.find("guild_id")
    return guild if reply.is_fine and isinstance(guild, str) and guild.isdigit() else None


def read_id(value: object) -> str:
    """`0` for what is none."""
    is_id = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20
    return str(value) if is_id else "0"


def part_id(remote_id: str) -> tuple[str, str]:
    channel_id, _, message_id = remote_id.partition("/")
    if not (channel_id.isdigit() and message_id.isdigit()):
        raise Refused("The post's id is not one of Discord's. Please change it there.")
    return channel_id, message_id


def build_link(guild: str | None, channel_id: str, message_id: str) -> str | None:
    return f"https://discord.com/channels/{guild}/{channel_id}/{message_id}" if guild else None


def read_time(message_id: str) -> datetime:
    """Ids hold their time."""
    return datetime.fromtimestamp(((int(message_id) >> 22) + EPOCH_MILLISECONDS) / 1000, UTC)


def make_id(at: datetime) -> str:
    """The smallest id of that moment."""
    return str(max(0, int(at.timestamp() * 1000) - EPOCH_MILLISECONDS) << 22)


def find_author(message: Mapping[str, Any]) -> object:
    return find_in(message.get("author"), "id")
