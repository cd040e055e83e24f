"""One call to Slack's Web API, and what its failure means: not sent, refused, or uncertain."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from chatops.domain.errors import NotSent, Refused, Uncertain

DOUBTFUL = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
"""Slack's own troubles: the effect may have happened. https://docs.slack.dev/reference/methods/chat.postMessage"""


async def call_slack(awaitable: Awaitable[AsyncSlackResponse]) -> dict[str, Any]:
    """The answer's data; raises NotSent, Refused (its text is Slack's error code) or Uncertain."""
    data, _ = await call_with_headers(awaitable)
    return data


async def call_with_headers(awaitable: Awaitable[AsyncSlackResponse]) -> tuple[dict[str, Any], dict[str, str]]:
    """As call_slack, with the answer's headers, names in lower case."""
    try:
        response = await awaitable
    except SlackApiError as error:
        raise _translate(error) from error
    except aiohttp.ClientConnectorError as error:
        raise NotSent("Slack cannot be reached.") from error
    except (aiohttp.ClientError, TimeoutError, SlackClientError, ValueError) as error:
        raise Uncertain("Slack's answer was lost.") from error
    data = response.data
    if not isinstance(data, dict):
        raise Uncertain("Slack's answer cannot be read.")
    return data, {key.lower(): str(value) for key, value in response.headers.items()}


def _translate(error: SlackApiError) -> NotSent | Refused | Uncertain:
    response = error.response
    status = getattr(response, "status_code", 200)
    code = _error_code(response)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return NotSent("Slack asks to slow down.", retry_after=_read_retry_after(response))
    if status >= 500 or code in DOUBTFUL:
        return Uncertain("Slack has troubles of its own.")
    return Refused(code or "unknown_error")


def _error_code(response: Any) -> str | None:
    data = getattr(response, "data", response)
    return data.get("error") if isinstance(data, dict) else None


def _read_retry_after(response: Any) -> timedelta:
    headers = {key.lower(): value for key, value in (getattr(response, "headers", None) or {}).items()}
    value = headers.get("retry-after", "1")
    try:
        return timedelta(seconds=max(1.0, float(value)))
    except ValueError:
        return timedelta(seconds=1)
