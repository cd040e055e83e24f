"""The methods we speak, with arguments, rate tiers and scopes: https://docs.slack.dev/reference/methods"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "boolean", "integer", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    tier: int | None
    """1 to 4; None where Slack says "special rate limits apply"."""
    arguments: dict[str, Kind]
    required: tuple[str, ...] = ()
    missing: str = "invalid_arguments"
    """The error code when a required argument is missing."""
    scopes: tuple[str, ...] = ()
    """Any one of these is needed; methods whose scope depends on the Slack channel ask by themselves."""
    app_token: bool = False
    public: bool = False


def _arguments(**kinds: str) -> dict[str, Kind]:
    """`string="channel ts"` gives both names that kind."""
    known: dict[str, Kind] = {"string": "string", "boolean": "boolean", "integer": "integer", "json": "json"}
    return {name: known[kind] for kind, names in kinds.items() for name in names.split()}


PAGED = "cursor"
CONVERSATIONS_WRITE = ("channels:manage", "groups:write", "im:write", "mpim:write")
CONVERSATIONS_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
HISTORY_ARGUMENTS = _arguments(
    string="channel cursor latest oldest",
    integer="limit",
    boolean="inclusive include_all_metadata",
    json="metadata_keys_to_include",
)

METHODS: dict[str, Method] = {
    "api.test": Method(tier=4, arguments=_arguments(string="error"), public=True),
    "auth.test": Method(tier=None, arguments={}),
    "apps.connections.open": Method(tier=3, arguments={}, app_token=True),
    "team.info": Method(tier=3, arguments=_arguments(string="team domain"), scopes=("team:read",)),
    "bots.info": Method(tier=3, arguments=_arguments(string="bot team_id"), scopes=("users:read",)),
    "chat.postMessage": Method(
        tier=None,
        arguments=_arguments(
            string="channel text markdown_text thread_ts username icon_emoji icon_url parse "
            "current_draft_last_updated_ts",
            boolean="reply_broadcast mrkdwn link_names unfurl_links unfurl_media as_user",
            json="blocks attachments metadata",
        ),
        required=("channel",),
        scopes=("chat:write",),
    ),
    "chat.update": Method(
        tier=3,
        arguments=_arguments(
            string="channel ts text markdown_text parse",
            boolean="as_user link_names reply_broadcast",
            json="blocks attachments metadata file_ids unfurled_attachments",
        ),
        required=("channel", "ts"),
        scopes=("chat:write",),
    ),
    "chat.delete": Method(
        tier=3,
        arguments=_arguments(string="channel ts", boolean="as_user"),
        required=("channel", "ts"),
        scopes=("chat:write",),
    ),
    "chat.postEphemeral": Method(
        tier=4,
        arguments=_arguments(
            string="channel user text markdown_text thread_ts username icon_emoji icon_url parse",
            boolean="as_user link_names",
            json="blocks attachments",
        ),
        required=("channel", "user"),
        scopes=("chat:write",),
    ),
    "chat.getPermalink": Method(
        tier=None, arguments=_arguments(string="channel message_ts"), required=("channel", "message_ts")
    ),
    "conversations.list": Method(
        tier=2,
        arguments=_arguments(string="cursor types team_id", integer="limit", boolean="exclude_archived"),
        scopes=CONVERSATIONS_READ,
    ),
    "conversations.info": Method(
        tier=3,
        arguments=_arguments(string="channel", boolean="include_locale include_num_members"),
        required=("channel",),
        scopes=CONVERSATIONS_READ,
    ),
    "conversations.join": Method(
        tier=3, arguments=_arguments(string="channel"), required=("channel",), scopes=("channels:join",)
    ),
    "conversations.create": Method(
        tier=2,
        arguments=_arguments(string="name team_id", boolean="is_private"),
        required=("name",),
        missing="invalid_name_required",
        scopes=CONVERSATIONS_WRITE,
    ),
    "conversations.invite": Method(
        tier=3,
        arguments=_arguments(string="channel", json="users", boolean="force"),
        required=("channel", "users"),
        scopes=(*CONVERSATIONS_WRITE, "channels:write.invites", "groups:write.invites"),
    ),
    "conversations.open": Method(
        tier=3,
        arguments=_arguments(string="channel", json="users", boolean="prevent_creation return_im"),
        scopes=CONVERSATIONS_WRITE,
    ),
    "conversations.members": Method(
        tier=4,
        arguments=_arguments(string="channel cursor", integer="limit"),
        required=("channel",),
        scopes=CONVERSATIONS_READ,
    ),
    "conversations.history": Method(
        tier=3, arguments=HISTORY_ARGUMENTS, required=("channel",), missing="channel_not_found", scopes=HISTORY
    ),
    "conversations.replies": Method(
        tier=3, arguments=HISTORY_ARGUMENTS | {"ts": "string"}, required=("channel", "ts"), scopes=HISTORY
    ),
    "conversations.setTopic": Method(
        tier=2,
        arguments=_arguments(string="channel topic"),
        required=("channel", "topic"),
        scopes=(*CONVERSATIONS_WRITE, "channels:write.topic", "groups:write.topic"),
    ),
    "conversations.setPurpose": Method(
        tier=2,
        arguments=_arguments(string="channel purpose"),
        required=("channel", "purpose"),
        scopes=(*CONVERSATIONS_WRITE, "channels:write.topic", "groups:write.topic"),
    ),
    "conversations.archive": Method(
        tier=2, arguments=_arguments(string="channel"), required=("channel",), scopes=CONVERSATIONS_WRITE
    ),
    "conversations.rename": Method(
        tier=2, arguments=_arguments(string="channel name"), required=("channel", "name"), scopes=CONVERSATIONS_WRITE
    ),
    "users.list": Method(
        tier=2,
        arguments=_arguments(string="cursor team_id", integer="limit", boolean="include_locale"),
        scopes=("users:read",),
    ),
    "users.info": Method(
        tier=4,
        arguments=_arguments(string="user", boolean="include_locale"),
        required=("user",),
        missing="user_not_found",
        scopes=("users:read",),
    ),
    "users.lookupByEmail": Method(
        tier=3, arguments=_arguments(string="email"), required=("email",), scopes=("users:read.email",)
    ),
    "users.profile.get": Method(
        tier=4, arguments=_arguments(string="user", boolean="include_labels"), scopes=("users.profile:read",)
    ),
    "usergroups.list": Method(
        tier=2,
        arguments=_arguments(string="team_id", boolean="include_count include_disabled include_users"),
        scopes=("usergroups:read",),
    ),
    "usergroups.users.list": Method(
        tier=2,
        arguments=_arguments(string="usergroup team_id", boolean="include_disabled"),
        required=("usergroup",),
        scopes=("usergroups:read",),
    ),
    "views.open": Method(
        tier=4, arguments=_arguments(string="trigger_id interactivity_pointer", json="view"), required=("view",)
    ),
    "views.push": Method(
        tier=4, arguments=_arguments(string="trigger_id interactivity_pointer", json="view"), required=("view",)
    ),
    "views.update": Method(
        tier=4, arguments=_arguments(string="view_id external_id hash", json="view"), required=("view",)
    ),
    "views.publish": Method(
        tier=4, arguments=_arguments(string="user_id hash", json="view"), required=("user_id", "view")
    ),
    "reactions.add": Method(
        tier=3,
        arguments=_arguments(string="channel name timestamp"),
        required=("channel", "name", "timestamp"),
        scopes=("reactions:write",),
    ),
    "reactions.remove": Method(
        tier=2,
        arguments=_arguments(string="channel name timestamp file file_comment"),
        required=("name",),
        scopes=("reactions:write",),
    ),
    "reactions.get": Method(
        tier=3,
        arguments=_arguments(string="channel timestamp file file_comment", boolean="full"),
        scopes=("reactions:read",),
    ),
    "files.getUploadURLExternal": Method(
        tier=4,
        arguments=_arguments(string="filename alt_txt snippet_type", integer="length"),
        required=("filename", "length"),
        scopes=("files:write",),
    ),
    "files.completeUploadExternal": Method(
        tier=4,
        arguments=_arguments(string="channel_id channels initial_comment thread_ts", json="files blocks"),
        required=("files",),
        scopes=("files:write",),
    ),
    "files.info": Method(
        tier=4,
        arguments=_arguments(string="file cursor", integer="count limit page"),
        required=("file",),
        scopes=("files:read",),
    ),
    "pins.add": Method(
        tier=2, arguments=_arguments(string="channel timestamp"), required=("channel",), scopes=("pins:write",)
    ),
    "bookmarks.add": Method(
        tier=2,
        arguments=_arguments(string="channel_id title type link emoji entity_id parent_id access_level"),
        required=("channel_id", "title", "type"),
        scopes=("bookmarks:write",),
    ),
}
