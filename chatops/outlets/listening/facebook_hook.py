"""What Facebook's `feed` webhook tells, and whether it was Facebook that did. Pure: the route is the web's."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from chatops.domain.ids import OutletKey
from chatops.domain.mention import Mention
from chatops.outlets.facebook import Settings
from chatops.outlets.json_calls import find_in, list_in
from chatops.outlets.listening.facebook_mentions import build_comment, build_post, check_id
from chatops.usecases.mention_ports import Heard, Hook

POSTS = frozenset(("post", "status", "photo", "video", "link"))
"""Items that are posts; a visitor's picture with words is a `photo`."""
TOLD, REMOVED = frozenset(("add", "edit", "edited")), frozenset(("remove", "delete"))


def build_hooks(settings: Settings, *, key: OutletKey) -> tuple[Hook, ...]:
    """`POST /hooks/facebook`, where the app's secret is set; its GET proves once that the address is ours."""
    if settings.app_secret is None:
        return ()
    secret = settings.app_secret.get_secret_value()
    hook = Hook(
        outlet=key,
        path="/hooks/facebook",
        check=lambda headers, body: verify_signature(body, headers.get("X-Hub-Signature-256"), secret),
        parse=lambda body, _: parse_webhook(body, page_id=settings.page_id),
        greet=partial(find_challenge, settings),
    )
    return (hook,)


def find_challenge(settings: Settings, query: Mapping[str, str]) -> str | None:
    """What Facebook wants to hear, if the verify token is ours."""
    token = settings.verify_token.get_secret_value() if settings.verify_token else ""
    shown = query.get("hub.verify_token", "")
    if query.get("hub.mode") != "subscribe" or not token or not hmac.compare_digest(shown.encode(), token.encode()):
        return None
    return query.get("hub.challenge")


def verify_signature(body: bytes, header: str | None, app_secret: str) -> bool:
    """Of `X-Hub-Signature-256`: https://developers.facebook.com/docs/graph-api/webhooks/getting-started"""
    expected = "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
    return bool(app_secret) and hmac.compare_digest(expected.encode(), (header or "").encode(errors="replace"))


def parse_webhook(body: bytes, *, page_id: str) -> Heard:
    """What it tells of our page; nothing where it is none of ours, or no JSON. Of several words on a post the last.

    https://developers.facebook.com/docs/graph-api/webhooks/reference/page#feed
    """
    mentions: dict[str, Mention] = {}
    gone: dict[str, None] = {}
    for value in _list_changes(body, page_id):
        remote_id = check_id(value.get("comment_id") if value.get("item") == "comment" else value.get("post_id"))
        if remote_id is None:
            continue
        verb = str(value.get("verb"))
        if verb in REMOVED:
            mentions.pop(remote_id, None)
            gone[remote_id] = None
        elif verb in TOLD and (mention := _read_mention(value, remote_id, page_id)):
            mentions[remote_id] = mention
    return Heard(mentions=tuple(mentions.values()), gone=tuple(gone))


def _list_changes(body: bytes, page_id: str) -> list[dict[str, Any]]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return []
    entries = [each for each in list_in(find_in(data, "entry")) if each.get("id") == page_id]
    changes = [each for entry in entries for each in list_in(entry.get("changes"))]
    values = [each.get("value") for each in changes if each.get("field") == "feed"]
    known = POSTS | {"comment"}
    return [each for each in values if isinstance(each, dict) and str(each.get("item")) in known]


def _read_mention(value: dict[str, Any], remote_id: str, page_id: str) -> Mention | None:
    """Our own updates are none; our own comments are."""
    url = f"https://www.facebook.com/{remote_id}"
    if value.get("item") == "comment":
        post_id, parent = check_id(value.get("post_id")), {"id": value.get("parent_id")}
        if post_id is None:
            return None
        return build_comment(value | {"parent": parent}, remote_id=remote_id, post_id=post_id, page_id=page_id, url=url)
    mention = build_post(value, remote_id=remote_id, page_id=page_id, url=url)
    return None if mention is None or mention.is_ours else mention
