"""Modals sent and closed: what the client checks itself, and what the app's acknowledgement does to the stack."""

from chatops.sandbox.applink import Acknowledgement, Delivery
from chatops.sandbox.blockkit.normal import normalise_view
from chatops.sandbox.blockkit.surfaces import check_view
from chatops.sandbox.changes import ModalChanged
from chatops.sandbox.clicks import keep_values
from chatops.sandbox.commands import TROUBLE
from chatops.sandbox.forms import HOLDINGS, complaint_about, walk
from chatops.sandbox.members import Member
from chatops.sandbox.parts import Parts
from chatops.sandbox.views import View
from chatops.sandbox.wire import Json, Refused


def require_open(parts: Parts, me: Member, view_id: str) -> View:
    view = parts.workspace.views.find(view_id)
    if view is None or view.member_id != me.id or view.content["type"] != "modal":
        raise Refused("That modal is not open.")
    return view


async def submit(parts: Parts, me: Member, view_id: str, values: Json) -> Json:
    """Send the top modal; errors are by block id."""
    view = require_open(parts, me, view_id)
    if parts.workspace.views.top(me.id) is not view:
        raise Refused("Another modal is open above this one.")
    if "submit" not in view.content:
        raise Refused("This modal has nothing to submit.")
    keep_values(view, values)
    complaints = _complaints(view)
    if complaints:
        return {"errors": complaints, "closed": False}
    payload = parts.payloads.submission(
        me, view, trigger_id=parts.triggers.issue(me.id), response_urls=_issue_response_urls(parts, me, view)
    )
    acknowledgement = await parts.link.deliver(Delivery(kind="interactive", payload=payload))
    if not acknowledgement.ok:
        raise Refused(TROUBLE)
    return await _apply(parts, me, view, acknowledgement)


def _issue_response_urls(parts: Parts, me: Member, view: View) -> list[Json]:
    """One for each menu in an input block with `response_url_enabled` in which a conversation was chosen:
    https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload#view_submission"""
    issued: list[Json] = []
    for block, element in walk(view.blocks):
        if block["type"] != "input" or not element.get("response_url_enabled"):
            continue
        place = {"block_id": block["block_id"], "action_id": element["action_id"]}
        chosen = view.values[block["block_id"]][element["action_id"]].get(HOLDINGS[element["type"]].key)
        channel = parts.workspace.channels.get(str(chosen))
        if channel is not None:
            url = parts.response_urls.issue(channel.id, me.id)
            issued.append(place | {"channel_id": channel.id, "response_url": url})
    return issued


def _complaints(view: View) -> Json:
    values = view.values
    found: Json = {}
    for block in view.blocks:
        if block["type"] == "input":
            complaint = complaint_about(block, values[block["block_id"]][block["element"]["action_id"]])
            if complaint is not None:
                found[block["block_id"]] = complaint
    return found


async def _apply(parts: Parts, me: Member, view: View, acknowledgement: Acknowledgement) -> Json:
    """https://docs.slack.dev/surfaces/modals#handling_submissions"""
    answer = acknowledgement.body or {}
    match answer.get("response_action"):
        case None:
            if answer or acknowledgement.text.strip():
                _reject(parts, f"not a response to a submission: {str(answer or acknowledgement.text)[:200]}")
            await _close(parts, me, view, everything=False, submitted=True)
        case "clear":
            await _close(parts, me, view, everything=True, submitted=True)
        case "errors":
            return {"errors": _checked_errors(parts, view, answer.get("errors")), "closed": False}
        case "update" | "push" as what:
            content = _checked_view(parts, answer.get("view"))
            if what == "update":
                parts.workspace.views.update(view, content)
            elif parts.workspace.views.push(me.id, content) is None:
                _reject(parts, "a fourth modal was pushed")
            parts.workspace.tell(ModalChanged(me.id))
            return {"closed": False}
        case other:
            _reject(parts, f"unknown response_action {other!r}")
    return {"closed": True}


def _reject(parts: Parts, detail: str) -> None:
    parts.violations.add("bad_ack", "view_submission", detail)
    raise Refused(TROUBLE)


def _checked_errors(parts: Parts, view: View, errors: object) -> Json:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        _reject(parts, f"errors must name input blocks of this view, got {errors!r}")
        return {}
    return errors


def _checked_view(parts: Parts, view: object) -> Json:
    objections = check_view(view) if isinstance(view, dict) else ["[ERROR] missing required field: view"]
    if isinstance(view, dict) and not objections and view["type"] == "modal":
        return normalise_view(view)
    parts.violations.add("invalid_blocks", "view_submission", "; ".join(objections) or "not a modal")
    raise Refused(TROUBLE)


async def close(parts: Parts, me: Member, view_id: str, *, is_cleared: bool, values: Json) -> Json:
    """The person closes a modal, or with `is_cleared` the whole stack."""
    view = require_open(parts, me, view_id)
    keep_values(view, values)
    everything = is_cleared or bool(view.content.get("clear_on_close"))
    await _close(parts, me, view, everything=everything, submitted=False)
    return {"closed": True}


async def _close(parts: Parts, me: Member, view: View, *, everything: bool, submitted: bool) -> None:
    gone = parts.workspace.views.close(view, everything=everything)
    parts.workspace.tell(ModalChanged(me.id))
    if submitted:
        return
    for closed in gone:
        if closed.content.get("notify_on_close"):
            payload = parts.payloads.closing(me, closed, is_cleared=everything)
            await parts.link.deliver(Delivery(kind="interactive", payload=payload))
