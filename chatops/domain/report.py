"""A record in one plain sentence, for the audit thread, the timeline and the export. No markup, nothing escaped."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chatops.domain.ids import PAGE, MemberId, OutletKey
from chatops.domain.mention_records import (
    AnswerApproved,
    AnswerProposed,
    ClaimReleased,
    ConversationClaimed,
    ConversationErased,
    ConversationEscalated,
    ConversationHandedOver,
    ConversationOpened,
    FloodForeseen,
    FollowUpDone,
    MentionEscalated,
    NoReplyNeeded,
    ReplyApproved,
    ReplyDropped,
    ReplyHeld,
    ReplyingPaused,
    ReplyingResumed,
    ReplyRefused,
    ReplyReleased,
    ReplyRequeued,
    ReplySent,
    ReplyUncertain,
    ReplyWritten,
)
from chatops.domain.records import (
    ApprovalBypassed,
    ApprovalWithdrawn,
    BroadcastStarted,
    ChangesRequested,
    CommentAdded,
    DeliveryRefused,
    DeliveryRequeued,
    DeliverySent,
    DeliverySkipped,
    DeliveryStalled,
    DeliveryUncertain,
    DraftChased,
    DraftWithdrawn,
    ImpactChanged,
    IncidentAmended,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    OutletPaused,
    OutletResumed,
    Purpose,
    Record,
    ReminderMoved,
    ReminderSnoozed,
    RevisionApproved,
    RevisionProposed,
    RoleAssigned,
    Step,
    UpdatePublished,
    UpdateReminded,
)

Naming = Callable[[MemberId], str]

ERASED = "did something whose content was erased"
_HOW = {"sent": "sent", "looked_up": "was found sent", "confirmed": "was seen to have arrived, says a person"}


_WHY_ERASED = {"asked": "they asked for it", "time": "its time was over"}


def describe(record: Record, name_of: Naming) -> str:
    """What was done, to follow the actor's name: `opened the incident “Checkout is down” …`."""
    sentence = _SENTENCES.get(type(record.data))
    return sentence(record.data, name_of) if sentence else ERASED


def format_minute(at: datetime | None) -> str:
    """`24 Nov 03:05 UTC`, or `never`."""
    if at is None:
        return "never"
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %H:%M} UTC"


def shorten(text: str, chars: int = 160) -> str:
    """On one line, cut at a word, with an ellipsis where something was left out."""
    line = " ".join(text.split())
    if len(line) <= chars:
        return line
    return line[: chars - 1].rsplit(" ", 1)[0].rstrip() + "…"


def _opened(data: IncidentOpened, name_of: Naming) -> str:
    where = f", touching {', '.join(data.components)}" if data.components else ""
    privately = " privately" if data.private else ""
    people = f"commander {name_of(data.commander)}, comms lead {name_of(data.comms_lead)}"
    due = f"first update due {format_minute(data.due_at)}"
    return f"opened the incident{privately}: “{data.title}”, impact {data.impact}{where}; {people}; {due}"


def _proposed(data: RevisionProposed, name_of: Naming) -> str:
    outlets = ", ".join(words.outlet for words in data.words)
    thing = "an update" if data.purpose is Purpose.UPDATE else f"a {data.purpose} of update {data.of_update}"
    verb = f"proposed {thing}" if data.revision == 1 else "saved a new revision, earlier approvals are void"
    what = f"draft {data.draft} revision {data.revision}, {data.status}, for {outlets}"
    return f"{verb} ({what}): “{shorten(data.sections.what_happened)}”"


def _broadcast(data: BroadcastStarted, name_of: Naming) -> str:
    without = ", WITHOUT enough approvals" if data.bypass_reason else ""
    return f"is publishing update {data.update} (draft {data.draft} revision {data.revision}{without})"


