"""Clicks: buttons, menus and pickers in messages, modals and App Home."""

from chatops.sandbox.commands import deliver_interaction
from chatops.sandbox.forms import HOLDINGS, OVERFLOW, find_element, read_choice
from chatops.sandbox.members import Member
from chatops.sandbox.parts import Parts
from chatops.sandbox.payloads import action_of
from chatops.sandbox.views import View
from chatops.sandbox.wire import Json, Refused

WITHOUT_CHOICE = ("button", "workflow_button", "icon_button", "feedback_buttons")


def _found(blocks: list[Json], request: Json) -> tuple[Json, Json]:
    found = find_element(blocks, str(request.get("block_id")), str(request.get("action_id")))
    if found is None:
        raise Refused("There is nothing like that to click here any more.")
    return found


def _choice(element: Json, request: Json) -> Json:
    """What was chosen, without its type; empty for a button."""
    if element["type"] in WITHOUT_CHOICE:
        if element["type"] == "button" and request.get("value") not in (None, element.get("value")):
            raise Refused("That button carries another value.")
        return {}
    if element["type"] not in HOLDINGS and element["type"] != "overflow":
        raise Refused(f"A {element['type']} cannot be clicked.")
    choice = read_choice(element, request)
    if element["type"] == "overflow" and choice[OVERFLOW.key] is None:
        raise Refused("Choose one of the menu's options.")
    return choice


async def click_in_message(parts: Parts, me: Member, channel_id: str, ts: str, request: Json) -> Json:
    channel = parts.workspace.channels.get(channel_id)
    message = channel.find(ts, seen_by=me.id) if channel else None
    if channel is None or message is None or not parts.workspace.may_see(channel, me.id):
        raise Refused("That message is gone.")
    block, element = _found(message.blocks, request)
    choice = _choice(element, request)
    if element["type"] in HOLDINGS:
        message.inputs.setdefault(me.id, {}).setdefault(block["block_id"], {})[element["action_id"]] = choice
    payload = parts.payloads.click_in_message(
        me,
        channel,
        message,
        action_of(block, element, choice),
        trigger_id=parts.triggers.issue(me.id, channel.id),
        response_url=parts.response_urls.issue(channel.id, me.id, ts),
    )
    return await deliver_interaction(parts, me, payload)


async def click_in_view(parts: Parts, me: Member, view: View, request: Json) -> Json:
    if view.member_id != me.id:
        raise Refused("That view is not open.")
    block, element = _found(view.blocks, request)
    keep_values(view, request.get("values") or {})
    choice = _choice(element, request)
    if element["type"] in HOLDINGS:
        view.touch(block["block_id"], element["action_id"], choice)
    if block["type"] == "input" and not block.get("dispatch_action"):
        return {"app": "not told"}
    payload = parts.payloads.click_in_view(
        me, view, action_of(block, element, choice), trigger_id=parts.triggers.issue(me.id)
    )
    return await deliver_interaction(parts, me, payload)


def keep_values(view: View, values: Json) -> None:
    """Take over what the person has entered so far."""
    for block_id, actions in values.items():
        for action_id, given in actions.items():
            found = find_element(view.blocks, block_id, action_id)
            if found is None or found[1]["type"] not in HOLDINGS:
                raise Refused(f"There is no input {block_id} / {action_id} in this view.")
            view.touch(block_id, action_id, read_choice(found[1], given))
