"""What a person types, as Slack stores it: names become mentions, addresses links, and the rest is escaped."""

import re
from collections.abc import Callable

from chatops.sandbox.wire import Json, new_id

TOKEN = re.compile(r"<https?://[^>\s]+>|https?://[^\s<>]+|(?<!\w)[@#][\w.-]*\w|<[@#!][^>\s]+>")

EVERYONE = {"@channel": "channel", "@here": "here", "@everyone": "everyone"}

FindMention = Callable[[str], "str | None"]
"""From `@belle` or `#general` to `U01BELLE`, `C01GENERAL` or a user group's `S01COMMS`; None if nobody."""


def escape(text: str) -> str:
    """https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_mrkdwn(typed: str, find_mention: FindMention, *, with_names: bool = False) -> str:
    """`with_names` gives `<@U1|belle>` as slash commands do when `should_escape` is on."""
    return "".join(_mrkdwn_of(token, find_mention, with_names=with_names) for token in _tokens(typed))


def to_rich_text(typed: str, find_mention: FindMention) -> Json:
    """https://docs.slack.dev/reference/block-kit/blocks/rich-text-block: what the composer sends for plain words."""
    elements = [_rich_of(token, find_mention) for token in _tokens(typed)]
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": new_id("", 5), "elements": [section]}


def _tokens(typed: str) -> list[str]:
    found: list[str] = []
    end = 0
    for match in TOKEN.finditer(typed):
        found += [typed[end : match.start()], match.group()]
        end = match.end()
    return [token for token in [*found, typed[end:]] if token]


def _target(token: str, find_mention: FindMention) -> str | None:
    if token.startswith(("<@", "<#")):
        return token[2:-1].partition("|")[0]
    return find_mention(token) if token[0] in "@#" else None


def _mrkdwn_of(token: str, find_mention: FindMention, *, with_names: bool) -> str:
    if token in EVERYONE:
        return f"<!{EVERYONE[token]}>"
    target = _target(token, find_mention)
    if target is not None:
        name = token.strip("<>@#").partition("|")[2] or token.strip("<>@#")
        return _mention(target, name, with_names=with_names)
    if token.startswith(("http://", "https://")):
        return f"<{escape(token)}>"
    return escape(token)


def _mention(target: str, name: str, *, with_names: bool) -> str:
    if target.startswith("S"):
        return f"<!subteam^{target}|@{name}>"
    if target.startswith("C"):
        return f"<#{target}|{name}>"
    return f"<@{target}|{name}>" if with_names else f"<@{target}>"


def _rich_of(token: str, find_mention: FindMention) -> Json:
    if token in EVERYONE:
        return {"type": "broadcast", "range": EVERYONE[token]}
    target = _target(token, find_mention)
    if target is None:
        is_link = token.startswith(("http://", "https://"))
        return {"type": "link", "url": token} if is_link else {"type": "text", "text": token}
    if target.startswith("S"):
        return {"type": "usergroup", "usergroup_id": target}
    return {"type": "channel", "channel_id": target} if target.startswith("C") else {"type": "user", "user_id": target}