def _sent(data: DeliverySent, name_of: Naming) -> str:
    link = f" {data.url}" if data.url else ""
    note = f" ({data.note})" if data.note else ""
    return f"update {data.update} to {_place(data.outlet, data.part)}: {_word_done(data)}{note}{link}"


def _word_done(data: DeliverySent) -> str:
    done = {"post": "sent", "edit": "corrected", "retract": "retracted" if data.outlet == PAGE else "removed"}
    match data.how:
        case "looked_up":
            return f"was found {done[data.action]}"
        case "confirmed":
            seen = "to have arrived" if data.action == "post" else done[data.action]
            return f"was seen {seen}, says a person"
        case _:
            return done[data.action]


def _reply_sent(data: ReplySent, name_of: Naming) -> str:
    link = f" {data.url}" if data.url else ""
    note = f" ({data.note})" if data.note else ""
    return f"reply {data.reply}: {_HOW[data.how]}{note}{link}"


def _reply_written(data: ReplyWritten, name_of: Naming) -> str:
    eyes = ", for a second pair of eyes" if data.needs_approval else ""
    promised = "; we promised to come back" if data.follow_up else ""
    return f"wrote reply {data.reply}{eyes}: “{shorten(data.words)}”{promised}"


def _reply_requeued(data: ReplyRequeued, name_of: Naming) -> str:
    verb = "is sending again, though it may have arrived," if data.again else "asked for another attempt of"
    return f"{verb} reply {data.reply}"


def _foreseen(data: FloodForeseen, name_of: Naming) -> str:
    return f"foresees a long wait: {data.backlog} customers wait, the last may be answered in {data.minutes} minutes"


def _requeued(data: DeliveryRequeued, name_of: Naming) -> str:
    verb = "is sending again, though it may have arrived," if data.again else "asked for another attempt of"
    return f"{verb} update {data.update} to {_place(data.outlet, data.part)}"


def _place(outlet: OutletKey, part: int) -> str:
    return f"{outlet}, part {part + 1}" if part else outlet


def _published(data: UpdatePublished, name_of: Naming) -> str:
    promised = "promised for" if data.promised else "due"
    following = f"the next one is {promised} {format_minute(data.due_at)}" if data.due_at else "no further one is due"
    return f"update {data.update} is published; {following}"


def _moved(data: ReminderMoved, name_of: Naming) -> str:
    why = f": {data.reason}" if data.reason else ""
    return (
        f"set the next reminder to {format_minute(data.due_at)}{why}" if data.due_at else f"turned reminders off{why}"
    )


def _reminded(data: UpdateReminded, name_of: Naming) -> str:
    told = {
        Step.BEFORE: "reminded the comms lead: an update is due",
        Step.DUE: "reminded the comms lead: the update is due now,",
        Step.COMMANDER: "reminded the commander: no update since it was due",
        Step.CHANNEL: "told the incidents Slack channel: no update since it was due",
    }
    return f"{told[data.step]} {format_minute(data.due_at)}"


