"""What a post on Bluesky must look like.

https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from chatops.sandbox.social.bluesky_sessions import refuse
from chatops.sandbox.social.call import Refusal
from chatops.sandbox.social.cid import NotEncodable, make_cid
from chatops.sandbox.social.graphemes import count_graphemes
from chatops.sandbox.social.posts import Post
from chatops.sandbox.wire import Json

COLLECTION: Final = "app.bsky.feed.post"
GRAPHEMES_MOST = 300
BYTES_MOST = 3000
TID_CHARS: Final = "234567abcdefghijklmnopqrstuvwxyz"
# https://atproto.com/specs/record-key
RECORD_KEY = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._:~-]{1,512}")
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,20})?(Z|[+-]\d\d:\d\d)")

Find = Callable[[str], Post | None]


def make_tid(at: float, number: int) -> str:
    """https://atproto.com/specs/tid"""
    value = int(at * 1_000_000) << 10 | number % 1024
    return "".join(TID_CHARS[value >> shift & 31] for shift in range(60, -1, -5))


def invalid(message: str) -> Refusal:
    return refuse(400, "InvalidRequest", f"Invalid {COLLECTION} record: {message}")


def check_post(record: Any, find: Find) -> str:
    """Returns the CID. Facets beyond the text and replies to nothing are refused here; a real server takes them."""
    if not isinstance(record, dict):
        raise refuse(400, "InvalidRequest", "Input/record must be an object")
    if record.get("$type", COLLECTION) != COLLECTION:
        message = f"Invalid $type: expected {COLLECTION}, got {record.get('$type')}"
        raise refuse(400, "InvalidRequest", message)
    text = _require(record, "text", str, "string")
    created_at = _require(record, "createdAt", str, "string")
    if not DATETIME.fullmatch(created_at) or not _is_moment(created_at):
        raise invalid("Record/createdAt must be an valid atproto datetime (both RFC-3339 and ISO-8601)")
    size = len(text.encode())
    if size > BYTES_MOST:
        raise invalid(f"Record/text must not be longer than {BYTES_MOST} bytes")
    if count_graphemes(text) > GRAPHEMES_MOST:
        raise invalid(f"Record/text must not be longer than {GRAPHEMES_MOST} graphemes")
    for number, facet in enumerate(record.get("facets") or []):
        _check_facet(facet, f"Record/facets/{number}", text.encode())
    if "langs" in record and (not isinstance(record["langs"], list) or len(record["langs"]) > 3):
        raise invalid("Record/langs must not have more than 3 elements")
    if "reply" in record:
        _check_reply(record["reply"], find)
    try:
        return make_cid(record)
    except (NotEncodable, UnicodeEncodeError) as error:
        raise refuse(400, "InvalidRequest", f"Bad record: {error}") from error


def _require(record: Json, name: str, kind: type[str], label: str) -> str:
    if name not in record:
        raise invalid(f'Record must have the property "{name}"')
    if not isinstance(record[name], kind):
        raise invalid(f"Record/{name} must be a {label}")
    return str(record[name])


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return False
    return True


def _check_facet(facet: Any, path: str, text: bytes) -> None:
    index = facet.get("index") if isinstance(facet, dict) else None
    if not isinstance(index, dict):
        raise invalid(f'{path} must have the property "index"')
    start, end = index.get("byteStart"), index.get("byteEnd")
    if not isinstance(start, int) or not isinstance(end, int):
        raise invalid(f"{path}/index/byteStart must be an integer")
    if not 0 <= start < end <= len(text):
        raise invalid(f"{path}/index must lie within the text ({len(text)} bytes)")
    try:
        text[start:end].decode()
    except UnicodeDecodeError:
        raise invalid(f"{path}/index must not cut a character") from None
    features = facet.get("features")
    if not isinstance(features, list) or not all(isinstance(each, dict) and "$type" in each for each in features):
        raise invalid(f"{path}/features must be an array of objects with a $type")


def _check_reply(reply: Any, find: Find) -> None:
    if not isinstance(reply, dict):
        raise invalid("Record/reply must be an object")
    for name in ("root", "parent"):
        reference = reply.get(name)
        if not isinstance(reference, dict) or not {"uri", "cid"} <= set(reference):
            raise invalid(f'Record/reply must have the property "{name}"')
        post = find(str(reference["uri"]))
        if post is None and name == "root":
            continue  # A thread goes on when its first post was deleted.
        if post is None or post.facts["cid"] != reference["cid"]:
            raise invalid(f"Record/reply/{name} names no post that exists: {reference['uri']}")
