"""Another Slack channel, such as the one partners read. https://docs.slack.dev/reference/methods/chat.postMessage"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, Inherited, Named, OutletSettings
from chatops.outlets.http import Http
from chatops.outlets.json_calls import JsonApi, Reply, find_in, list_in, require_target
from chatops.usecases.ports import Outlet, Posting, Sent

NAME = "slack_channel"
LABEL = "Slack channel"
ABILITIES = Abilities(edit=True, retract=True, thread=True, settled_by="read_back")
"""Each message carries its delivery's key as metadata, which only our own app sees."""
COST: Callable[[str], str] | None = None

EVENT_TYPE = "chatops_post"
MAX_TEXT_CHARS = 4000
"""What `text` holds by Slack's advice, and the most that chat.update takes."""
MAX_SECTION_CHARS = 3000
PAGE_MESSAGES = 100
PAGE_CHANNELS = 200
MOST_PAGES = 10
CLOCKS_APART = timedelta(minutes=10)

DOUBTFUL = ("internal_error", "fatal_error", "service_unavailable", "request_timeout")
"""Slack's own troubles: the message may stand there."""
BAD_TOKEN = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired")
NO_THREAD = ("thread_not_found", "cannot_reply_to_message")
NO_CHANNEL = ("channel_not_found", "is_archived", "method_not_supported_for_channel_type")
WORDS = {
    "missing_scope": "chatops lacks a permission in Slack. Install the app again with the manifest.",
    "message_not_found": "The post is no longer there.",
    "cant_update_message": "Slack does not let us change this post.",
    "cant_delete_message": "Slack does not let us remove this post.",
    "edit_window_closed": "This workspace does not let anybody change a post so late.",
    "msg_too_long": "The words are too long for Slack.",
    "restricted_action": "The workspace does not let apps post in this Slack channel.",
}


def escape(text: str) -> str:
    """So that nothing typed mentions or links. https://docs.slack.dev/messaging/formatting-message-text"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def count_escaped(text: str) -> int:
    return len(escape(text))


LIMITS = TextLimits(max_chars=12_000, count=count_escaped)
"""In sections of 3,000; a message's blocks hold about 13,000 in all."""


def _check_channel(channel: str) -> str:
    name = channel.removeprefix("#")
    if not re.fullmatch(r"[^\s#@<>&,.]{1,80}", name):
        raise ValueError('must be the name or the id of a Slack channel, like "partners-status"')
    return name


class Settings(OutletSettings):
    """`[outlets.slack_channel.NAME]`. The token is chatops' own, so the app's scopes are all that it needs."""

    channel: Annotated[str, AfterValidator(_check_channel)] = Field(description='channel = "partners-status"')
    token: SecretStr = Field(description="xoxb-…")
    token_env: Annotated[str, Named("SLACK_BOT_TOKEN")] = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of the variable
    base_url: Annotated[BaseUrl, Inherited("SLACK_API_URL")] = "https://slack.com/api"


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    account = f"#{settings.channel}"
    return OutletSpec(key=key, label=label, account=account, limits=LIMITS, abilities=ABILITIES, cost=COST)


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return SlackChannel(settings, build_spec(settings, key=key, label=label), http)


