"""A request as a network's rules see it, and what they answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from chatops.sandbox.wire import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`body` None: an empty answer."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def to_response(self, more_headers: Mapping[str, str]) -> web.Response:
        headers = {**more_headers, **self.headers}
        if self.body is None:
            return web.Response(status=self.status, headers=headers)
        if isinstance(self.body, str):
            return web.Response(text=self.body, status=self.status, headers=headers, content_type=self.content_type)
        return web.json_response(self.body, status=self.status, headers=headers)


class Refusal(Exception):
    """The network says no, in its own words."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.answer = Answer(body=body, status=status, headers=headers or {})


class BadBody(Exception):
    """The body cannot be read as what its type says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`names` are the pieces of the path; `body` is the JSON object or the form, None where there is none."""

    method: str
    path: str
    url: str
    query: MultiMapping[str]
    headers: Mapping[str, str]
    body: Json | None
    is_form: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> Json:
        """Query and body together, for networks that take arguments from both."""
        return dict(self.query) | (self.body or {})

    @property
    def bearer(self) -> str | None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def read_call(request: web.Request, path: str) -> Call:
    body, is_form = await _read_body(request)
    return Call(
        method=request.method,
        path=path,
        url=str(request.url.origin()) + request.rel_url.raw_path_qs,
        query=request.query,
        headers=request.headers,
        body=body,
        is_form=is_form,
    )


async def _read_body(request: web.Request) -> tuple[Json | None, bool]:
    if not request.can_read_body:
        return None, False
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form = await request.post()
        # `media_ids[]` and the like come several times.
        return {
            name: form.getall(name) if name.endswith("[]") else value
            for name, value in form.items()
            if isinstance(value, str)
        }, True
    try:
        body = json.loads(await request.text() or "{}")
    except (ValueError, LookupError) as error:
        raise BadBody from error
    if not isinstance(body, dict):
        raise BadBody
    return body, False


def is_true(value: object) -> bool:
    """As forms and JSON say it."""
    return value is True or str(value).lower() in ("true", "1", "on")


def read_count(value: object, *, default: int, most: int) -> int:
    text = str(value) if value is not None else ""
    return min(most, max(1, int(text))) if text.isdecimal() else default
