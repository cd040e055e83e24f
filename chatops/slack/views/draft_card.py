"""The draft card: the exact words of one revision, what the checks say, who must still approve."""

from collections.abc import Mapping, Sequence

from slack_sdk.models.blocks import ActionsBlock, Block, Option, OverflowMenuElement

from chatops.domain.approval import approvals_missing
from chatops.domain.broadcast import Update
from chatops.domain.checks import Advice
from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member, Policy
from chatops.domain.records import Purpose, Record, Status
from chatops.domain.update import PREVIEW_CHARS, Draft, DraftState, Revision
from chatops.domain.wording import OutletSpec, word_promise
from chatops.slack import icons
from chatops.slack.mrkdwn import cut, escape, escaped_name
from chatops.slack.views.approval_lines import list_approval_lines, name_approvers
from chatops.slack.views.building import (
    TEXT_CHARS,
    Message,
    button,
    context,
    header,
    labelled,
    plain,
    rich_text,
    section,
)
from chatops.slack.views.draft_modal import SECTION_LABELS
from chatops.slack.views.lines import build_audit
from chatops.slack.views.outlet_lines import list_outlet_lines, word_purpose
from chatops.slack.views.target import Target, format_target
from chatops.slack.views.wording_diff import list_changes

APPROVE = "approve"
REQUEST_CHANGES = "request_changes"
EDIT = "edit"
PREVIEW = "preview"
PUBLISH = "publish"
MORE = "draft_more"
WITHDRAW_OPTION = "withdraw"
BYPASS_OPTION = "bypass"

ADVICE_CHARS = 900
OUTLETS_CHARS = 800
APPROVALS_CHARS = 500
REASON_CHARS = 250
UNREAD = "… the whole text is in `Preview`, which must be opened before approving."
HINT = "A ✅ on this card, or a reply that says just `approve`, approves too."


def build(
    incident: Incident,
    draft: Draft,
    revision: Revision,
    members: Mapping[MemberId, Member],
    specs: Sequence[OutletSpec],
    policy: Policy,
    record: Record,
    advice: Sequence[Advice] = (),
    bypassed_by: MemberId | None = None,
) -> Message:
    """The card of `revision`, in whichever state it is now. `record` is the revision's own.

    `bypassed_by`: who published it without approval, where that is known.
    """
    title = f"Draft {draft.number} · Revision {revision.number} — {word_purpose(revision)}"
    update = _find_update(incident, draft, revision)
    if update:
        body = _published(update, revision, members, bypassed_by)
    elif draft.current.number != revision.number:
        body = [section(f"~Revision {revision.number}~ Superseded by revision {draft.current.number}, further down.")]
    elif draft.state is DraftState.WITHDRAWN:
        body = [section("Withdrawn. Nothing of it was published.")]
    else:
        body = _open(incident, draft, revision, members, specs, policy, advice)
    text = f"{incident.name} · {title}\n{escape(revision.sections.what_happened)}"
    return cut(text, TEXT_CHARS), [header(title), *body, build_audit(record, members)]


def _find_update(incident: Incident, draft: Draft, revision: Revision) -> Update | None:
    return next(
        (
            update
            for update in incident.updates
            if (update.draft, update.revision.number) == (draft.number, revision.number)
        ),
        None,
    )


def _open(
    incident: Incident,
    draft: Draft,
    revision: Revision,
    members: Mapping[MemberId, Member],
    specs: Sequence[OutletSpec],
    policy: Policy,
    advice: Sequence[Advice],
) -> list[Block]:
    blocks = [*_words(revision), *_changes(draft, revision)]
    if advice:
        notes = "\n".join(f"{icons.ADVICE[each.level]} {escape(each.text)}" for each in advice)
        blocks.append(section(notes, max_chars=ADVICE_CHARS))
    outlets = cut("\n".join(list_outlet_lines(revision, specs)), OUTLETS_CHARS)
    approvals = list_approval_lines(draft, members, policy)
    return [
        *blocks,
        section(f"{outlets}\n{_envelope(revision)}"),
        section("\n".join(approvals), max_chars=APPROVALS_CHARS),
        *_requests(draft, revision, members),
        _buttons(incident.number, draft, policy),
        context(HINT),
    ]


