"""Members and identity from Slack into the local tables: at start, by events, and by a slow refresh."""

import logging
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from chatops.domain.errors import DeliveryError, Refused, StorageFull
from chatops.domain.ids import MemberId
from chatops.domain.policy import Member
from chatops.slack.calls import call_slack
from chatops.usecases.members import save_identity, save_members
from chatops.usecases.ports import Desk, Identity

logger = logging.getLogger(__name__)


class Directory:
    """Keeps `identities` (workspace → who the bot is there) and the members table."""

    def __init__(self, desk: Desk, client: AsyncWebClient) -> None:
        self._desk = desk
        self._client = client
        self.identities: dict[str, Identity] = {}

    async def identify(self) -> Identity:
        """Ask Slack who the bot is; raises NotSent, Refused or Uncertain."""
        data = await call_slack(self._client.auth_test())
        identity = Identity(
            workspace=str(data["team_id"]),
            bot_id=str(data.get("bot_id") or ""),
            bot_slack_id=str(data["user_id"]),
            team_name=str(data.get("team") or ""),
        )
        self.identities[identity.workspace] = identity
        await save_identity(self._desk, identity)
        return identity

    async def recall(self) -> None:
        """Who the bot was at the last start: enough to answer while Slack's API is down."""
        for identity in await self._desk.store.read(lambda reads: reads.list_identities()):
            self.identities.setdefault(identity.workspace, identity)

    async def refresh(self, workspace: str) -> int:
        """All members with their user groups; returns how many."""
        groups = await self._list_groups()
        members: list[Member] = []
        cursor: str | None = None
        while True:
            data = await call_slack(self._client.users_list(limit=200, cursor=cursor))
            members += [parse_member(each, workspace, groups) for each in data["members"]]
            cursor = (data.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return await save_members(self._desk, workspace, members)

    async def _list_groups(self) -> dict[str, frozenset[str]]:
        """Slack id → handles. Workspaces on a free plan have no user groups."""
        try:
            data = await call_slack(self._client.usergroups_list(include_users=True))
        except Refused as error:
            logger.info("User groups cannot be read: %s", error)
            return {}
        handles: dict[str, set[str]] = {}
        for group in data.get("usergroups", []):
            for slack_id in group.get("users", []):
                handles.setdefault(slack_id, set()).add(group["handle"])
        return {slack_id: frozenset(names) for slack_id, names in handles.items()}

    async def look_up(self, workspace: str, slack_id: str) -> None:
        data = await call_slack(self._client.users_info(user=slack_id))
        groups = await self._list_groups()
        await save_members(self._desk, workspace, [parse_member(data["user"], workspace, groups)])

    async def try_refresh(self, workspace: str) -> None:
        try:
            count = await self.refresh(workspace)
            logger.info("%s members known", count)
        except (DeliveryError, StorageFull) as error:
            logger.warning("Members could not be refreshed: %s", error)


def parse_member(user: dict[str, Any], workspace: str, groups: dict[str, frozenset[str]]) -> Member:
    """Slack's user object → Member. Strangers of a shared Slack channel and deactivated people count as guests."""
    profile = user.get("profile") or {}
    name = profile.get("real_name") or user.get("real_name") or profile.get("display_name") or user.get("name") or ""
    stranger = user.get("team_id") not in (None, workspace) or bool(user.get("is_stranger"))
    guest = user.get("is_restricted") or user.get("is_ultra_restricted") or user.get("deleted") or stranger
    return Member(
        id=MemberId(""),
        slack_id=user["id"],
        name=str(name) or user["id"],
        email=str(profile.get("email") or ""),
        is_admin=bool(user.get("is_admin") or user.get("is_owner")),
        is_guest=bool(guest),
        is_bot=bool(user.get("is_bot")) or user["id"] == "USLACKBOT",
        groups=groups.get(user["id"], frozenset()),
    )
