"""The whole incident as a document: timeline, decisions, exact texts, deliveries; as Markdown, JSON or HTML."""

import html
import json
from typing import Literal

from chatops.domain.broadcast import Delivery, Update
from chatops.domain.chain import format_at
from chatops.domain.ids import IncidentNumber, MemberId
from chatops.domain.policy import Member
from chatops.domain.records import Record
from chatops.domain.report import describe, format_minute
from chatops.usecases.customer_exports import (
    CustomersExport,
    customers_as_html,
    customers_as_json,
    customers_as_markdown,
)
from chatops.usecases.ports import Answer, Desk, Job, Transaction
from chatops.usecases.reading import IncidentSnapshot
from chatops.usecases.recording import Command, get_incident, perform

Format = Literal["md", "json", "html"]


async def ask_for_upload(desk: Desk, command: Command, number: IncidentNumber) -> Answer:
    """Ask the worker to put the export into the incident thread."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        tx.put(Job(kind="upload", key=f"upload:{number}:{command.key}", data={"incident": incident.number}))
        return {"incident": number}

    return await perform(desk, command, decide)


def export(snapshot: IncidentSnapshot, form: Format, customers: CustomersExport | None = None) -> str:
    match form:
        case "md":
            return export_markdown(snapshot, customers)
        case "json":
            return export_json(snapshot, customers)
        case "html":
            return export_html(snapshot, customers)


def export_json(snapshot: IncidentSnapshot, customers: CustomersExport | None = None) -> str:
    """The records as they are, with names beside the internal ids: enough to verify the chain elsewhere."""
    incident = snapshot.incident
    document = {
        "incident": incident.name,
        "title": incident.title,
        "impact": incident.impact,
        "status": incident.status,
        "head": incident.head_hash,
        "members": {member.id: member.name for member in snapshot.members.values()},
        "updates": [_update_as_json(update) for update in incident.updates],
        "records": [_record_as_json(record, snapshot) for record in snapshot.records],
        **({"customers": customers_as_json(customers)} if customers and customers.conversations else {}),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _update_as_json(update: Update) -> dict[str, object]:
    return {
        "number": update.number,
        "status": update.revision.status,
        "started_at": format_at(update.started_at),
        "published_at": format_at(update.published_at) if update.published_at else None,
        "without_approval": update.bypass_reason,
        "approved_by": [approval.member for approval in update.approvals],
        "digest": update.revision.digest,
        "words": [words.model_dump(mode="json") for words in update.revision.words],
        "deliveries": [
            {"outlet": each.outlet, "part": each.part, "state": each.state, "url": each.url, "reason": each.reason}
            for each in update.deliveries
        ],
    }


def _record_as_json(record: Record, snapshot: IncidentSnapshot) -> dict[str, object]:
    return {
        "seq": record.seq,
        "at": format_at(record.at),
        "actor": record.actor,
        "kind": record.kind,
        "data": json.loads(record.text) if record.text is not None else None,
        "salt": record.salt.hex() if record.salt is not None else None,
        "data_digest": record.data_digest,
        "prev": record.prev,
        "hash": record.hash,
        "sentence": f"{_name(snapshot, record.actor)} {describe(record, lambda each: _name(snapshot, each))}",
    }


def _name(snapshot: IncidentSnapshot, member: MemberId) -> str:
    known = snapshot.members.get(member)
    return known.name if known else str(member)


def export_markdown(snapshot: IncidentSnapshot, customers: CustomersExport | None = None) -> str:
    incident = snapshot.incident
    lines = [
        f"# {incident.name}: {_escape_markdown(incident.title)}",
        "",
        f"- Impact: {incident.impact}",
        f"- Status: {incident.status}",
        f"- Opened: {format_minute(incident.opened_at)} by {_escape_markdown(_name(snapshot, incident.opened_by))}",
        f"- Resolved: {format_minute(incident.resolved_at) if incident.resolved_at else 'not yet'}",
        f"- Head of the log: `{incident.head_hash}` (record {incident.head_seq})",
        "",
        "## Updates",
        "",
    ]
    for update in incident.updates:
        lines += _update_as_markdown(update, snapshot)
    lines += customers_as_markdown(customers, _escape_markdown) if customers else []
    lines += ["## Timeline", "", "| Time (UTC) | Who | What | Hash |", "|---|---|---|---|"]
    lines += [_record_as_markdown(record, snapshot) for record in snapshot.records]
    return "\n".join(lines) + "\n"


def _update_as_markdown(update: Update, snapshot: IncidentSnapshot) -> list[str]:
    approvers = ", ".join(_name(snapshot, approval.member) for approval in update.approvals) or "nobody"
    lines = [
        f"### Update {update.number}: {update.revision.status.value.capitalize()}",
        "",
        f"Started {format_minute(update.started_at)}, published {format_minute(update.published_at)}. "
        f"Written by {_escape_markdown(_name(snapshot, update.revision.author))}, "
        f"approved by {_escape_markdown(approvers)}.",
        "",
    ]
    if update.bypass_reason:
        lines += [f"**Published without approval:** {_escape_markdown(update.bypass_reason)}", ""]
    for words in update.revision.words:
        for number, part in enumerate(words.parts, start=1):
            title = f"{words.outlet}, part {number}" if len(words.parts) > 1 else words.outlet
            fence = "`" * (3 + part.count("```"))
            lines += [f"#### {title}", "", fence, part, fence, ""]
    return [*lines, *[_delivery_as_markdown(each) for each in update.deliveries], ""]


def _delivery_as_markdown(delivery: Delivery) -> str:
    detail = " ".join(text for text in (delivery.url, delivery.reason) if text)
    return f"- {delivery.outlet}: {delivery.state} {_escape_markdown(detail)}".rstrip()


def _record_as_markdown(record: Record, snapshot: IncidentSnapshot) -> str:
    sentence = describe(record, lambda each: _name(snapshot, each))
    who = _escape_markdown(_name(snapshot, record.actor))
    return f"| {record.at:%Y-%m-%d %H:%M:%S} | {who} | {_escape_markdown(sentence)} | `{record.anchor}` |"


def _escape_markdown(text: str) -> str:
    """Typed words stay words: no markup, no table cells, no HTML."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{char}" if char in "\\`*_[]|#" else char for char in escaped)


