"""Discord: a bot posts into a channel, or a webhook does. https://docs.discord.com/developers/resources/message"""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from chatops.domain.errors import DeliveryError, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, ShortSettings
from chatops.outlets.counting import count_utf16
from chatops.outlets.discord_calls import (
    ANSWER_GONE,
    CLOCKS_APART,
    PAGE_MESSAGES,
    Channel,
    DiscordApi,
    build_bot_api,
    build_link,
    part_id,
    read_guild,
    read_id,
    read_time,
)
from chatops.outlets.http import Http
from chatops.outlets.json_calls import JsonApi, Reply, find_in, require_target
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "discord"
LABEL = "Discord"
LIMITS = TextLimits(max_chars=2000, count=count_utf16)
ABILITIES = Abilities(
    edit=True,
    retract=True,
    thread=True,
    settled_by="read_back",
    mentions=True,
    reply=True,
    replies_settled_by="read_back",
)
"""The bot's: a nonce keeps Discord from taking a message twice within minutes, after that it is read back."""
WEBHOOK_ABILITIES = Abilities(edit=True, retract=True, settled_by="person")
"""The webhook's: it knows no nonce, answers no message, and cannot read the channel."""
MODES: Mapping[str, Abilities] = {"bot (channel_id)": ABILITIES, "webhook": WEBHOOK_ABILITIES}
COST: Callable[[str], str] | None = None

NONCE_CHARS = 25
MOST_PAGES = 5
NO_PINGS: dict[str, Any] = {"allowed_mentions": {"parse": []}}
"""Nothing that somebody typed calls @everyone."""


def _check_webhook(url: SecretStr | None) -> SecretStr | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url.get_secret_value())
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_fine = False
    if not is_fine or "@" in parts.netloc or not re.search(r"/webhooks/[^/]+/[^/]+/?$", parts.path):
        raise ValueError("must be like https://discord.com/api/webhooks/1234/…")
    return url


