"""Deliveries as the use case settles them, for outlets that are read back and for those where a person looks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from chatops.domain.errors import DeliveryError, NotSent, Uncertain
from chatops.domain.records import Impact, Status
from chatops.usecases.ports import Outlet, Posting, Sent

STARTED_AT = datetime.now(UTC).replace(microsecond=0)


def build_posting(words: str, *, incident: int = 12, update: int = 1, earlier: tuple[str, ...] = ()) -> Posting:
    return Posting(
        key=f"INC-{incident}/{update}/outlet/0",
        words=words,
        subject="API down",
        status=Status.IDENTIFIED,
        digest=f"{incident:032d}{update:032d}",
        first_tried_at=STARTED_AT,
        earlier=earlier,
        impact=Impact.MAJOR,
        page_url="https://status.acme.example/incidents/INC-12",
    )


def change(posting: Posting, words: str, target: str | None) -> Posting:
    return replace(posting, words=words, target=target)


async def settle_by_reading(outlet: Outlet, posting: Posting, wait: Callable[[], None] = lambda: None) -> Sent:
    """Look first where it is in doubt; send only what does not stand there."""
    is_doubtful = False
    for _ in range(200):
        try:
            if is_doubtful:
                found = await outlet.find(posting)
                if found:
                    return found
                is_doubtful = False
            return await outlet.send(posting)
        except NotSent:
            pass
        except Uncertain:
            is_doubtful = True
        wait()
    raise AssertionError("it never went through")


async def settle_by_person(outlet: Outlet, posting: Posting, wait: Callable[[], None] = lambda: None) -> Sent | None:
    """None: it is uncertain, and a person is asked."""
    for _ in range(200):
        try:
            return await outlet.send(posting)
        except NotSent:
            wait()
        except Uncertain:
            return None
    raise AssertionError("it never went through")


async def publish_by_reading(outlet: Outlet, *, wait: Callable[[], None] = lambda: None) -> list[str]:
    """Four incidents with eight updates each, one after the other; returns the words."""
    published = []
    for incident in range(1, 5):
        earlier: list[str] = []
        for update in range(1, 9):
            # The same words in two updates of one incident, too.
            words = f"INC-{incident}: step {update - update % 2}"
            posting = build_posting(words, incident=incident, update=update, earlier=tuple(earlier))
            sent = await settle_by_reading(outlet, posting, wait)
            assert sent.remote_id
            assert sent.remote_id not in earlier
            earlier.append(sent.remote_id)
            published.append(words)
    return published


async def publish_by_person(outlet: Outlet, *, wait: Callable[[], None] = lambda: None) -> tuple[list[str], list[str]]:
    """Forty updates; returns the words that were sent, and those that a person is asked about."""
    sent: list[str] = []
    asked: list[str] = []
    for update in range(1, 41):
        posting = build_posting(f"INC-12: step {update}", update=update)
        (sent if await settle_by_person(outlet, posting, wait) else asked).append(posting.words)
    return sent, asked


async def outcome(call: object) -> DeliveryError:
    """The unhappy outcome of a call."""
    try:
        await call  # type: ignore[misc]
    except DeliveryError as error:
        return error
    raise AssertionError("nothing was raised")
