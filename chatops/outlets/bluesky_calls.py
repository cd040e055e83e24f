"""Calls of a Bluesky server: our session, and what each answer means."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, Field, SecretStr

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http, name_place, require_success
from chatops.outlets.json_calls import READ_BYTES

T = TypeVar("T")
Json = dict[str, Any]

COLLECTION = "app.bsky.feed.post"
REPO, SERVER = "com.atproto.repo", "com.atproto.server"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_ENTRY = ("AuthenticationRequired", "ExpiredToken", "InvalidToken")
NO_ACCOUNT = ("AccountTakedown", "AccountDeactivated", "RepoDeactivated", "RepoTakendown")


class _Session(BaseModel):
    did: str = Field(pattern=r"^did:[a-z]+:[A-Za-z0-9._:%-]+$")
    accessJwt: SecretStr  # noqa: N815 - as it comes
    refreshJwt: SecretStr  # noqa: N815


class _Trouble(BaseModel):
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One XRPC call, https://atproto.com/specs/xrpc; a body makes it a POST."""

    name: str
    body: Json | None = None
    query: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


def real_now() -> datetime:
    return datetime.now(UTC)


class BlueskyApi:
    """The session is kept in memory: logging in is limited to 300 a day."""

    def __init__(
        self, http: Http, base_url: str, *, handle: str, app_password: SecretStr, app_password_env: str
    ) -> None:
        self.place = name_place(base_url)
        self._http = http
        self._base_url = base_url
        self._handle = handle
        self._app_password = app_password
        self._app_password_env = app_password_env
        self._session: _Session | None = None
        self._login_lock = asyncio.Lock()

    async def get_did(self) -> str:
        """Our account's name for ever."""
        return (await self._get_session()).did

    async def put_post(self, key: str, record: Json) -> Answer:
        """`swapRecord` null: only where nothing stands under this key. The same record again is no write at all.

        createRecord would answer a repeat with an internal error.
        https://github.com/bluesky-social/atproto/blob/main/packages/pds/src/api/com/atproto/repo/putRecord.ts
        """
        target = {"repo": await self.get_did(), "collection": COLLECTION, "rkey": key}
        return await self.call(Call(name=f"{REPO}.putRecord", body={**target, "record": record, "swapRecord": None}))

    async def look_up_post(self, key: str) -> Answer | None:
        """Ours of that key; None where none stands."""
        query = {"repo": await self.get_did(), "collection": COLLECTION, "rkey": key}
        answer = await self.read(Call(name=f"{REPO}.getRecord", query=query))
        if name_trouble(answer) == "RecordNotFound":
            return None
        self.require_success(answer)
        return answer

    async def call(self, call: Call) -> Answer:
        session = await self._get_session()
        answer = await self._request(call, session.accessJwt)
        if name_trouble(answer) in ("ExpiredToken", "InvalidToken"):
            session = await self._get_session(instead_of=session)
            answer = await self._request(call, session.accessJwt)
        return answer

    async def read(self, call: Call) -> Answer:
        try:
            return await self.call(call)
        except Uncertain:
            raise NotSent(f"{self.place} did not answer when it was asked. Nothing was posted.") from None

    async def _get_session(self, *, instead_of: _Session | None = None) -> _Session:
        """One login or refresh at a time; who waited for it takes its session."""
        async with self._login_lock:
            if self._session is None or self._session is instead_of:
                self._session = (await self._refresh(instead_of) if instead_of else None) or await self._log_in()
            return self._session

    async def _refresh(self, session: _Session) -> _Session | None:
        """None where the refresh token is no longer good: then only the app password helps."""
        answer = await self._ask(Call(name=f"{SERVER}.refreshSession", body={}), session.refreshJwt)
        if answer.status in (400, 401):
            return None
        self.require_success(answer)
        return self.parse(_Session.model_validate_json, answer)

    async def _log_in(self) -> _Session:
        password = self._app_password.get_secret_value()
        body = {"identifier": self._handle, "password": password}
        answer = await self._ask(Call(name=f"{SERVER}.createSession", body=body), None)
        self.require_success(answer)
        return self.parse(_Session.model_validate_json, answer)

    async def _ask(self, call: Call, token: SecretStr | None) -> Answer:
        """A lost answer about a session leaves nothing behind."""
        try:
            return await self._request(call, token)
        except Uncertain:
            raise NotSent(f"{self.place} did not answer the login. Nothing was posted.") from None

    async def _request(self, call: Call, token: SecretStr | None) -> Answer:
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        try:
            body = json.dumps(call.body, ensure_ascii=False).encode() if call.body else None
        except ValueError:
            raise Refused("These words hold a character that cannot be sent. Remove it and try again.") from None
        if body:
            headers["Content-Type"] = "application/json"
        url = f"{self._base_url}/xrpc/{call.name}" + (f"?{urlencode(call.query, doseq=True)}" if call.query else "")
        # The address is the operator's own word and no redirect is followed, so it may be private.
        method = "GET" if call.body is None else "POST"
        return await self._http.request(
            method, url, headers=headers, body=body, allow_private=True, max_body_bytes=READ_BYTES
        )

    def require_success(self, answer: Answer) -> None:
        trouble = name_trouble(answer)
        if answer.status == 401 or trouble in NO_ENTRY:
            handle, env = self._handle, self._app_password_env
            text = f"{self.place} does not let @{handle} in. Put a good app password into {env}."
            raise NotSent(text, needs_person=True)
        if trouble in NO_ACCOUNT:
            text = f"{self.place} has closed the account @{self._handle}. Please look there."
            raise NotSent(text, needs_person=True)
        if answer.status == 429:
            pause = read_reset(answer, real_now())
            raise NotSent(f"{self.place} has had too many requests from us for now.", retry_after=pause)
        require_success(answer, self.place, honours_key=True)

    def require_taken(self, answer: Answer, *, chars: int, max_chars: int) -> None:
        """For a post that was written, of that length."""
        is_about_session = name_trouble(answer) in (*NO_ENTRY, *NO_ACCOUNT)
        if answer.status == 400 and not is_about_session:
            raise Refused(f"{self.place} does not take this post of {chars} of {max_chars} characters.")
        self.require_success(answer)

    def parse(self, parse: Callable[[bytes], T], answer: Answer) -> T:
        try:
            return parse(answer.body)
        except ValueError:
            raise NotSent(f"{self.place} gives answers that are not Bluesky's. Check base_url.") from None


def name_trouble(answer: Answer) -> str | None:
    """The error's name, only compared and never shown."""
    if answer.status not in (400, 401, 403):
        return None
    try:
        return _Trouble.model_validate_json(answer.body).error
    except ValueError:
        return ""


def read_reset(answer: Answer, now: datetime) -> timedelta | None:
    """ratelimit-reset is a moment in seconds: https://docs.bsky.app/docs/advanced-guides/rate-limits"""
    text = answer.headers.get("ratelimit-reset", "")
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        return answer.retry_after
    at = EPOCH + timedelta(seconds=int(text))
    return min(max(at - now, timedelta(0)), LONGEST_RETRY_AFTER)
