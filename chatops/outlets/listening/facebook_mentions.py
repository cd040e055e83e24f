"""Comments and posts of a Page as mentions, the same whether they were read or told. Nothing in them is trusted."""

import re
from datetime import UTC, datetime
from typing import Any

from chatops.domain.mention import Author, Mention, MentionKind
from chatops.outlets.json_calls import find_in

TEXT_CHARS, NAME_CHARS = 10_000, 200
NOBODY = "Somebody on Facebook"
"""People are not named to a page that has no permission for it, and never where they tag it."""


def build_comment(data: dict[str, Any], *, remote_id: str, post_id: str, page_id: str, url: str) -> Mention | None:
    """`post_id` is what all comments below one post have in common."""
    at, parent = read_moment(data.get("created_time")), check_id(find_in(data.get("parent"), "id"))
    if at is None:
        return None
    author = _read_author(data.get("from"), remote_id)
    return Mention(
        id=remote_id,
        author=author,
        text=_read_text(data.get("message")),
        posted_at=at,
        kind=MentionKind.COMMENT,
        url=url,
        thread=post_id,
        parent=parent or post_id,
        is_ours=author.id == page_id,
    )


def build_post(data: dict[str, Any], *, remote_id: str, page_id: str, url: str) -> Mention | None:
    """What a visitor wrote on our page, or somewhere with our name in it."""
    at = read_moment(data.get("created_time"))
    if at is None:
        return None
    author = _read_author(data.get("from"), remote_id)
    return Mention(
        id=remote_id,
        author=author,
        text=_read_text(data.get("message")),
        posted_at=at,
        url=url,
        thread=remote_id,
        is_ours=author.id == page_id,
    )


def check_id(found: object) -> str | None:
    """`PAGE_POST`, `POST_COMMENT` or a number alone."""
    return found if isinstance(found, str) and re.fullmatch(r"[0-9]{1,32}(_[0-9]{1,32})?", found) else None


def read_moment(found: object) -> datetime | None:
    """Graph writes ISO 8601, its webhooks seconds."""
    try:
        if type(found) is int:
            return datetime.fromtimestamp(found, UTC)
        at = datetime.fromisoformat(str(found))
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _read_author(found: object, remote_id: str) -> Author:
    """Without a name each post is by somebody of its own."""
    author_id, name = check_id(find_in(found, "id")), find_in(found, "name")
    shown = " ".join(name.split())[:NAME_CHARS] if isinstance(name, str) else ""
    return Author(id=author_id or remote_id, handle="", name=shown or NOBODY)


def _read_text(found: object) -> str:
    """Empty where somebody sent a picture or a sticker only."""
    return found[:TEXT_CHARS] if isinstance(found, str) else ""
