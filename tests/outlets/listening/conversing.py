"""Replies as the use case settles them, and mentions as it keeps them."""

from collections.abc import Callable
from datetime import UTC, datetime

from chatops.domain.errors import NotSent, Uncertain
from chatops.domain.ids import ConversationId, IncidentNumber, OutletKey
from chatops.domain.mention import Author, KeptMention, Mention
from chatops.usecases.mention_ports import Heard, Listener, Replied, ReplyPosting

NOW = datetime.now(UTC).replace(microsecond=0)


def build_reply(mention: Mention, words: str, *, number: int = 1, own: tuple[str, ...] = ()) -> ReplyPosting:
    return ReplyPosting(
        key=f"mention:17/{number}",
        words=words,
        answers=mention.id,
        author=mention.author,
        subject=mention.subject,
        thread=mention.thread,
        first_tried_at=datetime.now(UTC),
        written_at=datetime.now(UTC),
        own=own,
    )


def keep(mention: Mention) -> KeptMention:
    return KeptMention(
        seq=1,
        outlet=OutletKey("outlet"),
        remote_id=mention.id,
        conversation=ConversationId(1),
        incident=IncidentNumber(3),
        kind=mention.kind,
        text=mention.text,
        url=mention.url,
        parent=mention.parent,
        posted_at=mention.posted_at,
        seen_at=NOW,
    )


def build_stranger(remote_id: str) -> Mention:
    return Mention(id=remote_id, author=Author(id="1", handle="dee"), text="?", posted_at=NOW)


async def settle_by_reading(listener: Listener, posting: ReplyPosting, wait: Callable[[], None]) -> Replied:
    """Look first where it is in doubt; send only what does not stand there."""
    is_doubtful = False
    for _ in range(300):
        try:
            if is_doubtful:
                found = await listener.find_reply(posting)
                if found is not None:
                    return found
                is_doubtful = False
            return await listener.reply(posting)
        except NotSent:
            pass
        except Uncertain:
            is_doubtful = True
        wait()
    raise AssertionError("it never went through")


async def hear_all(listener: Listener, cursor: str | None, since: datetime) -> tuple[list[Mention], Heard]:
    """Until there is no more."""
    mentions: list[Mention] = []
    for _ in range(100):
        try:
            heard = await listener.listen(cursor, since=since)
        except NotSent:
            continue
        mentions += heard.mentions
        cursor = heard.cursor
        if not heard.is_more:
            return mentions, heard
    raise AssertionError("it never ended")