class SlackChannel:
    """Remote ids are CHANNEL/TS. Later updates go into the thread of the first one that stands."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._channel = settings.channel
        self._variable = settings.token_env
        self._api = JsonApi(http, settings.base_url, {"Authorization": f"Bearer {settings.token.get_secret_value()}"})
        self._channel_id: str | None = None

    async def send(self, posting: Posting) -> Sent:
        thread = posting.earlier[0] if posting.earlier else None
        try:
            return await self._post(posting, thread)
        except _NotIn:
            # Refused for certain, so posting after joining is no repeat.
            await self._join()
        except _NoThread:
            # The first post was removed by hand: the update matters more than its thread.
            thread = None
        return await self._post(posting, thread)

    async def _post(self, posting: Posting, thread: str | None) -> Sent:
        arguments = {
            "channel": self._channel_id or self._channel,
            **build_words(posting.words),
            "metadata": json.dumps({"event_type": EVENT_TYPE, "event_payload": {"key": name_post(posting)}}),
            "unfurl_links": "false",
            "unfurl_media": "false",
        }
        if thread:
            # A thread lives in the channel where it began; in the channel too, because readers follow no thread yet.
            arguments["channel"], arguments["thread_ts"] = _part_id(thread)
            arguments["reply_broadcast"] = "true"
        reply = await self._call("chat.postMessage", arguments)
        self._require_ok(reply)
        return await self._describe(reply)

    async def find(self, posting: Posting) -> Sent | None:
        """In its thread, where there is one; else in the channel since the first attempt."""
        if posting.earlier:
            channel_id, ts = _part_id(posting.earlier[0])
            try:
                return await self._look_for(posting, "conversations.replies", {"channel": channel_id, "ts": ts})
            except _NoThread:
                return await self._look_for(posting, "conversations.history", {"channel": channel_id})
        arguments = {"channel": await self._find_channel()}
        try:
            return await self._look_for(posting, "conversations.history", arguments)
        except _NotIn:
            await self._join()
        return await self._look_for(posting, "conversations.history", arguments)

    async def _look_for(self, posting: Posting, method: str, arguments: dict[str, str]) -> Sent | None:
        arguments |= {"limit": str(PAGE_MESSAGES), "include_all_metadata": "true"}
        for _ in range(MOST_PAGES):
            reply = await self._call(method, arguments, is_repeatable=True)
            self._require_ok(reply)
            messages = list_in(reply.find("messages"))
            for message in messages:
                if find_in(message.get("metadata"), "event_payload", "key") == name_post(posting):
                    return await self._describe_message(arguments["channel"], str(message.get("ts")))
            cursor = reply.find("response_metadata", "next_cursor")
            if not cursor or ("ts" not in arguments and _are_older(messages, posting)):
                return None
            arguments["cursor"] = str(cursor)
        raise Uncertain(f"Too much was written in #{self._channel} since then. Please look there.")

    async def edit(self, posting: Posting) -> Sent:
        channel_id, ts = _part_id(require_target(posting.target))
        arguments = {"channel": channel_id, "ts": ts, **build_words(posting.words)}
        # Old blocks would stay where the new words need none.
        arguments.setdefault("blocks", "[]")
        reply = await self._call("chat.update", arguments, is_repeatable=True)
        self._require_ok(reply)
        return await self._describe(reply)

    async def retract(self, posting: Posting) -> Sent:
        target = require_target(posting.target)
        channel_id, ts = _part_id(target)
        reply = await self._call("chat.delete", {"channel": channel_id, "ts": ts}, is_repeatable=True)
        if reply.find("error") == "message_not_found":
            return Sent(remote_id=target, note="It was gone already.")
        self._require_ok(reply)
        return Sent(remote_id=target)

    async def check(self) -> str:
        self._require_ok(await self._call("auth.test", {}, is_repeatable=True))
        channel_id = await self._find_channel()
        reply = await self._call("conversations.info", {"channel": channel_id}, is_repeatable=True)
        self._require_ok(reply)
        if reply.find("channel", "is_member"):
            return f"Slack takes the token, and chatops is in #{self._channel}; nothing was posted"
        if reply.find("channel", "is_private"):
            raise self._no_channel()
        return f"Slack takes the token, and chatops will join #{self._channel} with its first post; nothing was posted"

    async def _join(self) -> None:
        """A public one lets us in; into a private one somebody has to invite us."""
        reply = await self._call("conversations.join", {"channel": await self._find_channel()}, is_repeatable=True)
        self._require_ok(reply)

    async def _find_channel(self) -> str:
        """Its id: reading, joining and changing know no names."""
        if self._channel_id is None:
            is_id = re.fullmatch(r"[CG][A-Z0-9]{7,}", self._channel)
            self._channel_id = self._channel if is_id else await self._look_up_channel()
        return self._channel_id

    async def _look_up_channel(self) -> str:
        arguments = {
            "types": "public_channel,private_channel",
            "exclude_archived": "true",
            "limit": str(PAGE_CHANNELS),
        }
        while True:
            reply = await self._call("conversations.list", arguments, is_repeatable=True)
            self._require_ok(reply)
            for each in list_in(reply.find("channels")):
                if each.get("name") == self._channel and isinstance(each.get("id"), str):
                    return str(each["id"])
            cursor = reply.find("response_metadata", "next_cursor")
            if not cursor or cursor == arguments.get("cursor"):
                raise self._no_channel()
            arguments["cursor"] = str(cursor)

    async def _call(self, method: str, arguments: dict[str, str], *, is_repeatable: bool = False) -> Reply:
        return await self._api.call("POST", f"/{method}", form=arguments, is_repeatable=is_repeatable)

    def _require_ok(self, reply: Reply) -> None:
        """Slack says no with status 200. https://docs.slack.dev/apis/web-api#responses"""
        reply.require_json()
        error = reply.find("error")
        if reply.find("ok") is True:
            return
        if error in ("ratelimited", "rate_limited"):
            raise NotSent("Slack asks to slow down.", retry_after=reply.answer.retry_after)
        if error in DOUBTFUL:
            text = "Slack has troubles of its own."
            raise NotSent(text) if reply.is_repeatable else Uncertain(f"{text} It may stand there all the same.")
        if not isinstance(error, str):
            raise reply.doubt()
        if error in BAD_TOKEN:
            raise NotSent(f"Slack does not take the token. Check {self._variable}.", needs_person=True)
        if error == "not_in_channel":
            raise _NotIn(str(self._no_channel()))
        if error in NO_THREAD:
            raise _NoThread("The thread is no longer there.")
        if error in NO_CHANNEL:
            raise self._no_channel()
        code = f" ({error})" if re.fullmatch(r"[a-z_]{1,40}", error) else ""
        raise Refused(WORDS.get(error, f"Slack refuses it{code}."))

    def _no_channel(self) -> Refused:
        return Refused(
            f"Slack has no channel #{self._channel} that chatops can post in. Check its name; into a private one, "
            "invite chatops first."
        )

    async def _describe(self, reply: Reply) -> Sent:
        channel_id, ts = reply.find("channel"), reply.find("ts")
        if not isinstance(channel_id, str) or not isinstance(ts, str):
            raise reply.doubt()
        self._channel_id = self._channel_id or channel_id
        return await self._describe_message(channel_id, ts)

    async def _describe_message(self, channel_id: str, ts: str) -> Sent:
        """The link names the workspace; without it the post stands there all the same."""
        url: object = None
        try:
            arguments = {"channel": channel_id, "message_ts": ts}
            url = (await self._call("chat.getPermalink", arguments, is_repeatable=True)).find("permalink")
        except (NotSent, Refused):
            url = None
        is_link = isinstance(url, str) and re.fullmatch(r"https?://\S{1,500}", url)
        return Sent(remote_id=f"{channel_id}/{ts}", url=str(url) if is_link else None)


