"""A Bluesky account: short posts as one thread per incident, each written under a key that it can have only once."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import regex
from pydantic import AfterValidator, BaseModel, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import BaseUrl, ShortSettings
from chatops.outlets.counting import count_graphemes
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http, name_place, require_success
from chatops.usecases.ports import Outlet, Posting, Sent

T = TypeVar("T")
Json = dict[str, Any]

COLLECTION = "app.bsky.feed.post"
REPO, SERVER = "com.atproto.repo", "com.atproto.server"
TID_CHARS = "234567abcdefghijklmnopqrstuvwxyz"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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
ABILITIES = Abilities(retract=True, thread=True, settled_by="own_key")
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


class _Session(BaseModel):
    did: str = Field(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")
    accessJwt: SecretStr  # noqa: N815 - as it comes
    refreshJwt: SecretStr  # noqa: N815


class _Named(BaseModel):
    """A record's address and content, each without a blank, so that our remote id can be parsed again."""

    uri: str = Field(pattern=r"^at://[^/\s]+/[^/\s]+/[^/\s]+$")
    cid: str = Field(pattern=r"^[^\s]+$")

    def to_ref(self) -> Ref:
        return Ref(self.uri, self.cid)


class _Reply(BaseModel):
    root: _Named


class _Post(BaseModel):
    text: str
    reply: _Reply | None = None


class _Record(_Named):
    value: _Post


class _Trouble(BaseModel):
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One XRPC call, https://atproto.com/specs/xrpc; a body makes it a POST."""

    name: str
    body: Json | None = None
    query: Mapping[str, str] = field(default_factory=dict)


def _real_now() -> datetime:
    return datetime.now(UTC)


class Bluesky:
    """The session is kept in memory: logging in is limited to 300 a day."""

    def __init__(self, settings: Settings, spec: OutletSpec, http: Http) -> None:
        self.spec = spec
        self._settings = settings
        self._http = http
        self._place = name_place(settings.base_url)
        self._session: _Session | None = None
        self._login_lock = asyncio.Lock()

    async def send(self, posting: Posting) -> Sent:
        record = build_record(posting, self._settings.language)
        answer = await self._put(posting, record)
        note = None
        if "reply" in record and _name_trouble(answer) == "InvalidRequest":
            # Some servers want to know what is answered; what was removed there by hand cannot be.
            record = {name: value for name, value in record.items() if name != "reply"}
            answer = await self._put(posting, record)
            note = "It stands alone: a post of the thread it was to continue is gone there."
        if _name_trouble(answer) == "InvalidSwap":
            found = await self.find(posting)
            if found is None:
                raise NotSent(f"{self._place} had the post, and has it no more.")
            return found
        self._require_success(answer, posting)
        try:
            post = _Named.model_validate_json(answer.body).to_ref()
        except ValueError:
            raise Uncertain(f"{self._place} took the post, it seems, but its answer cannot be read.") from None
        root = Ref(**record["reply"]["root"]) if "reply" in record else post
        return self._name_sent(Standing(post, root), note=note)

    async def find(self, posting: Posting) -> Sent | None:
        session = await self._get_session()
        query = {"repo": session.did, "collection": COLLECTION, "rkey": build_key(posting)}
        answer = await self._read(_Call(name=f"{REPO}.getRecord", query=query))
        if _name_trouble(answer) == "RecordNotFound":
            return None
        self._require_success(answer)
        record = self._parse(_Record.model_validate_json, answer)
        if record.value.text != posting.words:
            raise Refused(f"{self._place} has other words under the key of this post. Please look there.")
        post, reply = record.to_ref(), record.value.reply
        return self._name_sent(Standing(post, reply.root.to_ref() if reply else post))

    async def retract(self, posting: Posting) -> Sent:
        """To remove what is gone already is success there."""
        standing = parse_remote_id(posting.target or "")
        session = await self._get_session()
        if standing is None or not standing.post.uri.startswith(f"at://{session.did}/{COLLECTION}/"):
            raise Refused("It is not known which post of this account is meant. Remove it by hand there.")
        key = standing.post.uri.rpartition("/")[2]
        body = {"repo": session.did, "collection": COLLECTION, "rkey": key}
        self._require_success(await self._call(_Call(name=f"{REPO}.deleteRecord", body=body)))
        return Sent(remote_id=posting.target)

    async def check(self) -> str:
        await self._get_session()
        self._require_success(await self._read(_Call(name=f"{SERVER}.getSession")))
        return f"@{self._settings.handle} at {self._place}, the app password is good"

    async def _put(self, posting: Posting, record: Json) -> Answer:
        """`swapRecord` null: only where nothing stands under this key. The same record again is no write at all.

        createRecord would answer a repeat with an internal error.
        https://github.com/bluesky-social/atproto/blob/main/packages/pds/src/api/com/atproto/repo/putRecord.ts
        """
        session = await self._get_session()
        target = {"repo": session.did, "collection": COLLECTION, "rkey": build_key(posting)}
        return await self._call(_Call(name=f"{REPO}.putRecord", body={**target, "record": record, "swapRecord": None}))

    def _name_sent(self, standing: Standing, *, note: str | None = None) -> Sent:
        did, _, key = standing.post.uri.removeprefix("at://").split("/")
        url = f"{self._settings.app_url}/profile/{did}/post/{key}"
        return Sent(url=url, remote_id=str(standing), note=note)

    async def _call(self, call: _Call) -> Answer:
        session = await self._get_session()
        answer = await self._request(call, session.accessJwt)
        if _name_trouble(answer) in ("ExpiredToken", "InvalidToken"):
            session = await self._get_session(instead_of=session)
            answer = await self._request(call, session.accessJwt)
        return answer

    async def _read(self, call: _Call) -> Answer:
        try:
            return await self._call(call)
        except Uncertain:
            raise NotSent(f"{self._place} did not answer when it was asked. Nothing was posted.") from None

    async def _get_session(self, *, instead_of: _Session | None = None) -> _Session:
        """One login or refresh at a time; who waited for it takes its session."""
        async with self._login_lock:
            if self._session is None or self._session is instead_of:
                self._session = (await self._refresh(instead_of) if instead_of else None) or await self._log_in()
            return self._session

    async def _refresh(self, session: _Session) -> _Session | None:
        """None where the refresh token is no longer good: then only the app password helps."""
        answer = await self._ask(_Call(name=f"{SERVER}.refreshSession", body={}), session.refreshJwt)
        if answer.status in (400, 401):
            return None
        self._require_success(answer)
        return self._parse(_Session.model_validate_json, answer)

    async def _log_in(self) -> _Session:
        password = self._settings.app_password.get_secret_value()
        body = {"identifier": self._settings.handle, "password": password}
        answer = await self._ask(_Call(name=f"{SERVER}.createSession", body=body), None)
        self._require_success(answer)
        return self._parse(_Session.model_validate_json, answer)

    async def _ask(self, call: _Call, token: SecretStr | None) -> Answer:
        """A lost answer about a session leaves nothing behind."""
        try:
            return await self._request(call, token)
        except Uncertain:
            raise NotSent(f"{self._place} did not answer the login. Nothing was posted.") from None

    async def _request(self, call: _Call, token: SecretStr | None) -> Answer:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        try:
            body = json.dumps(call.body, ensure_ascii=False).encode() if call.body else None
        except ValueError:
            raise Refused("These words hold a character that cannot be sent. Remove it and try again.") from None
        if body:
            headers["Content-Type"] = "application/json"
        url = f"{self._settings.base_url}/xrpc/{call.name}" + (f"?{urlencode(call.query)}" if call.query else "")
        # The address is the operator's own word and no redirect is followed, so it may be private.
        method = "GET" if call.body is None else "POST"
        return await self._http.request(method, url, headers=headers, body=body, allow_private=True)

    def _require_success(self, answer: Answer, posting: Posting | None = None) -> None:
        trouble = _name_trouble(answer)
        if answer.status == 401 or trouble in ("AuthenticationRequired", "ExpiredToken", "InvalidToken"):
            handle, env = self._settings.handle, self._settings.app_password_env
            text = f"{self._place} does not let @{handle} in. Put a good app password into {env}."
            raise NotSent(text, needs_person=True)
        if trouble in ("AccountTakedown", "AccountDeactivated", "RepoDeactivated", "RepoTakendown"):
            text = f"{self._place} has closed the account @{self._settings.handle}. Please look there."
            raise NotSent(text, needs_person=True)
        if answer.status == 429:
            pause = read_reset(answer, _real_now())
            raise NotSent(f"{self._place} has had too many requests from us for now.", retry_after=pause)
        if answer.status == 400 and posting:
            chars = self.spec.limits.count(posting.words)
            raise Refused(
                f"{self._place} does not take this post of {chars} of {self.spec.limits.max_chars} characters."
            )
        require_success(answer, self._place, honours_key=True)

    def _parse(self, parse: Callable[[bytes], T], answer: Answer) -> T:
        try:
            return parse(answer.body)
        except ValueError:
            raise NotSent(f"{self._place} gives answers that are not Bluesky's. Check base_url.") from None


