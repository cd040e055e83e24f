"""Slack as the thread pump needs it: find a home for an incident, post, look for a post, refresh it."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from chatops.domain.chain import canonical_json
from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import RoleAssigned, Step, UpdateReminded
from chatops.slack.calls import call_slack
from chatops.slack.homes import Homes
from chatops.slack.plain import build_plain
from chatops.slack.presenter import Presenter
from chatops.usecases.slack_ports import ThreadMessage

logger = logging.getLogger(__name__)
EVENT_TYPE = "chatops_record"
BUILT_KEPT = 100
GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}
"""The card cannot be kept true any more. https://docs.slack.dev/reference/methods/chat.update"""
UNPOSTABLE = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}
TEXT_CHARS = 3500
CUSTOMERS_EVERY_SECONDS = 1.2
"""A Slack channel takes about one message a second, and chat.update some fifty a minute in the whole workspace: in a
flood so many cards change that Slack would close the door on the audit thread too."""
MOST_PAGES = 20
"""So far a look for a lost post goes back; then it is said again, and marked."""
SETTLING_SECONDS = 3.0
"""Slack may still be working on a call whose answer was lost: looking at once would miss it, and say it twice."""

WaitTurn = Callable[[], Awaitable[None]]
"""Awaited before a piece of work that takes the processor's time: people's requests go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A message as Slack takes it."""

    text: str
    blocks: list[dict[str, Any]]
    digest: str


async def _go_on() -> None:
    return


