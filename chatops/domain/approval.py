"""What a revision needs before the public may read it, and whether it has it."""

from chatops.domain.policy import Member, Policy, require_approver
from chatops.domain.records import ApprovalBypassed, ApprovalWithdrawn, RevisionApproved
from chatops.domain.update import Draft, Revision, require_current


def approvals_needed(policy: Policy, draft: Draft) -> int:
    """By the highest impact since the draft began: lowering the impact does not lower the bar."""
    return max(policy.approvals[draft.highest_impact], policy.approvals[draft.current.impact])


def approvals_missing(policy: Policy, draft: Draft) -> int:
    return max(0, approvals_needed(policy, draft) - len(draft.approvals))


def missing_after_one(policy: Policy, draft: Draft) -> int:
    """How many are still missing once somebody has given one more."""
    return max(0, approvals_missing(policy, draft) - 1)


def approve(draft: Draft, *, revision: int, member: Member, policy: Policy) -> RevisionApproved | None:
    """The approval to record; None where this person has already approved this revision."""
    current = require_current(draft, revision)
    require_approver(policy, member, author=current.author)
    if any(approval.member == member.id for approval in draft.approvals):
        return None
    return RevisionApproved(draft=draft.number, revision=revision, digest=current.digest)


def withdraw_approval(draft: Draft, *, revision: int, member: Member) -> ApprovalWithdrawn | None:
    """The withdrawal to record; None where there is no approval of theirs to take back."""
    if draft.current.number != revision:
        return None
    if all(approval.member != member.id for approval in draft.approvals):
        return None
    return ApprovalWithdrawn(draft=draft.number, revision=revision)


def bypass(draft: Draft, *, revision: Revision, reason: str) -> ApprovalBypassed:
    return ApprovalBypassed(draft=draft.number, revision=revision.number, digest=revision.digest, reason=reason)
