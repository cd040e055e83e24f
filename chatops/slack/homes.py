"""Where an incident lives in Slack: the incidents Slack channel, that of the command, or one of its own."""

import logging
from collections.abc import Mapping

from slack_sdk.web.async_client import AsyncWebClient

from chatops.domain.errors import DeliveryError, NotSent, Refused
from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.slack.calls import call_slack
from chatops.slack.mrkdwn import escape

logger = logging.getLogger(__name__)
ID_PREFIXES = ("C", "G")
FALLBACK_NAME = "incidents"


class Homes:
    """Finds, joins or creates. `incidents_channel`: a name or an id from the settings, or None."""

    def __init__(self, client: AsyncWebClient, *, incidents_channel: str | None, dedicated: bool = False) -> None:
        self._client = client
        self._dedicated = dedicated
        self._name = (incidents_channel or "").lstrip("#") or None
        self._ids: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()
        self._joined: set[str] = set()

    async def find(self, incident: Incident, members: Mapping[MemberId, Member]) -> str:
        if self.is_own(incident):
            return await self._create_own(incident, members)
        channel = await self._choose(incident)
        if channel is None:
            return await self._direct(members[incident.opened_by].slack_id)
        try:
            await self.join(channel)
        except Refused as error:
            await self._tell_opener(incident, members, channel)
            raise NotSent(f"chatops is not in the Slack channel {channel}: {error}") from error
        return channel

    def is_own(self, incident: Incident) -> bool:
        """Whether this incident has a Slack channel to itself."""
        return incident.private or self._dedicated

    async def join(self, channel: str) -> None:
        """Public ones are joined; in a private one we are a member already, or must be invited."""
        try:
            await call_slack(self._client.conversations_join(channel=channel))
        except Refused:
            info = await call_slack(self._client.conversations_info(channel=channel))
            if not info.get("channel", {}).get("is_member"):
                raise

    async def find_by_name(self, name: str) -> str | None:
        """A Slack channel of the settings, joined; None where there is none of that name, or we may not join."""
        channel = await self._find_by_name(name)
        if channel is None or channel in self._joined:
            return channel
        try:
            await self.join(channel)
        except Refused as error:
            logger.warning("chatops cannot join the Slack channel #%s: %s", name, error)
            return None
        self._joined.add(channel)
        return channel

    async def _choose(self, incident: Incident) -> str | None:
        if self._name:
            found = await self._find_by_name(self._name)
            if found:
                return found
            logger.warning("No Slack channel is called #%s; using the one of the command", self._name)
        if incident.slack_channel and incident.slack_channel.startswith(ID_PREFIXES):
            return incident.slack_channel
        return await self._find_by_name(FALLBACK_NAME)

    async def _find_by_name(self, name: str) -> str | None:
        if name.startswith(ID_PREFIXES) and name.isupper():
            return name
        if name not in self._ids:
            await self._list(types="public_channel,private_channel")
        return self._ids.get(name)

    async def _list(self, *, types: str) -> None:
        cursor: str | None = None
        while True:
            data = await call_slack(
                self._client.conversations_list(types=types, exclude_archived=True, limit=200, cursor=cursor)
            )
            self._ids.update({each["name"]: each["id"] for each in data["channels"] if each.get("name")})
            cursor = (data.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return

    async def _create_own(self, incident: Incident, members: Mapping[MemberId, Member]) -> str:
        """The name says nothing of what happened: names of private Slack channels leak into lists and logs."""
        name = f"incident-{incident.number}-{incident.opened_at:%Y%m%d}"
        try:
            data = await call_slack(self._client.conversations_create(name=name, is_private=incident.private))
            channel = str(data["channel"]["id"])
            if not incident.private:
                await self._point_to(incident, channel)
        except Refused as error:
            if str(error) != "name_taken":
                raise
            # An earlier try whose answer was lost made it.
            await self._list(types="private_channel" if incident.private else "public_channel")
            if name not in self._ids:
                raise
            channel = self._ids[name]
        await self._invite(channel, [members[each].slack_id for each in incident.people if each in members])
        return channel

    async def _point_to(self, incident: Incident, channel: str) -> None:
        """One line where people look for incidents; without it nobody would find the new Slack channel."""
        public = await self._choose(incident)
        if public is None:
            return
        try:
            await self.join(public)
            text = f"{incident.name} is open: {escape(incident.title)}. It has its own Slack channel, <#{channel}>."
            await call_slack(self._client.chat_postMessage(channel=public, text=text))
        except DeliveryError as error:
            logger.warning("Could not point to the Slack channel of %s: %s", incident.name, error)

    async def _invite(self, channel: str, slack_ids: list[str]) -> None:
        for slack_id in slack_ids:
            try:
                await call_slack(self._client.conversations_invite(channel=channel, users=[slack_id]))
            except Refused as error:
                if str(error) not in ("already_in_channel", "cant_invite_self"):
                    logger.warning("Could not invite %s to the private Slack channel: %s", slack_id, error)

    async def invite(self, channel: str, slack_ids: list[str]) -> None:
        """Bring newly named people into a private incident's Slack channel."""
        await self._invite(channel, slack_ids)

    async def _direct(self, slack_id: str) -> str:
        data = await call_slack(self._client.conversations_open(users=[slack_id]))
        return str(data["channel"]["id"])

    async def _tell_opener(self, incident: Incident, members: Mapping[MemberId, Member], channel: str) -> None:
        key = (incident.name, channel)
        if key in self._told:
            return
        self._told.add(key)
        direct = await self._direct(members[incident.opened_by].slack_id)
        text = (
            f"{incident.name} is open, but I cannot post in <#{channel}>: I am not a member there. "
            "Please invite me with `/invite @chatops`; the card and its thread follow by themselves."
        )
        await call_slack(self._client.chat_postMessage(channel=direct, text=text))