class SlackThread:
    """The IncidentThread port on Slack's Web API. `client` must have no retry handlers: they post twice."""

    def __init__(
        self, client: AsyncWebClient, homes: Homes, presenter: Presenter, wait_turn: WaitTurn = _go_on
    ) -> None:
        self._client = client
        self._homes = homes
        self._presenter = presenter
        self._closed_until = 0.0
        self._customers_at = 0.0
        """When the next change of what shows customers may go out."""
        self._built: dict[str, tuple[ThreadMessage, Built]] = {}
        self._wait_turn = wait_turn
        self._lost: dict[str, float] = {}
        """Key → when a post whose answer was lost is settled, if it ever will be."""
        # A post that an earlier run of this program noted was cut off by its end: that was just now, at the latest.
        self._settled_at_start = time.monotonic() + SETTLING_SECONDS

    async def find_home(self, incident: Incident, members: Mapping[MemberId, Member]) -> str:
        return await self._homes.find(incident, members)

    def find_pause(self) -> timedelta | None:
        left = max(self._closed_until, self._customers_at) - asyncio.get_running_loop().time()
        return timedelta(seconds=left) if left > 0 else None

    async def find_mentions_channel(self, name: str) -> str | None:
        return await self._homes.find_by_name(name)

    async def digest(self, message: ThreadMessage) -> str:
        return (await self._build(message)).digest

    async def _build(self, message: ThreadMessage) -> Built:
        """Once for what it shows: the digest, the post and the next look at the card ask for the same blocks."""
        shown = replace(message, ts=None)
        known = self._built.pop(message.key, None)
        if known is None or known[0] != shown:
            await self._wait_turn()
            text, blocks = self._presenter.build(message)
            plain = build_plain(blocks)
            digest = hashlib.sha256(canonical_json((text, plain)).encode()).hexdigest()
            known = (shown, Built(text=text, blocks=plain, digest=digest))
        self._built[message.key] = known
        if len(self._built) > BUILT_KEPT:
            self._built.pop(next(iter(self._built)))
        return known[1]

    async def post(self, message: ThreadMessage) -> str:
        await self._welcome(message)
        built = await self._build(message)
        try:
            return await self._post(message, built.text, built.blocks)
        except Refused as error:
            if str(error) == "not_in_channel":
                await self._homes.join(message.channel)
                return await self._post(message, built.text, built.blocks)
            if str(error) in UNPOSTABLE:
                # A hole in the audit thread is worse than a plain message.
                logger.exception("Slack refused the blocks of %s; posted as plain text", message.key)
                return await self._post(message, built.text[:TEXT_CHARS], [])
            raise

    async def _welcome(self, message: ThreadMessage) -> None:
        """Whoever is newly named is brought into the incident's own Slack channel."""
        named = [record.data.member for record in message.records if isinstance(record.data, RoleAssigned)]
        if self._homes.is_own(message.incident) and named:
            await self._homes.invite(message.channel, [message.members[each].slack_id for each in named])

    async def _call(self, awaitable: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
        """Remembers Slack's Retry-After: new records nudge the pump at once, and must not call again before it."""
        loop = asyncio.get_running_loop()
        try:
            return await call_slack(awaitable)
        except NotSent as error:
            if error.retry_after:
                self._closed_until = loop.time() + error.retry_after.total_seconds()
            raise
        except Refused as error:
            logger.warning("Slack refuses: %s", error)
            raise

    def _require_open(self) -> None:
        left = self._closed_until - asyncio.get_running_loop().time()
        if left > 0:
            raise NotSent("Slack asked to slow down.", retry_after=timedelta(seconds=left))

    def _require_turn(self, message: ThreadMessage) -> None:
        """Cards of customers keep a pace of their own, however often they change."""
        if message.about is None:
            return
        now = asyncio.get_running_loop().time()
        if now < self._customers_at:
            raise NotSent("Others go first.", retry_after=timedelta(seconds=self._customers_at - now))
        self._customers_at = now + CUSTOMERS_EVERY_SECONDS

    async def _post(self, message: ThreadMessage, text: str, blocks: Sequence[dict[str, Any]]) -> str:
        self._require_open()
        self._require_turn(message)
        began = time.monotonic()
        try:
            data = await self._call(
                self._client.chat_postMessage(
                    channel=message.channel,
                    text=text,
                    blocks=list(blocks) or None,
                    thread_ts=message.thread_ts,
                    reply_broadcast=True if _goes_to_channel(message) else None,
                    metadata={"event_type": EVENT_TYPE, "event_payload": {"key": message.key}},
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )
        except Uncertain:
            # As long again as we have waited: what took Slack so long may take it longer.
            ended = time.monotonic()
            self._lost[message.key] = ended + max(SETTLING_SECONDS, ended - began)
            raise
        self._lost.pop(message.key, None)
        return str(data["ts"])

    async def find(self, message: ThreadMessage) -> str | None:
        """Read the thread (or the Slack channel, for the card) for our key in the metadata, once it is settled."""
        left = self._lost.get(message.key, self._settled_at_start) - time.monotonic()
        if left > 0:
            raise NotSent("Slack may still be posting it.", retry_after=timedelta(seconds=left))
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            if message.thread_ts:
                answer = self._client.conversations_replies(
                    channel=message.channel,
                    ts=message.thread_ts,
                    include_all_metadata=True,
                    limit=200,
                    cursor=cursor,
                )
            else:
                answer = self._client.conversations_history(
                    channel=message.channel, include_all_metadata=True, limit=100, cursor=cursor
                )
            data = await call_slack(answer)
            for each in data.get("messages", []):
                if (each.get("metadata") or {}).get("event_payload", {}).get("key") == message.key:
                    return str(each["ts"])
            cursor = (data.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return None
        raise Refused("too_many_messages")

    async def refresh(self, message: ThreadMessage) -> None:
        self._require_open()
        self._require_turn(message)
        built = await self._build(message)
        try:
            await self._call(
                self._client.chat_update(
                    channel=message.channel, ts=message.ts or "", text=built.text, blocks=list(built.blocks)
                )
            )
        except Uncertain as error:
            # Updating again to the same words is harmless.
            raise NotSent("Slack's answer was lost.") from error
        except Refused as error:
            if str(error) in GONE:
                raise
            # A revoked token or a left Slack channel is mended by people: the card must be true afterwards.
            raise NotSent(f"Slack refuses: {error}") from error


def _goes_to_channel(message: ThreadMessage) -> bool:
    """The last rung of the ladder is shown in the Slack channel too, not only in the thread."""
    return any(
        isinstance(record.data, UpdateReminded) and record.data.step is Step.CHANNEL for record in message.records
    )
