"""Who the app is and where: api.test, auth.test, apps.connections.open, team.info, bots.info, bookmarks.add."""

from chatops.sandbox.api.call import ApiError, Call
from chatops.sandbox.wire import Json, new_id


def test_api(call: Call) -> Json:
    error = call.text("error")
    if error:
        raise ApiError(error, args={"error": error})
    return {"ok": True, "args": {name: str(value) for name, value in call.arguments.items()}}


def test_auth(call: Call) -> Json:
    app, bot = call.workspace.identity, call.workspace.bot
    return {
        "ok": True,
        "url": f"{call.workspace.base_url}/",
        "team": call.workspace.team["name"],
        "user": bot.name,
        "team_id": app.team_id,
        "user_id": bot.id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> Json:
    ticket = call.parts.socket_mode.new_ticket()
    address = call.workspace.base_url.replace("http", "ws", 1)
    return {"ok": True, "url": f"{address}/link/?ticket={ticket}&app_id={call.workspace.identity.app_id}"}


def team_info(call: Call) -> Json:
    if call.text("team", call.workspace.team["id"]) != call.workspace.team["id"]:
        raise ApiError("team_not_found")
    team = call.workspace.team
    icon = {"image_34": "https://avatars.example.com/team-34.png", "image_default": True}
    return {
        "ok": True,
        "team": {
            **team,
            "url": f"{call.workspace.base_url}/",
            "email_domain": "acme.example",
            "icon": icon,
            "avatar_base_url": "https://avatars.example.com/",
            "is_verified": False,
        },
    }


def bot_info(call: Call) -> Json:
    app = call.workspace.identity
    if call.text("bot", app.bot_id) != app.bot_id:
        raise ApiError("bot_not_found")
    profile: Json = app.on_messages()["bot_profile"]
    del profile["team_id"]
    return {"ok": True, "bot": profile | {"user_id": app.bot_member_id}}


def add_bookmark(call: Call) -> Json:
    channel = call.visible_channel("channel_id")
    if call.text("type") != "link":
        raise ApiError("invalid_bookmark_type")
    if not call.text("link").startswith(("http://", "https://")):
        raise ApiError("invalid_link")
    if not channel.has(call.bot_id):
        raise ApiError("permission_denied")
    now = int(call.workspace.clock())
    bookmark = {
        "id": new_id("Bk"),
        "channel_id": channel.id,
        "title": call.text("title"),
        "link": call.text("link"),
        "emoji": call.text("emoji"),
        "icon_url": None,
        "type": "link",
        "entity_id": None,
        "date_created": now,
        "date_updated": 0,
        "rank": "",
        "last_updated_by_user_id": call.bot_id,
        "last_updated_by_team_id": call.workspace.identity.team_id,
        "shortcut_id": None,
        "app_id": None,
    }
    channel.bookmarks.append(bookmark)
    return {"ok": True, "bookmark": bookmark}