class _NotIn(Refused):
    """chatops is not a member of the Slack channel."""


class _NoThread(Refused):
    """The message that began the thread is gone."""


def name_post(posting: Posting) -> str:
    """One delivery of exactly these words."""
    return f"{posting.key}#{posting.digest[:16]}"


def build_words(words: str) -> dict[str, str]:
    """`text` alone where it suffices; longer words stand in sections, and `text` is what a phone's banner shows."""
    text = escape(words)
    if len(text) <= MAX_TEXT_CHARS:
        return {"text": text}
    blocks = [
        {"type": "section", "expand": True, "text": {"type": "mrkdwn", "text": escape(piece)}}
        for piece in cut_pieces(words)
    ]
    banner = escape(cut_pieces(words)[0])
    return {"text": banner, "blocks": json.dumps(blocks)}


def cut_pieces(words: str) -> list[str]:
    """Pieces that fit into a section, cut at the end of a paragraph, else a line, else a word, else anywhere."""
    pieces, rest = [], words
    while len(escape(rest)) > MAX_SECTION_CHARS:
        beginning = rest[:MAX_SECTION_CHARS]
        while len(escape(beginning)) > MAX_SECTION_CHARS:
            beginning = beginning[: len(beginning) - 1 - (len(escape(beginning)) - MAX_SECTION_CHARS) // 5]
        end = next((end for mark in ("\n\n", "\n", " ") if (end := beginning.rfind(mark)) > 0), len(beginning))
        pieces.append(rest[:end])
        rest = rest[end:].lstrip("\n ") or ""
    return [piece for piece in (*pieces, rest) if piece.strip()]


def _are_older(messages: list[dict[str, Any]], posting: Posting) -> bool:
    """A ts is a time: what stood there before the first attempt cannot be the post that is looked for."""
    oldest = min((str(each.get("ts")) for each in messages), default="")
    since = (posting.first_tried_at - CLOCKS_APART).timestamp()
    return bool(re.fullmatch(r"[0-9]+\.[0-9]+", oldest)) and float(oldest) < since


def _part_id(remote_id: str) -> tuple[str, str]:
    channel_id, _, ts = remote_id.partition("/")
    if not re.fullmatch(r"[A-Z0-9]+", channel_id) or not re.fullmatch(r"[0-9]+\.[0-9]+", ts):
        raise Refused("The post's id is not one of Slack's. Please change it there.")
    return channel_id, ts
