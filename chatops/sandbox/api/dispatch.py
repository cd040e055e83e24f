"""From an HTTP request to a method's answer: faults, token, rate limit, scopes and arguments, in Slack's order."""

import asyncio
import json

from aiohttp import web

from chatops.sandbox.api.call import ApiError, Call, invalid_arguments, missing_scope
from chatops.sandbox.api.catalogue import METHODS, Kind, Method
from chatops.sandbox.api.methods import ANSWERS
from chatops.sandbox.parts import Parts
from chatops.sandbox.wire import Json

# Error codes that show a mistake in the app rather than a state it may meet, by the kind of violation they are.
MISTAKES: dict[str, str] = {
    "invalid_arguments": "invalid_arguments",
    "invalid_blocks": "invalid_blocks",
    "invalid_blocks_format": "invalid_blocks",
    "missing_scope": "missing_scope",
    "unknown_method": "unknown_method",
    "not_authed": "not_allowed_token",
    "invalid_auth": "not_allowed_token",
    "not_allowed_token_type": "not_allowed_token",
    "msg_too_long": "invalid_arguments",
    "msg_blocks_too_long": "invalid_blocks",
    "view_too_large": "invalid_blocks",
    "no_text": "invalid_arguments",
}


# slack_sdk adds `team_id` to every call of a client that knows its team.
TAKEN_BY_EVERY_METHOD = ("token", "team_id")


class WebApi:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        struck = await self._strike(request, name)
        if struck is not None:
            return struck
        drop = self._parts.faults.take("drop", name)
        response = await self._answer(name, request)
        return hang_up(request) if drop is not None else response

    async def _strike(self, request: web.Request, name: str) -> web.StreamResponse | None:
        """The faults that keep the method from running; `slow` only delays it."""
        faults = self._parts.faults
        if faults.take("down", name) is not None:
            return hang_up(request)
        slow = faults.take("slow", name)
        if slow is not None:
            await asyncio.sleep(slow.seconds)
        limited = faults.take("429", name)
        if limited is not None:
            return too_many(limited.retry_after_seconds)
        if faults.take("500", name) is not None:
            return web.json_response({"ok": False, "error": "internal_error"}, status=500)
        return None

    async def _answer(self, name: str, request: web.Request) -> web.Response:
        warnings: list[str] = []
        try:
            method = _known_method(name)
            arguments, warnings = await read_arguments(request)
            self._require_token(method, _token(request, arguments))
            wait = self._parts.limiter.wait_seconds(name, method.tier, arguments.get("channel"))
            if wait is not None:
                return too_many(wait)
            answer = self._run(name, method, arguments)
        except ApiError as error:
            self._note(name, error)
            answer = {"ok": False, "error": error.code} | error.extra
        if warnings:
            _add_warnings(answer, warnings)
        return web.json_response(answer, headers=self._headers(METHODS.get(name)))

    def _run(self, method_name: str, method: Method, arguments: Json) -> Json:
        granted = self._parts.manifest.scopes
        if method.scopes and not granted.intersection(method.scopes):
            raise missing_scope(method.scopes, granted)
        known = method.arguments
        given = {name: value for name, value in arguments.items() if name in known or name not in TAKEN_BY_EVERY_METHOD}
        require_good_arguments(method_name, method, given)
        return ANSWERS[method_name](Call(self._parts, method_name, given))

    def _require_token(self, method: Method, token: str | None) -> None:
        if method.public:
            return
        if token is None:
            raise ApiError("not_authed")
        if token not in (self._parts.bot_token, self._parts.app_token):
            raise ApiError("invalid_auth")
        if (token == self._parts.app_token) != method.app_token:
            raise ApiError("not_allowed_token_type")

    def _note(self, name: str, error: ApiError) -> None:
        kind = MISTAKES.get(error.code)
        if kind is not None and name != "api.test":
            detail = json.dumps({"error": error.code} | error.extra, default=str)
            self._parts.violations.add(kind, name, detail)

    def _headers(self, method: Method | None) -> dict[str, str]:
        """https://docs.slack.dev/authentication/installing-with-oauth#scopes: how an app learns what it may do."""
        headers = {"X-OAuth-Scopes": ",".join(sorted(self._parts.manifest.scopes))}
        if method is not None and method.scopes:
            headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
        return headers


def _known_method(name: str) -> Method:
    method = METHODS.get(name)
    if method is None:
        raise ApiError("unknown_method", req_method=name)
    return method


def require_good_arguments(name: str, method: Method, given: Json) -> None:
    """Known names, no required one missing, and values of the right kind."""
    if name == "api.test":
        return
    unknown = sorted(set(given) - set(method.arguments))
    if unknown:
        raise invalid_arguments(*(f"[ERROR] unrecognized argument: {argument}" for argument in unknown))
    missing = [argument for argument in method.required if given.get(argument) is None]
    if missing and method.missing != "invalid_arguments":
        raise ApiError(method.missing)
    if missing:
        raise invalid_arguments(*(f"[ERROR] missing required field: {argument}" for argument in missing))
    wrong = [argument for argument, value in given.items() if not _fits(value, method.arguments[argument])]
    if wrong:
        kinds = method.arguments
        raise invalid_arguments(*(f"[ERROR] must be a {kinds[a]} [json-pointer:/{a}]" for a in wrong))


def _fits(value: object, kind: Kind) -> bool:
    if value is None or kind == "json":
        return True
    if kind == "boolean":
        return isinstance(value, bool) or str(value).lower() in ("true", "false", "1", "0", "")
    if kind == "integer":
        return not isinstance(value, bool) and (isinstance(value, int) or str(value).isdigit() or value == "")
    return isinstance(value, str | int | float) and not isinstance(value, bool)


async def read_arguments(request: web.Request) -> tuple[Json, list[str]]:
    """Query, form and JSON arguments; and Slack's warnings about the charset."""
    arguments: Json = dict(request.query)
    if request.method != "POST" or not request.can_read_body:
        return arguments, []
    if request.content_type != "application/json":
        form = await request.post()
        return arguments | {name: value for name, value in form.items() if isinstance(value, str)}, []
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ApiError("invalid_json") from error
    if not isinstance(body, dict):
        raise ApiError("json_not_object")
    return arguments | body, [] if request.charset else ["missing_charset"]


def _add_warnings(answer: Json, warnings: list[str]) -> None:
    answer["warning"] = ",".join([answer["warning"], *warnings] if "warning" in answer else warnings)
    metadata = answer.setdefault("response_metadata", {})
    metadata["warnings"] = [*metadata.get("warnings", []), *warnings]


def _token(request: web.Request, arguments: Json) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token
    # A token inside a JSON body is not accepted by Slack; in a form or query it is.
    return None if request.content_type == "application/json" else arguments.get("token")


def too_many(retry_after_seconds: int) -> web.Response:
    """https://docs.slack.dev/apis/web-api/rate-limits"""
    return web.json_response(
        {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(retry_after_seconds)}
    )


def hang_up(request: web.Request) -> web.Response:
    """Close the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=503)