def _name_trouble(answer: Answer) -> str | None:
    """The error's name, only compared and never shown."""
    if answer.status not in (400, 401, 403):
        return None
    try:
        return _Trouble.model_validate_json(answer.body).error
    except ValueError:
        return ""


def build_key(posting: Posting) -> str:
    """The record key, https://atproto.com/specs/tid: when the broadcast began, the part, ten bits of our own key."""
    micros = (_find_start(posting) - EPOCH) // timedelta(microseconds=1)
    part = posting.key.rpartition("/")[2]
    micros += int(part) if part.isdecimal() else 0  # parts began together, and ten bits alone might be the same
    clock_id = int.from_bytes(hashlib.sha256(posting.key.encode()).digest()[:2], "big") & 0x3FF
    value = (micros & (1 << 53) - 1) << 10 | clock_id
    return "".join(TID_CHARS[value >> shift & 31] for shift in range(60, -1, -5))


def build_record(posting: Posting, language: str | None = None) -> Json:
    """Only what is frozen goes in, so that every retry is the same record."""
    created_at = _find_start(posting).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: Json = {"$type": COLLECTION, "text": posting.words, "createdAt": created_at}
    if language:
        record["langs"] = [language]
    if facets := list_facets(posting.words):
        record["facets"] = facets
    standing = [each for each in map(parse_remote_id, posting.earlier) if each]
    if standing:
        record["reply"] = {"root": standing[-1].root.wire(), "parent": standing[-1].post.wire()}
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


def read_reset(answer: Answer, now: datetime) -> timedelta | None:
    """ratelimit-reset is a moment in seconds: https://docs.bsky.app/docs/advanced-guides/rate-limits"""
    text = answer.headers.get("ratelimit-reset", "")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        return answer.retry_after
    at = EPOCH + timedelta(seconds=int(text))
    return min(max(at - now, timedelta(0)), LONGEST_RETRY_AFTER)


def _find_start(posting: Posting) -> datetime:
    return posting.started_at or posting.first_tried_at
