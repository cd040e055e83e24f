"""Posts of X as mentions: who wrote what to us, and what it answers, quotes or reposts. Nothing in them is trusted."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from chatops.domain.mention import Author, Mention, MentionKind
from chatops.outlets.json_calls import find_in, list_in
from chatops.outlets.x_calls import read_id, read_text, read_time

TEXT_CHARS, NAME_CHARS = 10_000, 200
SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
"""https://docs.x.com/fundamentals/x-ids"""


def read_mention(
    data: Mapping[str, Any], includes: object, *, our_id: str, link: Callable[[str, str | None], str]
) -> Mention | None:
    """None where it is not a whole post. Edits keep the id of the first version."""
    newest_id, text, at = read_id(data), _read_whole_text(data), read_time(data)
    author = _read_author(data, includes)
    if newest_id is None or text is None or at is None or author is None:
        return None
    first_id = list_versions(data)[0]
    kind, parent, about = _read_relation(data, our_id)
    if kind is MentionKind.QUOTE:
        text = _strip_quoted(text, about)
    return Mention(
        id=first_id,
        author=author,
        text=text[:TEXT_CHARS],
        posted_at=at if newest_id == first_id else _read_snowflake(first_id, at),
        kind=kind,
        url=link(newest_id, author.handle or "i/web"),
        thread=_read_number(data.get("conversation_id")),
        parent=_find_first_version(parent, includes),
        about=_find_first_version(about, includes),
        is_ours=author.id == our_id,
    )


def list_versions(data: object) -> list[str]:
    """All ids of a post, the first one first: https://docs.x.com/x-api/fundamentals/edit-posts"""
    history = find_in(data, "edit_history_tweet_ids")
    known = [each for each in map(_read_number, history) if each] if isinstance(history, list) else []
    return known or [str(find_in(data, "id"))]


def strip_names(text: str) -> str:
    """Without the names that X puts before an answer."""
    return re.sub(r"^(?:\s*@\w{1,50})+\s", "", text, flags=re.ASCII)


def _read_relation(data: Mapping[str, Any], our_id: str) -> tuple[MentionKind, str | None, str | None]:
    """Its kind, what it answers, what it quotes or reposts."""
    references = list_in(data.get("referenced_tweets"))
    by_kind = {str(each.get("type")): _read_number(each.get("id")) for each in reversed(references)}
    parent, quoted, reposted = (by_kind.get(kind) for kind in ("replied_to", "quoted", "retweeted"))
    if reposted:
        return MentionKind.REPOST, None, reposted
    if parent and data.get("in_reply_to_user_id") == our_id:
        return MentionKind.REPLY, parent, quoted
    return MentionKind.QUOTE if quoted else MentionKind.MENTION, parent, quoted


def _read_author(data: Mapping[str, Any], includes: object) -> Author | None:
    author_id = _read_number(data.get("author_id"))
    if author_id is None:
        return None
    known = next((each for each in list_in(find_in(includes, "users")) if each.get("id") == author_id), {})
    handle, name, followers = (
        known.get("username"),
        known.get("name"),
        find_in(known, "public_metrics", "followers_count"),
    )
    return Author(
        id=author_id,
        handle=handle if isinstance(handle, str) and re.fullmatch(r"[A-Za-z0-9_]{1,50}", handle) else "",
        name=name.strip()[:NAME_CHARS] if isinstance(name, str) else "",
        followers=followers if type(followers) is int and followers >= 0 else None,
    )


def _read_whole_text(data: Mapping[str, Any]) -> str | None:
    """Of a long post the first 280 characters stand in `text`, all of them in the note."""
    note = data.get("note_tweet")
    whole = read_text(note) if isinstance(note, dict) else None
    return whole or read_text(data)


def _strip_quoted(text: str, about: str | None) -> str:
    """Without the address of what is quoted, which X adds at the end."""
    return re.sub(rf"\s*https?://(?:twitter|x)\.com/\w+/status/{about}\S*\s*$", "", text)


def _find_first_version(post_id: str | None, includes: object) -> str | None:
    """What is quoted or answered is named by any of its versions; we know posts by their first."""
    for each in list_in(find_in(includes, "tweets")):
        versions = list_versions(each)
        if post_id in (*versions, each.get("id")):
            return versions[0]
    return post_id


def _read_snowflake(post_id: str, else_: datetime) -> datetime:
    """When the first version was posted: its id says so."""
    seconds = ((int(post_id) >> 22) + SNOWFLAKE_EPOCH_MS) / 1000
    return datetime.fromtimestamp(seconds, UTC) if seconds <= else_.timestamp() else else_


def _read_number(found: object) -> str | None:
    return found if isinstance(found, str) and re.fullmatch(r"[0-9]{1,25}", found) else None
