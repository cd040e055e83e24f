"""Who may do what: roles, approvals needed, cadence; and `require_…`, which raises NotAllowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from chatops.domain.errors import NotAllowed, UnknownMember
from chatops.domain.ids import MemberId
from chatops.domain.records import Impact


class Permission(StrEnum):
    """The roles a policy can hand out in `[policy.roles]`."""

    PUBLISH_WITHOUT_APPROVAL = "publish_without_approval"
    PAUSE_OUTLETS = "pause_outlets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person of the workspace, as the local members table knows them."""

    id: MemberId
    slack_id: str
    name: str
    email: str = ""
    is_admin: bool = False
    is_guest: bool = False
    is_bot: bool = False
    is_known: bool = True
    """False: seen in a request, but Slack has not told us yet who it is."""
    groups: frozenset[str] = frozenset()

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else "Somebody"

    def is_named_in(self, names: tuple[str, ...]) -> bool:
        """True where `names` holds this person's Slack id, e-mail or the handle of one of their user groups."""
        wanted = {name.lower().lstrip("@") for name in names}
        own = {self.slack_id.lower(), self.email.lower(), *(group.lower() for group in self.groups)} - {""}
        return bool(wanted & own)


APPROVALS = {Impact.NONE: 1, Impact.MINOR: 1, Impact.MAJOR: 1, Impact.CRITICAL: 2}
CADENCE_MINUTES = {Impact.NONE: 120, Impact.MINOR: 60, Impact.MAJOR: 30, Impact.CRITICAL: 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionPolicy:
    """How customers who write are answered, as `[policy.mentions]` says it."""

    answerers: tuple[str, ...] = ()
    """Who may answer, by Slack id, e-mail or user group; nobody named: everybody."""
    second_pair_impacts: frozenset[Impact] = frozenset()
    second_pair_words: tuple[str, ...] = ()
    """An answer needs a second pair of eyes in incidents of these impacts, and where question or answer say these."""
    listen_after: timedelta = timedelta(hours=24)
    """So long after an incident was resolved customers are still heard."""
    target: timedelta = timedelta(minutes=60)
    """The longest that a customer should wait."""
    keep: timedelta = timedelta(days=90)
    """So long after that words and names are kept."""
    tone: str = "Say sorry once and mean it. Be a person, short and kind; answer the question that was asked."
    do_not_say: tuple[str, ...] = ("when it will be fixed", "whose fault it is", "what is not in the facts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The team's rules, as `[policy]` of chatops.toml says them. Cadence is in minutes."""

    author_may_approve: bool = False
    publish: Literal["on_approval", "manual"] = "on_approval"
    roles: Mapping[Permission, tuple[str, ...]] = field(default_factory=dict)
    approvals: Mapping[Impact, int] = field(default_factory=lambda: dict(APPROVALS))
    approvers: tuple[str, ...] = ()
    cadence: Mapping[Impact, int] = field(default_factory=lambda: dict(CADENCE_MINUTES))
    mentions: MentionPolicy = field(default_factory=MentionPolicy)

    def interval(self, impact: Impact) -> timedelta:
        return timedelta(minutes=self.cadence[impact])

    def may(self, member: Member, permission: Permission) -> bool:
        """A role that nobody was named for belongs to the members with a Slack admin flag."""
        named = self.roles.get(permission, ())
        return member.is_named_in(named) if named else member.is_admin


def require_member(member: Member) -> None:
    """Guests, bots and people from outside the organisation never act."""
    if not member.is_known:
        raise UnknownMember(member.slack_id)
    if member.is_guest or member.is_bot:
        raise NotAllowed("Only full members of this workspace can do this. Ask a colleague who is not a guest.")


def require(policy: Policy, member: Member, permission: Permission) -> None:
    require_member(member)
    if not policy.may(member, permission):
        who = "the people named in the policy" if policy.roles.get(permission) else "workspace admins"
        what = permission.value.replace("_", " ")
        wait = ", or wait for the approval" if permission is Permission.PUBLISH_WITHOUT_APPROVAL else ""
        raise NotAllowed(f"You may not {what}; only {who} may. Ask one of them{wait}.")


def require_approver(policy: Policy, member: Member, *, author: MemberId) -> None:
    """Four eyes: not the author unless the policy says so; one of the named approvers where there are any."""
    require_member(member)
    if member.id == author and not policy.author_may_approve:
        raise NotAllowed("You wrote this revision, so somebody else has to approve it.")
    if policy.approvers and not member.is_named_in(policy.approvers):
        raise NotAllowed("You are not among the approvers that the policy names. Ask one of them.")


def require_answerer(policy: Policy, member: Member) -> None:
    """Anybody in the workspace may answer customers, unless the policy names who does."""
    require_member(member)
    named = policy.mentions.answerers
    if named and not member.is_named_in(named):
        raise NotAllowed("The policy names who answers customers, and you are not among them. Ask one of them.")