def _check_channel(channel: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", channel):
        raise ValueError('must be the number of a channel, like "1180000000000000001"')
    return channel


class Settings(ShortSettings):
    """`[outlets.discord]`: with `channel_id` the bot posts, without it the webhook does."""

    bot_token: SecretStr | None = Field(None, description="the bot's token, where channel_id is set")
    bot_token_env: str = "DISCORD_BOT_TOKEN"  # noqa: S105 - the name of the variable
    channel_id: Annotated[str, AfterValidator(_check_channel)] | None = Field(
        None, description='channel_id = "1180000000000000001"'
    )
    webhook_url: Annotated[SecretStr | None, AfterValidator(_check_webhook)] = Field(
        None, description="https://discord.com/api/webhooks/1234/…, where channel_id is not set"
    )
    webhook_url_env: str = "DISCORD_WEBHOOK_URL"
    base_url: BaseUrl = "https://discord.com/api/v10"

    @model_validator(mode="after")
    def _require_one_way(self) -> "Settings":
        if self.channel_id and not self.bot_token:
            raise ValueError(f"needs the environment variable {self.bot_token_env} for its channel_id")
        if not self.channel_id and not self.webhook_url:
            raise ValueError(
                f"needs channel_id with the environment variable {self.bot_token_env}, or {self.webhook_url_env}"
            )
        return self


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    if settings.channel_id or settings.webhook_url is None:
        account, abilities = f"channel {settings.channel_id}", ABILITIES
    else:
        # The webhook's number is public, only the token after it is a secret.
        number = urlsplit(settings.webhook_url.get_secret_value()).path.rstrip("/").split("/")[-2]
        account, abilities = f"webhook {number}", WEBHOOK_ABILITIES
    return OutletSpec(
        key=key,
        label=label,
        account=account,
        limits=LIMITS,
        abilities=abilities,
        form="short",
        cost=COST,
        link=settings.link,
        split=settings.split and abilities.thread,
    )


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    spec = build_spec(settings, key=key, label=label)
    return Bot(settings, spec, http) if settings.channel_id else Webhook(settings, spec, http)


class _Messages(ABC):
    """What both ways do alike. Remote ids are CHANNEL/MESSAGE."""

    def __init__(self, spec: OutletSpec, api: DiscordApi) -> None:
        self.spec = spec
        self._api = api
        self._guild: str | None = None

    async def edit(self, posting: Posting) -> Sent:
        path = self._locate(require_target(posting.target))
        body = {"content": posting.words, **NO_PINGS}
        reply = await self._api.call("PATCH", path, body=body, is_repeatable=True)
        self._api.require_fine(reply)
        return await self._read_sent(reply)

    async def retract(self, posting: Posting) -> Sent:
        target = require_target(posting.target)
        reply = await self._api.call("DELETE", self._locate(target), is_repeatable=True)
        if reply.find("code") == ANSWER_GONE:
            return Sent(remote_id=target, note="It was gone already.")
        self._api.require_fine(reply)
        return Sent(remote_id=target)

    # What a subclass says in its own way.

    @abstractmethod
    def _locate(self, remote_id: str) -> str: ...

    @abstractmethod
    async def _find_guild(self) -> str | None: ...

    async def _read_sent(self, reply: Reply) -> Sent:
        if "0" in (read_id(reply.find("id")), read_id(reply.find("channel_id"))):
            raise reply.doubt()
        return await self._describe(reply.data)

    async def _describe(self, message: Mapping[str, Any]) -> Sent:
        """The link needs the server's number, which no message tells: asked once, and never worth failing for."""
        message_id, channel_id = read_id(message.get("id")), read_id(message.get("channel_id"))
        try:
            self._guild = self._guild or await self._find_guild()
        except DeliveryError:
            self._guild = None
        return Sent(remote_id=f"{channel_id}/{message_id}", url=build_link(self._guild, channel_id, message_id))


class Bot(_Messages):
    """Posts under a nonce; what is in doubt is looked for in the channel."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        api = build_api(settings, http)
        super().__init__(spec, api)
        self._channel = Channel(api, str(settings.channel_id))

    async def send(self, posting: Posting) -> Sent:
        body = {"content": posting.words, "nonce": name_nonce(posting), "enforce_nonce": True, **NO_PINGS}
        if posting.earlier:
            # Where the earlier post was removed by hand, the update matters more than its thread.
            message_id = part_id(posting.earlier[-1])[1]
            body["message_reference"] = {"message_id": message_id, "fail_if_not_exists": False}
        reply = await self._api.call("POST", f"{self._channel.path}/messages", body=body)
        self._api.require_fine(reply)
        return await self._read_sent(reply)

    async def find(self, posting: Posting) -> Sent | None:
        """By nonce where Discord still tells it, which it does not promise; else by author and words."""
        me = await self._channel.find_me()
        before: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._channel.list_messages(before=before)
            for message in page:
                if is_posting(message, posting, author=me):
                    return await self._describe(message)
            if len(page) < PAGE_MESSAGES or _is_older(page[-1], posting):
                return None
            before = read_id(page[-1].get("id"))
        raise Uncertain("Too much was written in the channel since then. Please look there.")

    async def check(self) -> str:
        me = await self._api.read("/users/@me")
        channel = await self._api.read(self._channel.path)
        if not me.find("id") or not channel.find("id"):
            raise channel.doubt()
        return f"{self._api.place} knows the bot, and the bot sees its channel; nothing was posted"

    def _locate(self, remote_id: str) -> str:
        channel_id, message_id = part_id(remote_id)
        return f"/channels/{channel_id}/messages/{message_id}"

    async def _find_guild(self) -> str | None:
        return await self._channel.find_guild()


class Webhook(_Messages):
    """Posts once; where the answer is lost, a person looks into Discord. It can change and remove what it posted."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        url = settings.webhook_url.get_secret_value() if settings.webhook_url else ""
        super().__init__(spec, DiscordApi(JsonApi(http, url.partition("?")[0].rstrip("/")), settings.webhook_url_env))

    async def send(self, posting: Posting) -> Sent:
        # Without `wait` the answer is empty, and no id ever known.
        reply = await self._api.call("POST", "", body={"content": posting.words, **NO_PINGS}, query={"wait": "true"})
        self._api.require_fine(reply)
        return await self._read_sent(reply)

    async def find(self, posting: Posting) -> Sent | None:  # noqa: ARG002 - the port's signature
        raise Uncertain("A webhook cannot read its channel. Look into Discord.")

    async def check(self) -> str:
        reply = await self._api.call("GET", "", is_repeatable=True)
        self._api.require_fine(reply)
        if not reply.find("id"):
            raise reply.doubt()
        return f"{self._api.place} knows the webhook; nothing was posted"

    def _locate(self, remote_id: str) -> str:
        return f"/messages/{part_id(remote_id)[1]}"

    async def _find_guild(self) -> str | None:
        return read_guild(await self._api.call("GET", "", is_repeatable=True))


def build_api(settings: Settings, http: Http) -> DiscordApi:
    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    return build_bot_api(http, settings.base_url, token, settings.bot_token_env)


def name_nonce(posting: Posting) -> str:
    """One delivery of exactly these words, in the 25 characters that a nonce may have."""
    return hashlib.sha256(f"{posting.key}\n{posting.digest}".encode()).hexdigest()[:NONCE_CHARS]


def is_posting(message: Mapping[str, Any], posting: Posting, *, author: object) -> bool:
    if message.get("nonce") == name_nonce(posting):
        return True
    is_ours = author is not None and find_in(message.get("author"), "id") == author
    known = {part_id(each)[1] for each in posting.earlier}
    same_words = str(message.get("content")).split() == posting.words.split()
    # The same words again are another update, and known by their id.
    return is_ours and same_words and message.get("nonce") is None and message.get("id") not in known


def _is_older(message: Mapping[str, Any], posting: Posting) -> bool:
    """What stood there before the first attempt cannot be the post that is looked for."""
    return read_time(read_id(message.get("id"))) < posting.first_tried_at - CLOCKS_APART
