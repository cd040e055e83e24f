"""Events that come before we know what they are about: a ✅ on a card whose ts is not saved yet. Heard again soon."""

import json
from datetime import timedelta
from typing import Any

from chatops.usecases.ports import Desk, Job

TRIES = 30
PAUSE = timedelta(milliseconds=300)


class TooEarly(Exception):
    """Slack's event overtook the answer to our own post, or the person is still being looked up."""


async def keep_for_later(desk: Desk, body: dict[str, Any]) -> None:
    """Durable, because the event is acknowledged: it is heard again by the worker."""
    job = Job(kind="hear", key=f"hear:{body['event_id']}", data={"body": json.dumps(body)})
    await desk.store.write(lambda tx: tx.put(job, due_at=desk.in_real(PAUSE)), is_urgent=True)
