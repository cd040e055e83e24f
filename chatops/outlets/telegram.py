"""Telegram: a bot posts into a channel or group. https://core.telegram.org/bots/api"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, ShortSettings
from chatops.outlets.counting import count_utf16
from chatops.outlets.http import Http
from chatops.outlets.json_calls import JsonApi, Reply, require_target
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "telegram"
LABEL = "Telegram"
LIMITS = TextLimits(max_chars=4096, count=count_utf16)
"""https://core.telegram.org/bots/api#sendmessage leaves open what a character is; UTF-16 units are never fewer."""
ABILITIES = Abilities(edit=True, retract=True, thread=True, settled_by="person", mentions=True, reply=True)
"""A bot cannot read what stands in a channel, and sendMessage knows no key of ours."""
COST: Callable[[str], str] | None = None

PLAIN: dict[str, Any] = {"link_preview_options": {"is_disabled": True}}
"""No parse_mode either: the words stand there as they were approved."""

UNCHANGED = "message is not modified"
GONE = ("message to delete not found", "message identifier is not specified", "message_id_invalid")
MISSING = ("message to edit not found", *GONE)
FORBIDDEN = ("message can't be edited", "message can't be deleted")


def _check_chat(chat: str) -> str:
    if not re.fullmatch(r"@[A-Za-z]\w{3,31}|-?[0-9]{1,20}", chat, flags=re.ASCII):
        raise ValueError('must be like "@acme_status", or the number of a private chat like "-1001234567890"')
    return chat


class Settings(ShortSettings):
    """`[outlets.telegram]`; the bot must be an administrator of the channel."""

    bot_token: SecretStr = Field(description="110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")
    bot_token_env: str = "TELEGRAM_BOT_TOKEN"  # noqa: S105 - the name of the variable
    chat_id: Annotated[str, AfterValidator(_check_chat)] = Field(description='chat_id = "@acme_status"')
    base_url: BaseUrl = "https://api.telegram.org"


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    return OutletSpec(
        key=key,
        label=label,
        account=settings.chat_id,
        limits=LIMITS,
        abilities=ABILITIES,
        form="short",
        cost=COST,
        link=settings.link,
        split=settings.split,
    )


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Telegram(settings, build_spec(settings, key=key, label=label), http)


class BotApi:
    """Calls as that bot, and what a no means."""

    def __init__(self, settings: Settings, http: Http) -> None:
        self._chat_id = settings.chat_id
        self._variable = settings.bot_token_env
        self._api = JsonApi(http, f"{settings.base_url}/bot{settings.bot_token.get_secret_value()}")
        self.place = self._api.place

    async def call(self, method: str, arguments: object = None, *, is_repeatable: bool = False) -> Reply:
        reply = await self._api.call("POST", f"/{method}", body=arguments or {}, is_repeatable=is_repeatable)
        return reply.with_retry_after(reply.find("parameters", "retry_after"))

    def require_ok(self, reply: Reply) -> None:
        """Each call answers {"ok": …}; what is not ok says why. https://core.telegram.org/bots/api#making-requests"""
        if reply.find("ok") is False and 400 <= reply.status < 500:
            self._refuse(reply)
        reply.require_json()
        if reply.find("ok") is not True:
            raise reply.doubt()

    def _refuse(self, reply: Reply) -> None:
        """In our own words, where we have any: descriptions are for developers, and may hold anything."""
        said = describe(reply)
        if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
            text = f"Telegram does not know this bot. Check the token in {self._variable}."
            raise NotSent(text, needs_person=True)
        if isinstance(reply.find("parameters", "migrate_to_chat_id"), int):
            new = reply.find("parameters", "migrate_to_chat_id")
            raise Refused(f'The group became a supergroup: write chat_id = "{new}" into the settings.')
        if "chat not found" in said or reply.status == HTTPStatus.FORBIDDEN or "rights" in said:
            raise Refused(
                f"The bot may not post to {self._chat_id}, or it is not there. Check chat_id, and make the bot an "
                "administrator who may post."
            )
        if any(word in said for word in MISSING):
            raise Refused("The post is no longer there.")
        if any(word in said for word in FORBIDDEN):
            raise Refused("Telegram does not let the bot change this post: it is too old, or not the bot's own.")
        if "too long" in said:
            raise Refused("The words are too long for Telegram.")


