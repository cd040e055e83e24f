"""Calls of a network's JSON API over the one HTTP client: what goes out, what came back, what it means."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.outlets.http import LONGEST_RETRY_AFTER, Answer, Http, name_place, require_success

READ_BYTES = 4 * 1024 * 1024
"""A list of posts is long; without an end it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a network answered; `data` is its JSON, None where it is none."""

    place: str
    answer: Answer
    data: Any = field(repr=False)
    is_repeatable: bool

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def is_fine(self) -> bool:
        return 200 <= self.status < 300

    def find(self, *path: str) -> Any:
        """What stands at `path` of the JSON; None where nothing does."""
        return find_in(self.data, *path)

    def with_retry_after(self, seconds: object) -> "Reply":
        """Where the network says its pause in the body."""
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < 1e6:
            return self
        pause = min(timedelta(seconds=seconds), LONGEST_RETRY_AFTER)
        return replace(self, answer=replace(self.answer, retry_after=pause))

    def with_status(self, status: int) -> "Reply":
        return replace(self, answer=replace(self.answer, status=status))

    def require_success(self) -> None:
        """Raise what a status other than 2xx means for the delivery."""
        require_success(self.answer, self.place, honours_key=self.is_repeatable)

    def require_json(self) -> None:
        """A proxy's page says nothing of the network's: whether it took the post is not known."""
        self.require_success()
        if self.data is None:
            raise self.doubt()

    def read_clock(self) -> datetime:
        """When the network answered, by its own clock: a wrong one here then hides nothing of what it tells."""
        with suppress(ValueError, TypeError, IndexError, OverflowError):  # no date, or none that can be read
            theirs = parsedate_to_datetime(self.answer.headers.get("Date", ""))
            if theirs.tzinfo is not None:
                return theirs
        return datetime.now(UTC)

    def doubt(self) -> NotSent | Uncertain:
        text = f"{self.place} gave an answer that cannot be read."
        return NotSent(text) if self.is_repeatable else Uncertain(text)


def find_in(data: Any, *path: str) -> Any:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def list_in(data: Any) -> list[dict[str, Any]]:
    """The objects of a JSON list."""
    return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []


class JsonApi:
    """One network's API. `base_url` and `headers` may hold secrets, and never show.

    Its address was chosen by whoever writes the settings, so it may be a private one: a stand-in, one's own server.
    """

    def __init__(self, http: Http, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        self._http = http
        self._base_url = base_url
        self._headers = dict(headers or {})
        self.place = name_place(base_url)

    def __repr__(self) -> str:
        return f"JsonApi({self.place})"

    async def call(
        self,
        method: str,
        path: str = "",
        *,
        body: object = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        is_repeatable: bool = False,
    ) -> Reply:
        """Any status is a reply. `is_repeatable`: doing it twice is harmless, so whatever is unclear is NotSent."""
        url = f"{self._base_url}{path}"
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        content, kind = _encode(body, form, self.place)
        headers = self._headers | ({"Content-Type": kind} if content is not None else {})
        try:
            answer = await self._http.request(
                method, url, headers=headers, body=content, allow_private=True, max_body_bytes=READ_BYTES
            )
        except Uncertain as doubt:
            if is_repeatable:
                raise NotSent(str(doubt)) from None
            raise
        return Reply(place=self.place, answer=answer, data=parse_json(answer), is_repeatable=is_repeatable)

    async def connect(self) -> bool:
        """Without any request; True where the connection is encrypted."""
        return await self._http.connect(self._base_url, allow_private=True)


def _encode(body: object, form: Mapping[str, str] | None, place: str) -> tuple[bytes | None, str]:
    try:
        if form is not None:
            return urlencode(form).encode(), "application/x-www-form-urlencoded"
        if body is None:
            return None, ""
        return encode_json(body), "application/json"
    except UnicodeEncodeError:
        raise Refused(f"These words hold a character that {place} cannot take. Remove it and try again.") from None


def encode_json(body: object) -> bytes:
    """Raises UnicodeEncodeError for half characters."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def parse_json(answer: Answer) -> Any:
    """None for what is cut off or no JSON."""
    try:
        return json.loads(answer.body) if answer.is_whole else None
    except (ValueError, RecursionError):
        return None


def require_target(target: str | None) -> str:
    """The remote id of what is edited or retracted; it is not known where a person said that it arrived."""
    if target is None:
        raise Refused("A person confirmed this post, so its id is not known here. Please change it there by hand.")
    return target
