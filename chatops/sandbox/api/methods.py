"""Which function answers which method."""

from collections.abc import Callable

from chatops.sandbox.api import chat, conversations, files, history, reactions, team, users, views
from chatops.sandbox.api.call import Call
from chatops.sandbox.wire import Json

Answering = Callable[[Call], Json]

ANSWERS: dict[str, Answering] = {
    "api.test": team.test_api,
    "auth.test": team.test_auth,
    "apps.connections.open": team.open_connection,
    "team.info": team.team_info,
    "bots.info": team.bot_info,
    "bookmarks.add": team.add_bookmark,
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "chat.delete": chat.delete,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.getPermalink": chat.get_permalink,
    "conversations.list": conversations.list_channels,
    "conversations.info": conversations.info,
    "conversations.join": conversations.join,
    "conversations.create": conversations.create,
    "conversations.invite": conversations.invite,
    "conversations.open": conversations.open_conversation,
    "conversations.members": conversations.members,
    "conversations.setTopic": conversations.set_topic,
    "conversations.setPurpose": conversations.set_purpose,
    "conversations.archive": conversations.archive,
    "conversations.rename": conversations.rename,
    "conversations.history": history.history,
    "conversations.replies": history.replies,
    "users.list": users.list_users,
    "users.info": users.info,
    "users.lookupByEmail": users.lookup_by_email,
    "users.profile.get": users.get_profile,
    "usergroups.list": users.list_usergroups,
    "usergroups.users.list": users.list_usergroup_members,
    "views.open": views.open_modal,
    "views.push": views.push_modal,
    "views.update": views.update_view,
    "views.publish": views.publish_home,
    "reactions.add": reactions.add,
    "reactions.remove": reactions.remove,
    "reactions.get": reactions.get,
    "pins.add": reactions.pin,
    "files.getUploadURLExternal": files.get_upload_url,
    "files.completeUploadExternal": files.complete_upload,
    "files.info": files.info,
}