def _words(revision: Revision) -> list[Block]:
    """To the letter, in rich text: in mrkdwn a `*` would vanish from the very words that are being approved."""
    room = PREVIEW_CHARS
    blocks: list[Block] = []
    for name, text in revision.sections.by_name.items():
        if text and room > 0:
            blocks.append(labelled(SECTION_LABELS[name], text[:room]))
            room -= len(text)
    if revision.needs_preview:
        blocks.append(section(UNREAD))
    return blocks


def _changes(draft: Draft, revision: Revision) -> list[Block]:
    former = draft.find_revision(revision.number - 1)
    if former is None:
        return []
    changes = list_changes(former, revision)
    blocks: list[Block] = [rich_text(changes)] if changes else []
    return [*blocks, context("Approvals of earlier revisions do not count for this one.")]


def _envelope(revision: Revision) -> str:
    """Promise, sign-off and what publishing does."""
    is_news = revision.purpose is Purpose.UPDATE
    promise = word_promise(revision.promise_minutes, status=revision.status)
    lines = [f"*Promise* {escape(promise)}" if promise else "*Promise* none"]
    if not is_news:
        lines = ["Status and promise of the incident stay as they are."]
    if revision.sign_as:
        lines.append(f"*Signed* {escape(revision.sign_as)}")
    if revision.status is Status.RESOLVED and is_news:
        lines.append("Publishing this resolves the incident.")
    return "\n".join(lines)


def _requests(draft: Draft, revision: Revision, members: Mapping[MemberId, Member]) -> list[Block]:
    """The latest requests for changes to this very revision."""
    asked = [each for each in draft.change_requests if each.revision == revision.number]
    lines = [
        f"✏️ {cut(escaped_name(each.member, members), 60)} requests changes: {cut(escape(each.reason), REASON_CHARS)}"
        for each in asked[-2:]
    ]
    if len(asked) > len(lines):
        lines.insert(0, f"✏️ {len(asked)} requests for changes; the latest:")
    return [section("\n".join(lines))] if lines else []


def _buttons(number: IncidentNumber, draft: Draft, policy: Policy) -> ActionsBlock:
    value = format_target(Target(incident=number, draft=draft.number, revision=draft.current.number))
    more = OverflowMenuElement(
        action_id=MORE,
        options=[
            Option(value=f"{WITHDRAW_OPTION}|{value}", text=plain("Withdraw", 75)),
            Option(value=f"{BYPASS_OPTION}|{value}", text=plain("Publish without approval", 75)),
        ],
    )
    is_ready = policy.publish == "manual" and not approvals_missing(policy, draft)
    publish = [button("Publish", PUBLISH, value, style="primary")] if is_ready else []
    return ActionsBlock(
        elements=[
            *publish,
            button("Approve", APPROVE, value, style=None if is_ready else "primary"),
            button("Request changes", REQUEST_CHANGES, value),
            button("Edit", EDIT, value),
            button("Preview", PREVIEW, value),
            more,
        ]
    )


def _published(
    update: Update, revision: Revision, members: Mapping[MemberId, Member], bypassed_by: MemberId | None
) -> list[Block]:
    if update.bypass_reason is None:
        by = name_approvers(update.approvals, members)
        head = section(f"✅ Published as update {update.number}, approved by {by}.")
    else:
        who = f" by {cut(escaped_name(bypassed_by, members), 60)}" if bypassed_by else ""
        reason = cut(escape(update.bypass_reason), REASON_CHARS)
        head = section(f"⚠️ *PUBLISHED WITHOUT APPROVAL*{who} as update {update.number}. Reason: {reason}")
    return [head, *_words(revision)]
