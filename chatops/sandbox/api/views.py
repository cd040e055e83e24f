"""views.*: https://docs.slack.dev/reference/methods?family=views"""

from chatops.sandbox.api.call import ApiError, Call, invalid_arguments
from chatops.sandbox.blockkit.normal import normalise_view
from chatops.sandbox.blockkit.surfaces import check_view, is_too_large
from chatops.sandbox.changes import HomeChanged, ModalChanged
from chatops.sandbox.forms import HOLDINGS, walk
from chatops.sandbox.views import View
from chatops.sandbox.wire import Json


def _read_view(call: Call, kind: str) -> Json:
    """A checked view of the kind this method takes, with its defaults filled in."""
    raw = call.structure("view")
    if not isinstance(raw, dict):
        raise invalid_arguments("[ERROR] must provide an object [json-pointer:/view]")
    objections = check_view(raw)
    if raw.get("type") in ("modal", "home") and raw["type"] != kind:
        objections.append(f"[ERROR] must be a {kind} view [json-pointer:/view/type]")
    if objections:
        raise invalid_arguments(*objections)
    if is_too_large(raw):
        raise ApiError("view_too_large")
    return normalise_view(raw)


def _require_new_external_id(call: Call, content: Json, replaced: View | None = None) -> None:
    external_id = content.get("external_id")
    taken = call.workspace.views.find_external(external_id) if external_id else None
    if taken is not None and taken is not replaced:
        raise ApiError("duplicate_external_id")


def _good_trigger(call: Call) -> str:
    trigger_id = call.text("trigger_id") or call.text("interactivity_pointer")
    if not trigger_id:
        raise invalid_arguments("[ERROR] missing required field: trigger_id")
    problem = call.parts.triggers.problem(trigger_id)
    if problem is not None:
        raise ApiError(problem)
    return trigger_id


def _prefill_conversation(call: Call, view: View, trigger_id: str) -> None:
    """An `initial_conversation` goes before `default_to_current_conversation`:
    https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#conversations_select"""
    channel_id = call.parts.triggers.channel_id(trigger_id)
    if channel_id is None:
        return
    for block, element in walk(view.blocks):
        if element.get("default_to_current_conversation"):
            holding = HOLDINGS[element["type"]]
            if not element.get(holding.initial):
                value = [channel_id] if holding.many else channel_id
                view.touch(block["block_id"], element["action_id"], {"type": element["type"], holding.key: value})


def open_modal(call: Call) -> Json:
    content = _read_view(call, "modal")
    trigger_id = _good_trigger(call)
    _require_new_external_id(call, content)
    member_id = call.parts.triggers.use(trigger_id)
    view = call.workspace.views.open(member_id, content)
    _prefill_conversation(call, view, trigger_id)
    call.workspace.tell(ModalChanged(member_id))
    return {"ok": True, "view": call.workspace.wire_view(view)}


def push_modal(call: Call) -> Json:
    content = _read_view(call, "modal")
    trigger_id = _good_trigger(call)
    _require_new_external_id(call, content)
    member_id = call.parts.triggers.owner(trigger_id)
    if not call.workspace.views.stack(member_id):
        raise ApiError("not_found")
    view = call.workspace.views.push(member_id, content)
    if view is None:
        raise ApiError("push_limit_reached")
    _prefill_conversation(call, view, trigger_id)
    call.parts.triggers.use(trigger_id)
    call.workspace.tell(ModalChanged(member_id))
    return {"ok": True, "view": call.workspace.wire_view(view)}


def update_view(call: Call) -> Json:
    views = call.workspace.views
    if not call.text("view_id") and not call.text("external_id"):
        raise invalid_arguments("[ERROR] missing required field: view_id")
    found = views.find(call.text("view_id")) if call.text("view_id") else views.find_external(call.text("external_id"))
    content = _read_view(call, found.content["type"] if found else "modal")
    if found is None:
        raise ApiError("not_found")
    _require_same_hash(call, found)
    _require_new_external_id(call, content, replaced=found)
    views.update(found, content)
    changed = ModalChanged if content["type"] == "modal" else HomeChanged
    call.workspace.tell(changed(found.member_id))
    return {"ok": True, "view": call.workspace.wire_view(found)}


def publish_home(call: Call) -> Json:
    member_id = call.text("user_id")
    content = _read_view(call, "home")
    if not call.parts.manifest.home_enabled:
        raise ApiError("not_enabled")
    if member_id not in call.workspace.members:
        raise invalid_arguments("[ERROR] no such user [json-pointer:/user_id]")
    before = call.workspace.views.home(member_id)
    if before is not None:
        _require_same_hash(call, before)
    _require_new_external_id(call, content, replaced=before)
    view = call.workspace.views.publish(member_id, content)
    call.workspace.tell(HomeChanged(member_id))
    return {"ok": True, "view": call.workspace.wire_view(view)}


def _require_same_hash(call: Call, view: View) -> None:
    given = call.text("hash")
    if given and given != view.hash:
        raise ApiError("hash_conflict")