class Telegram:
    """Remote ids are CHAT/MESSAGE, so that an edit finds its post also after `chat_id` was changed."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._chat_id = settings.chat_id
        self._api = BotApi(settings, http)

    async def send(self, posting: Posting) -> Sent:
        arguments = {"chat_id": self._chat_id, "text": posting.words, **PLAIN}
        if posting.earlier:
            # Where the earlier post was removed by hand, the update matters more than its thread.
            message_id = int(part_id(posting.earlier[-1])[1])
            arguments["reply_parameters"] = {"message_id": message_id, "allow_sending_without_reply": True}
        reply = await self._api.call("sendMessage", arguments)
        self._api.require_ok(reply)
        return self._read_sent(reply)

    async def find(self, posting: Posting) -> Sent | None:  # noqa: ARG002 - the port's signature
        raise Uncertain(f"Telegram does not let bots read a chat. Look into {self._chat_id}.")

    async def edit(self, posting: Posting) -> Sent:
        target = require_target(posting.target)
        chat_id, message_id = part_id(target)
        arguments = {"chat_id": chat_id, "message_id": int(message_id), "text": posting.words, **PLAIN}
        reply = await self._api.call("editMessageText", arguments, is_repeatable=True)
        if describe(reply).find(UNCHANGED) >= 0:
            return Sent(remote_id=target, url=self._link(chat_id, message_id, None))
        self._api.require_ok(reply)
        return self._read_sent(reply)

    async def retract(self, posting: Posting) -> Sent:
        target = require_target(posting.target)
        chat_id, message_id = part_id(target)
        arguments = {"chat_id": chat_id, "message_id": int(message_id)}
        reply = await self._api.call("deleteMessage", arguments, is_repeatable=True)
        if any(word in describe(reply) for word in GONE):
            return Sent(remote_id=target, note="It was gone already.")
        self._api.require_ok(reply)
        return Sent(remote_id=target)

    async def check(self) -> str:
        me = await self._api.call("getMe", is_repeatable=True)
        self._api.require_ok(me)
        chat = await self._api.call("getChat", {"chat_id": self._chat_id}, is_repeatable=True)
        self._api.require_ok(chat)
        name = me.find("result", "username")
        bot = f"@{name}" if isinstance(name, str) and re.fullmatch(r"\w{1,40}", name) else "the bot"
        return f"{self._api.place} knows {bot}, and {bot} sees {self._chat_id}; nothing was posted"

    def _read_sent(self, reply: Reply) -> Sent:
        chat_id, message_id = reply.find("result", "chat", "id"), reply.find("result", "message_id")
        if not isinstance(chat_id, int) or not isinstance(message_id, int):
            raise reply.doubt()
        url = self._link(str(chat_id), str(message_id), reply.find("result", "chat", "username"))
        return Sent(remote_id=f"{chat_id}/{message_id}", url=url)

    def _link(self, chat_id: str, message_id: str, username: object) -> str | None:
        name = username if isinstance(username, str) else self._chat_id.removeprefix("@")
        return build_link(chat_id, message_id, name)


def build_link(chat_id: str, message_id: str, username: object) -> str | None:
    """Public ones open for everybody, t.me/c/… for members only; small groups and private chats have no links."""
    if isinstance(username, str) and re.fullmatch(r"[A-Za-z]\w{3,31}", username, flags=re.ASCII):
        return f"https://t.me/{username}/{message_id}"
    return f"https://t.me/c/{chat_id.removeprefix('-100')}/{message_id}" if chat_id.startswith("-100") else None


def describe(reply: Reply) -> str:
    """Its own words, to look into and never to show."""
    return str(reply.find("description") or "").casefold() if reply.find("ok") is False else ""


def part_id(remote_id: str) -> tuple[str, str]:
    chat_id, _, message_id = remote_id.rpartition("/")
    if not chat_id or not message_id.isdigit():
        _refuse_id()
    return chat_id, message_id


def _refuse_id() -> NoReturn:
    raise Refused("The post's id is not one of Telegram's. Please change it there.")
