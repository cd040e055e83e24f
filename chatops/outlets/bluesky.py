"""A Bluesky account: short posts as one thread per incident, each written under a key that it can have only once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import regex
from pydantic import AfterValidator, BaseModel, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, ShortSettings
from chatops.outlets.bluesky_calls import COLLECTION, EPOCH, REPO, SERVER, BlueskyApi, Call, Json, name_trouble
from chatops.outlets.counting import count_graphemes
from chatops.outlets.http import Answer, Http
from chatops.usecases.ports import Outlet, Posting, Sent

TID_CHARS = "234567abcdefghijklmnopqrstuvwxyz"
BYTES_PER_CHAR = 10
"""300 characters as people see them, and 3,000 bytes of UTF-8:
https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json"""

_CONJUNCT = regex.compile(r"(?<=[\p{M}\u200D])(?!\p{Script=Hangul})\p{Lo}")
# ASCII after the host: where words are written without blanks, the next one must not become part of the link.
_LINK = regex.compile(r"(?<![A-Za-z0-9_@/])https?://[^\s/?#<>\"“”«»、。！？]+(?:[/?#][!#-;=?-~]*)?", regex.IGNORECASE)
_AFTER_LINK = ".,;:!?'’)]}…*_。、！？"


def count_chars(text: str) -> int:
    """Both limits in one number, at most 300; never less than the network's own count."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    # Before Unicode 15.1 an Indic conjunct was several characters, and servers live long:
    # https://www.unicode.org/reports/tr29/tr29-43.html#GB9c
    graphemes = count_graphemes(_CONJUNCT.sub("x", text))
    return max(graphemes, -(-len(text.encode(errors="surrogatepass")) // BYTES_PER_CHAR))


NAME = "bluesky"
LABEL = "Bluesky"
LIMITS = TextLimits(max_chars=300, count=count_chars)
# A changed record shows no mark that it was changed, and not every view shows the change: a correction is a new post.
ABILITIES = Abilities(
    retract=True, thread=True, settled_by="own_key", mentions=True, reply=True, replies_settled_by="own_key"
)
"""The own key is the record key, and it holds for ever."""
COST: Callable[[str], str] | None = None


def _check_handle(handle: str) -> str:
    """https://atproto.com/specs/handle"""
    handle = handle.removeprefix("@").lower()
    label = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    if len(handle) > 253 or not regex.fullmatch(rf"(?:{label}\.)+{label}", handle):
        raise ValueError("must be like acme.example or acme.bsky.social")
    return handle


class Settings(ShortSettings):
    """`[outlets.bluesky]`. `app_url` is where people read the posts."""

    base_url: BaseUrl = Field(default="https://bsky.social", description='base_url = "https://bsky.social"')
    handle: Annotated[str, AfterValidator(_check_handle)] = Field(description='handle = "acme.example"')
    app_password: SecretStr = Field(min_length=1, description="made under Settings, Privacy and security")
    app_password_env: str = "BLUESKY_APP_PASSWORD"  # noqa: S105 - the name of the variable
    app_url: BaseUrl = "https://bsky.app"
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}$")


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    return OutletSpec(
        key=key,
        label=label,
        account=settings.handle,
        limits=LIMITS,
        abilities=ABILITIES,
        form="short",
        cost=COST,
        link=settings.link,
        split=settings.split,
    )


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    return Bluesky(settings, build_spec(settings, key=key, label=label), http)


@dataclass(frozen=True, slots=True)
class Ref:
    """A post as answers name it: its address, and the content that it had."""

    uri: str
    cid: str

    def wire(self) -> dict[str, str]:
        return {"uri": self.uri, "cid": self.cid}


@dataclass(frozen=True, slots=True)
class Standing:
    """What our remote id holds: the post, and the post that began its thread. All answers must name that one too."""

    post: Ref
    root: Ref

    def __str__(self) -> str:
        refs = (self.post,) if self.post == self.root else (self.post, self.root)
        return " ".join(f"{ref.uri} {ref.cid}" for ref in refs)


def parse_remote_id(text: str) -> Standing | None:
    """`at://… cid` of a first post, `at://… cid at://… cid` of an answer and its root; None for anything else."""
    pieces = text.split(" ")
    if len(pieces) not in (2, 4) or not all(uri.startswith("at://") for uri in pieces[::2]):
        return None
    refs = [Ref(uri, cid) for uri, cid in zip(pieces[::2], pieces[1::2], strict=True)]
    return Standing(refs[0], refs[-1])


class Named(BaseModel):
    """A record's address and content, each without a blank, so that our remote id can be parsed again."""

    uri: str = Field(pattern=r"^at://[^/\s]+/[^/\s]+/[^/\s]+$")
    cid: str = Field(pattern=r"^[^\s]+$")

    def to_ref(self) -> Ref:
        return Ref(self.uri, self.cid)


class _Reply(BaseModel):
    root: Named


class _Post(BaseModel):
    text: str
    reply: _Reply | None = None


class Record(Named):
    value: _Post


def build_api(settings: Settings, http: Http) -> BlueskyApi:
    return BlueskyApi(
        http,
        settings.base_url,
        handle=settings.handle,
        app_password=settings.app_password,
        app_password_env=settings.app_password_env,
    )


class Bluesky:
    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._settings = settings
        self._api = build_api(settings, http)

    async def send(self, posting: Posting) -> Sent:
        record = build_record(posting, self._settings.language)
        answer = await self._api.put_post(build_key(posting), record)
        note = None
        if "reply" in record and name_trouble(answer) == "InvalidRequest":
            # Some servers want to know what is answered; what was removed there by hand cannot be.
            record = {name: value for name, value in record.items() if name != "reply"}
            answer = await self._api.put_post(build_key(posting), record)
            note = "It stands alone: a post of the thread it was to continue is gone there."
        if name_trouble(answer) == "InvalidSwap":
            found = await self.find(posting)
            if found is None:
                raise NotSent(f"{self._api.place} had the post, and has it no more.")
            return found
        self._require_taken(answer, posting)
        try:
            post = Named.model_validate_json(answer.body).to_ref()
        except ValueError:
            raise Uncertain(f"{self._api.place} took the post, it seems, but its answer cannot be read.") from None
        root = Ref(**record["reply"]["root"]) if "reply" in record else post
        return self._name_sent(Standing(post, root), note=note)

    async def find(self, posting: Posting) -> Sent | None:
        answer = await self._api.look_up_post(build_key(posting))
        if answer is None:
            return None
        record = self._api.parse(Record.model_validate_json, answer)
        if record.value.text != posting.words:
            raise Refused(f"{self._api.place} has other words under the key of this post. Please look there.")
        post, reply = record.to_ref(), record.value.reply
        return self._name_sent(Standing(post, reply.root.to_ref() if reply else post))

    async def retract(self, posting: Posting) -> Sent:
        """To remove what is gone already is success there."""
        standing = parse_remote_id(posting.target or "")
        did = await self._api.get_did()
        if standing is None or not standing.post.uri.startswith(f"at://{did}/{COLLECTION}/"):
            raise Refused("It is not known which post of this account is meant. Remove it by hand there.")
        key = standing.post.uri.rpartition("/")[2]
        body = {"repo": did, "collection": COLLECTION, "rkey": key}
        self._api.require_success(await self._api.call(Call(name=f"{REPO}.deleteRecord", body=body)))
        return Sent(remote_id=posting.target)

    async def check(self) -> str:
        await self._api.get_did()
        self._api.require_success(await self._api.read(Call(name=f"{SERVER}.getSession")))
        return f"@{self._settings.handle} at {self._api.place}, the app password is good"

    def _name_sent(self, standing: Standing, *, note: str | None = None) -> Sent:
        return Sent(url=name_link(self._settings.app_url, standing.post.uri), remote_id=str(standing), note=note)

    def _require_taken(self, answer: Answer, posting: Posting) -> None:
        limits = self.spec.limits
        self._api.require_taken(answer, chars=limits.count(posting.words), max_chars=limits.max_chars)


def name_link(app_url: str, uri: str) -> str:
    """Where people read the post of that address."""
    did, _, key = uri.removeprefix("at://").split("/")
    return f"{app_url}/profile/{did}/post/{key}"


def build_key(posting: Posting) -> str:
    """When the broadcast began, the part, ten bits of our own key.

    Parts of one update began together, and ten bits alone might be the same.
    """
    part = posting.key.rpartition("/")[2]
    micros = (_find_start(posting) - EPOCH) // timedelta(microseconds=1) + (int(part) if part.isdecimal() else 0)
    clock_id = int.from_bytes(hashlib.sha256(posting.key.encode()).digest()[:2], "big") & 0x3FF
    return make_tid(micros, clock_id)


def make_tid(micros: int, clock_id: int) -> str:
    """A record key, https://atproto.com/specs/tid: microseconds since 1970, and ten more bits."""
    value = (micros & (1 << 53) - 1) << 10 | clock_id
    return "".join(TID_CHARS[value >> shift & 31] for shift in range(60, -1, -5))


def build_record(posting: Posting, language: str | None = None) -> Json:
    """Only what is frozen goes in, so that every retry is the same record."""
    standing = [each for each in map(parse_remote_id, posting.earlier) if each]
    return build_post(posting.words, _find_start(posting), language, answers=standing[-1] if standing else None)


def build_post(words: str, at: datetime, language: str | None, *, answers: Standing | None) -> Json:
    created_at = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: Json = {"$type": COLLECTION, "text": words, "createdAt": created_at}
    if language:
        record["langs"] = [language]
    if facets := list_facets(words):
        record["facets"] = facets
    if answers:
        record["reply"] = {"root": answers.root.wire(), "parent": answers.post.wire()}
    return record


def list_facets(text: str) -> list[Json]:
    """Links are only links where they are marked, by bytes: https://docs.bsky.app/docs/advanced-guides/post-richtext"""
    facets = []
    for match in _LINK.finditer(text):
        url = trim_link(match[0])
        if len(url) <= len("https://"):
            continue
        start = len(text[: match.start()].encode(errors="surrogatepass"))
        end = start + len(url.encode(errors="surrogatepass"))
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": url}
        facets.append({"index": {"byteStart": start, "byteEnd": end}, "features": [feature]})
    return facets


def trim_link(url: str) -> str:
    """Without the sentence's own signs at its end; a closing bracket stays where its opening one is in the link."""
    while url and url[-1] in _AFTER_LINK and not (url[-1] == ")" and url.count("(") >= url.count(")")):
        url = url[:-1]
    return url


def _find_start(posting: Posting) -> datetime:
    return posting.started_at or posting.first_tried_at
