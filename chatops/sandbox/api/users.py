"""users.* and usergroups.*: https://docs.slack.dev/reference/methods?family=users"""

from chatops.sandbox.api.call import ApiError, Call
from chatops.sandbox.api.cursors import page_of
from chatops.sandbox.members import Member
from chatops.sandbox.wire import Json


def _wire(call: Call, member: Member) -> Json:
    return call.workspace.wire_member(member, show_email="users:read.email" in call.parts.manifest.scopes)


def list_users(call: Call) -> Json:
    members = [_wire(call, member) for member in call.workspace.members.values()]
    page, cursor = page_of(call, members, _limit(call))
    now = int(call.workspace.clock())
    return {"ok": True, "members": page, "cache_ts": now, "response_metadata": {"next_cursor": cursor}}


def _limit(call: Call) -> int:
    return call.limit(200, error="limit_required")


def _member(call: Call, member_id: str) -> Member:
    member = call.workspace.members.get(member_id)
    if member is None:
        raise ApiError("user_not_found")
    return member


def info(call: Call) -> Json:
    wire = _wire(call, _member(call, call.text("user")))
    if call.flag("include_locale"):
        wire["locale"] = "en-US"
    return {"ok": True, "user": wire}


def lookup_by_email(call: Call) -> Json:
    email = call.text("email").lower()
    found = next((m for m in call.workspace.members.values() if m.email == email and not m.deleted), None)
    if found is None:
        raise ApiError("users_not_found")
    return {"ok": True, "user": _wire(call, found)}


def get_profile(call: Call) -> Json:
    member = _member(call, call.text("user") or call.bot_id)
    return {"ok": True, "profile": _wire(call, member)["profile"]}


def list_usergroups(call: Call) -> Json:
    groups = []
    for group in call.workspace.usergroups:
        wire = dict(group)
        if not call.flag("include_users"):
            del wire["users"]
        if not call.flag("include_count"):
            del wire["user_count"]
        groups.append(wire)
    return {"ok": True, "usergroups": groups}


def list_usergroup_members(call: Call) -> Json:
    group = next((group for group in call.workspace.usergroups if group["id"] == call.text("usergroup")), None)
    if group is None:
        raise ApiError("no_such_subteam")
    return {"ok": True, "users": list(group["users"])}
