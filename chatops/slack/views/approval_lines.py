"""Who has approved a revision, and who still has to."""

from collections.abc import Mapping, Sequence

from chatops.domain.approval import approvals_missing, approvals_needed
from chatops.domain.ids import MemberId
from chatops.domain.policy import Member, Policy
from chatops.domain.update import Approval, Draft
from chatops.slack.mrkdwn import cut, escaped_name

NAMES = 6
NAME_CHARS = 40


def list_approval_lines(draft: Draft, members: Mapping[MemberId, Member], policy: Policy) -> list[str]:
    """Escaped: `Needs 2 approvals: Andy ✅, 1 more by Cleo or Dan, not by Belle, who wrote it`."""
    needed = approvals_needed(policy, draft)
    missing = approvals_missing(policy, draft)
    count = "1 approval" if needed == 1 else f"{needed} approvals"
    given = [f"{_name(each.member, members)} ✅" for each in draft.approvals[:NAMES]]
    if not missing:
        ready = " Press `Publish` when the moment is right." if policy.publish == "manual" else ""
        return [f"Approved: {', '.join(given)}.{ready}" if given else f"Needs no approval.{ready}"]
    still = f"{missing} more" if given else "none yet"
    lines = [f"*Needs {count}:* {', '.join([*given, still])}", word_who_may(draft, members, policy)]
    if policy.publish == "on_approval":
        lines.append("With the last approval it goes out at once.")
    if draft.highest_impact.rank > draft.current.impact.rank:
        lines.append(f"It counts as {draft.highest_impact.value}: that was the impact since the draft began.")
    return lines


def word_who_may(draft: Draft, members: Mapping[MemberId, Member], policy: Policy) -> str:
    """Who the policy lets approve this one, in plain names."""
    author = draft.current.author
    but = "" if policy.author_may_approve else f", but not {_name(author, members)}, who wrote it"
    if not policy.approvers:
        return f"Anyone in this workspace may approve{but}."
    able = [member.id for member in list_approvers(draft, members, policy)]
    if not able:
        return f"Of the approvers whom the policy names, nobody is left who may{but}."
    shown = ", ".join(_name(member, members) for member in able[:NAMES])
    others = f" and {len(able) - NAMES} more" if len(able) > NAMES else ""
    return f"These may approve: {shown}{others}."


def list_approvers(draft: Draft, members: Mapping[MemberId, Member], policy: Policy) -> list[Member]:
    """The named approvers who have not approved yet; empty where the policy names none."""
    done = {each.member for each in draft.approvals}
    if not policy.author_may_approve:
        done.add(draft.current.author)
    named = [member for member in members.values() if member.is_named_in(policy.approvers)]
    return [member for member in named if member.id not in done and not member.is_guest and not member.is_bot]


def name_approvers(approvals: Sequence[Approval], members: Mapping[MemberId, Member]) -> str:
    names = [_name(each.member, members) for each in approvals[:NAMES]]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "nobody: none was needed"


def _name(member: MemberId, members: Mapping[MemberId, Member]) -> str:
    return cut(escaped_name(member, members), NAME_CHARS)