def export_html(snapshot: IncidentSnapshot, customers: CustomersExport | None = None) -> str:
    """One page without scripts; every typed word escaped."""
    incident = snapshot.incident
    rows = "\n".join(_record_as_html(record, snapshot) for record in snapshot.records)
    updates = "\n".join(_update_as_html(update, snapshot) for update in incident.updates)
    title = html.escape(f"{incident.name}: {incident.title}")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}td,th{{border:1px solid #ccc;padding:.3rem .5rem;text-align:left;
vertical-align:top}}pre{{white-space:pre-wrap;background:#f5f5f5;padding:.7rem}}code{{font-size:.85em}}</style></head>
<body><h1>{title}</h1>
<p>Impact {incident.impact}, status {incident.status}. Head of the log <code>{incident.head_hash}</code>.</p>
<h2>Updates</h2>
{updates}
{customers_as_html(customers) if customers else ""}
<h2>Timeline</h2>
<table><thead><tr><th>Time (UTC)</th><th>Who</th><th>What</th><th>Hash</th></tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""


def _update_as_html(update: Update, snapshot: IncidentSnapshot) -> str:
    texts = "\n".join(
        f"<h4>{html.escape(words.outlet)}</h4><pre dir=auto>{html.escape(part)}</pre>"
        for words in update.revision.words
        for part in words.parts
    )
    deliveries = "".join(
        f"<li>{html.escape(' '.join(filter(None, (each.outlet, each.state, each.url, each.reason))))}</li>"
        for each in update.deliveries
    )
    bypass = (
        f"<p><strong>Published without approval:</strong> {html.escape(update.bypass_reason)}</p>"
        if update.bypass_reason
        else ""
    )
    author = html.escape(_name(snapshot, update.revision.author))
    head = f"<h3>Update {update.number}: {update.revision.status.value.capitalize()}</h3><p>Written by {author}.</p>"
    return f"{head}{bypass}{texts}<ul>{deliveries}</ul>"


def _record_as_html(record: Record, snapshot: IncidentSnapshot) -> str:
    cells = (
        f"{record.at:%Y-%m-%d %H:%M:%S}",
        _name(snapshot, record.actor),
        describe(record, lambda each: _name(snapshot, each)),
    )
    return (
        "<tr>"
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        + f"<td><code>{record.anchor}</code></td></tr>"
    )
