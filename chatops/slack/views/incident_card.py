"""The incident card: how things stand, who is on it, when the public hears next. Its thread is the audit thread."""

from collections.abc import Mapping
from datetime import timedelta

from slack_sdk.models.blocks import ActionsBlock, Block

from chatops.domain.cadence import find_waiting_draft
from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.slack import icons
from chatops.slack.mrkdwn import cut, escape, escaped_name, link, slack_date
from chatops.slack.views.building import TEXT_CHARS, Message, button, context, header, section

DRAFT_UPDATE = "draft_update"
CHANGE_IMPACT = "change_impact"
ASSIGN = "assign"
RESOLVE = "resolve"

COMPONENTS_CHARS = 600
NAME_CHARS = 100


def build(incident: Incident, members: Mapping[MemberId, Member], page_url: str | None) -> Message:
    """The card as everybody sees it. `page_url` is shown once something stands on the page."""
    blocks: list[Block] = [header(_title(incident)), section(_state(incident, members))]
    foot = _foot(incident, page_url)
    if foot:
        blocks.append(context(foot))
    blocks.append(_buttons(incident))
    return summarise(incident), blocks


def build_status(incident: Incident, members: Mapping[MemberId, Member], page_url: str | None) -> Message:
    """The same for `/incident status`, only to the person who asked."""
    return build(incident, members, page_url)


def summarise(incident: Incident) -> str:
    """One escaped line: `INC-3 · Checkout is down — 🟠 Major, investigating`."""
    standing = "resolved" if incident.is_resolved else incident.status.value
    title = cut(escape(incident.title), TEXT_CHARS - 200)
    return f"{incident.name} · {title} — {icons.mark_impact(incident.impact)}, {standing}"


def _title(incident: Incident) -> str:
    sign = icons.RESOLVED if incident.is_resolved else icons.IMPACTS[incident.impact]
    lock = f" {icons.PRIVATE}" if incident.private else ""
    return f"{sign} {incident.name}{lock} · {incident.title}"


def _state(incident: Incident, members: Mapping[MemberId, Member]) -> str:
    status = "Resolved" if incident.is_resolved else icons.word_status(incident.status)
    lines = [f"*Impact* {icons.mark_impact(incident.impact)}   *Status* {status}"]
    if incident.components:
        lines.append(f"*Components* {cut(escape(', '.join(incident.components)), COMPONENTS_CHARS)}")
    commander = cut(escaped_name(incident.commander, members), NAME_CHARS)
    comms_lead = cut(escaped_name(incident.comms_lead, members), NAME_CHARS)
    lines.append(f"*Commander* {commander}   *Comms lead* {comms_lead}")
    lines.append(_clock(incident))
    draft = find_waiting_draft(incident)
    if draft:
        lines.append(f"*Draft* revision {draft.current.number} is waiting for approval in this thread")
    return "\n".join(lines)


def _clock(incident: Incident) -> str:
    if incident.resolved_at:
        lasted = word_duration(incident.resolved_at - incident.opened_at)
        return f"*Resolved* {slack_date(incident.resolved_at)}, after {lasted}"
    if incident.due_at is None:
        return "*Next update* reminders are off until the next published update"
    promised = ", as promised to the public" if incident.is_promised else ""
    return f"*Next update* due {slack_date(incident.due_at)}{promised}"


def word_duration(span: timedelta) -> str:
    """`3 min`, `1 h 05 min`, `2 days 4 h`."""
    minutes = max(1, round(span.total_seconds() / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def _foot(incident: Incident, page_url: str | None) -> str:
    parts = []
    if page_url and any(update.is_on_page for update in incident.updates):
        parts.append(link(page_url, "Public page"))
    if incident.private:
        parts.append(f"{icons.PRIVATE} Private: only the people named here see this")
    return "  ·  ".join(parts)


def _buttons(incident: Incident) -> ActionsBlock:
    value = str(incident.number)
    draft = button("Draft update", DRAFT_UPDATE, value, style=None if incident.is_resolved else "primary")
    if incident.is_resolved:
        return ActionsBlock(elements=[draft])
    return ActionsBlock(
        elements=[
            draft,
            button("Change impact", CHANGE_IMPACT, value),
            button("Assign", ASSIGN, value),
            button("Resolve", RESOLVE, value),
        ]
    )
