"""Response URLs: five answers within thirty minutes, to where a person acted."""

import secrets
import time
from dataclasses import dataclass

from chatops.sandbox.wire import Clock

USES = 5
LIFETIME_SECONDS = 30 * 60
"""https://docs.slack.dev/interactivity/handling-user-interaction: up to 5 times within 30 minutes."""


@dataclass(slots=True)
class ResponseUrl:
    channel_id: str
    member_id: str
    issued_at: float
    message_ts: str | None = None
    uses: int = 0


class ResponseUrls:
    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
        self._issued: dict[str, ResponseUrl] = {}
        self.base_url = ""

    def issue(self, channel_id: str, member_id: str, message_ts: str | None = None) -> str:
        key = secrets.token_urlsafe(18)
        self._issued[key] = ResponseUrl(channel_id, member_id, self._clock(), message_ts)
        return f"{self.base_url}/response/{key}"

    def find(self, key: str) -> ResponseUrl | None:
        return self._issued.get(key)

    def problem(self, url: ResponseUrl | None) -> str | None:
        """Slack's error code, sent with status 404; None if the address may be used now."""
        if url is None or self._clock() - url.issued_at > LIFETIME_SECONDS:
            return "expired_url"
        return "used_url" if url.uses >= USES else None
