"""Calls of a Mastodon server: our token, our account and its posts, and what each answer means."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote, urlencode

from pydantic import AwareDatetime, BaseModel, SecretStr, TypeAdapter

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http, name_place, require_success

T = TypeVar("T")

STATUSES = "/api/v1/statuses"
KEY_AGE = timedelta(minutes=50)
"""Mastodon forgets an Idempotency-Key after an hour: https://docs.joinmastodon.org/methods/statuses/#headers"""
CLOCK_SKEW = timedelta(minutes=5)
PAGE_STATUSES = 40
MOST_PAGES = 8
"""So far back a look-up reads before it says that it cannot know."""


class Account(BaseModel):
    id: str
    acct: str


class Status(BaseModel):
    id: str
    url: str | None
    created_at: AwareDatetime
    in_reply_to_id: str | None = None


class _Source(BaseModel):
    text: str


_LIST = TypeAdapter(list[Status])


def real_now() -> datetime:
    return datetime.now(UTC)


class MastodonApi:
    """`now` is the server's clock as well as ours: its keys age in real time."""

    def __init__(
        self,
        http: Http,
        base_url: str,
        token: SecretStr,
        *,
        token_env: str,
        now: Callable[[], datetime] = real_now,
    ) -> None:
        self.place = name_place(base_url)
        self.now = now
        self._http = http
        self._base_url = base_url
        self._token = token
        self._token_env = token_env
        self._account: Account | None = None

    async def load_account(self) -> Account:
        answer = await self.read("/api/v1/accounts/verify_credentials")
        self._account = self.parse(Account.model_validate_json, answer)
        return self._account

    async def get_account(self) -> Account:
        """Asked for once: whose token it is does not change."""
        return self._account or await self.load_account()

    async def list_own(self, since: datetime) -> AsyncIterator[Status]:
        """Our own posts back to that moment, newest first; raises Uncertain where they are too many to look through."""
        account = await self.get_account()
        limit, before = PAGE_STATUSES, ""
        for _ in range(MOST_PAGES):
            page, limit = await self._load_page(account.id, before, limit)
            for status in page:
                if status.created_at >= since:
                    yield status
            if not page or page[-1].created_at < since:
                return
            before = page[-1].id
        raise Uncertain(f"{self.place} has too many newer posts of this account to look through. Please look there.")

    async def _load_page(self, account: str, before: str, limit: int) -> tuple[list[Status], int]:
        """Newest first; fewer at a time where that many are more than the client reads."""
        while True:
            query = {"limit": str(limit), "exclude_reblogs": "true"} | ({"max_id": before} if before else {})
            answer = await self.read(f"/api/v1/accounts/{quote(account, safe='')}/statuses?{urlencode(query)}")
            if answer.is_whole or limit == 1:
                return self.parse(_LIST.validate_json, answer), limit
            limit //= 2

    async def says(self, status_id: str, words: str) -> bool:
        """By the source: what a status shows is HTML made from it. The server strips blanks at both ends."""
        try:
            return (await self.load_source(status_id)).strip() == words.strip()
        except Refused:  # removed since the list was read
            return False

    async def load_source(self, status_id: str) -> str:
        """https://docs.joinmastodon.org/methods/statuses/#source; Refused for what is gone, or not ours."""
        answer = await self.read(f"{name_status(status_id)}/source")
        return self.parse(_Source.model_validate_json, answer).text

    async def read(self, path: str) -> Answer:
        answer = await self.look(path)
        self.require_success(answer)
        return answer

    async def look(self, path: str, *, max_body_bytes: int | None = None) -> Answer:
        """Whatever the server answers; reading leaves nothing in doubt."""
        try:
            return await self._request("GET", path, max_body_bytes=max_body_bytes)
        except Uncertain:
            raise NotSent(f"{self.place} did not answer when it was asked. Nothing was posted.") from None

    async def write(self, method: str, path: str, body: Mapping[str, str] | None = None, *, key: str = "") -> Answer:
        try:
            data = json.dumps(body, ensure_ascii=False).encode() if body else None
        except ValueError:
            raise Refused("These words hold a character that cannot be sent. Remove it and try again.") from None
        headers = ({"Content-Type": "application/json"} if data else {}) | ({"Idempotency-Key": key} if key else {})
        return await self._request(method, path, headers, data)

    async def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        max_body_bytes: int | None = None,
    ) -> Answer:
        # The address is the operator's own word and no redirect is followed, so it may be private.
        return await self._http.request(
            method,
            f"{self._base_url}{path}",
            headers={"Authorization": f"Bearer {self._token.get_secret_value()}"} | dict(headers or {}),
            body=body,
            allow_private=True,
            max_body_bytes=max_body_bytes,
        )

    def require_success(self, answer: Answer) -> None:
        """https://docs.joinmastodon.org/api/guidelines/#errors"""
        match answer.status:
            case 401:
                text = f"{self.place} does not know our token. Put a good one into {self._token_env}."
                raise NotSent(text, needs_person=True)
            case 403:
                raise NotSent(
                    f"{self.place} does not let us. The token in {self._token_env} needs the scopes read and "
                    "write:statuses, and the account must be in good standing.",
                    needs_person=True,
                )
            case 429:
                pause = read_reset(answer, self.now())
                raise NotSent(f"{self.place} has had too many requests from us for now.", retry_after=pause)
        require_success(answer, self.place, honours_key=True)

    def require_taken(self, answer: Answer, *, chars: int, max_chars: int) -> None:
        """For what was written, of that length."""
        match answer.status:
            case 404:
                raise Refused(f"{self.place} has no place for it: it was removed there by hand, or base_url is wrong.")
            case 422:
                raise Refused(
                    f"{self.place} does not take these words. They are {chars} of {max_chars} characters; where the "
                    "server allows fewer, they are too long: `chatops check` compares the limits."
                )
        self.require_success(answer)

    def parse_written(self, answer: Answer) -> Status:
        try:
            return Status.model_validate_json(answer.body)
        except ValueError:
            raise Uncertain(f"{self.place} took the post, it seems, but its answer cannot be read.") from None

    def parse(self, parse: Callable[[bytes], T], answer: Answer) -> T:
        try:
            return parse(answer.body)
        except ValueError:
            raise NotSent(f"{self.place} gives answers that are not Mastodon's. Check base_url.") from None


def name_status(status_id: str) -> str:
    return f"{STATUSES}/{quote(status_id, safe='')}"


def read_reset(answer: Answer, now: datetime) -> timedelta | None:
    """X-RateLimit-Reset is a moment: https://docs.joinmastodon.org/api/rate-limits/#headers"""
    try:
        at = datetime.fromisoformat(answer.headers["X-RateLimit-Reset"])
        return min(max(at - now, timedelta(0)), LONGEST_RETRY_AFTER)
    except (KeyError, ValueError, TypeError):
        return answer.retry_after