_SENTENCES: dict[type, Callable[[Any, Naming], str]] = {
    IncidentOpened: _opened,
    IncidentAmended: lambda data, _: f"amended the opening: “{data.title}”, impact {data.impact}",
    RoleAssigned: lambda data, name_of: f"made {name_of(data.member)} {data.role.value.replace('_', ' ')}",
    ImpactChanged: lambda data, _: f"changed the impact to {data.impact}; update due {format_minute(data.due_at)}",
    RevisionProposed: _proposed,
    CommentAdded: lambda data, _: f"commented on revision {data.revision}: “{shorten(data.text)}”",
    ChangesRequested: lambda data, _: f"requested changes to revision {data.revision}: “{shorten(data.reason)}”",
    RevisionApproved: lambda data, _: f"approved revision {data.revision} (digest {data.digest[:8]})",
    ApprovalWithdrawn: lambda data, _: f"took back the approval of revision {data.revision}",
    ApprovalBypassed: lambda data, _: (
        f"decided to PUBLISH WITHOUT APPROVAL revision {data.revision} (digest {data.digest[:8]}): "
        f"“{shorten(data.reason)}”"
    ),
    DraftWithdrawn: lambda data, _: f"withdrew draft {data.draft}",
    DraftChased: lambda data, _: f"asked again for approval of revision {data.revision}",
    BroadcastStarted: _broadcast,
    DeliverySent: _sent,
    DeliveryRefused: lambda data, _: (
        f"update {data.update} to {_place(data.outlet, data.part)}: REFUSED, {shorten(data.reason)}"
    ),
    DeliveryUncertain: lambda data, _: (
        f"update {data.update} to {_place(data.outlet, data.part)}: uncertain, {shorten(data.reason)}"
    ),
    DeliverySkipped: lambda data, _: (
        f"update {data.update} to {_place(data.outlet, data.part)}: skipped, {shorten(data.reason)}"
    ),
    DeliveryStalled: lambda data, _: (
        f"update {data.update} to {_place(data.outlet, data.part)} is HELD UP: {shorten(data.reason, 240)} "
        "It keeps its place and is tried again; “chatops check” tells when it is mended"
    ),
    OutletPaused: lambda data, _: f"paused {data.outlet}: “{shorten(data.reason)}”",
    OutletResumed: lambda data, _: f"resumed {data.outlet}",
    DeliveryRequeued: _requeued,
    UpdatePublished: _published,
    IncidentResolved: lambda *_: "resolved the incident",
    IncidentReopened: lambda data, _: f"reopened the incident; update due {format_minute(data.due_at)}",
    ReminderMoved: _moved,
    ReminderSnoozed: lambda data, _: f"snoozed the reminder until {format_minute(data.until)}",
    UpdateReminded: _reminded,
    ConversationOpened: lambda data, _: f"heard a customer on {data.outlet}",
    ConversationClaimed: lambda data, _: f"claimed it until {format_minute(data.until)}",
    ClaimReleased: lambda *_: "released the claim",
    ConversationHandedOver: lambda data, name_of: f"handed it over to {name_of(data.to)}",
    ReplyWritten: _reply_written,
    ReplyApproved: lambda data, _: f"approved reply {data.reply} (digest {data.digest[:8]})",
    ReplyHeld: lambda data, _: f"held reply {data.reply} back: {shorten(data.reason)}",
    ReplyReleased: lambda data, _: f"decided to send reply {data.reply} all the same",
    ReplyDropped: lambda data, _: f"dropped reply {data.reply}",
    ReplySent: _reply_sent,
    ReplyRefused: lambda data, _: f"reply {data.reply}: REFUSED, {shorten(data.reason)}",
    ReplyUncertain: lambda data, _: f"reply {data.reply}: uncertain, {shorten(data.reason)}",
    ReplyRequeued: _reply_requeued,
    NoReplyNeeded: lambda data, _: f"closed it, no reply needed: “{shorten(data.reason)}”",
    ConversationEscalated: lambda data, _: f"called the commander: “{shorten(data.reason)}”",
    ConversationErased: lambda data, _: f"erased what this customer wrote ({_WHY_ERASED[data.why]})",
    FollowUpDone: lambda *_: "came back to this customer as promised",
    MentionEscalated: lambda data, _: (
        f"called the commander to a customer on {data.outlet} (conversation {data.conversation}): "
        f"“{shorten(data.reason)}”"
    ),
    AnswerProposed: lambda data, _: f"proposed the team's answer to question {data.group}: “{shorten(data.words)}”",
    AnswerApproved: lambda data, _: f"approved the team's answer to question {data.group} (digest {data.digest[:8]})",
    FloodForeseen: _foreseen,
    ReplyingPaused: lambda data, _: f"paused all replying to customers: “{shorten(data.reason)}”",
    ReplyingResumed: lambda *_: "resumed replying to customers",
}
