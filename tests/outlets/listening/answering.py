"""Answers as the use case settles them on a network that is read back, and what such tests need."""

from dataclasses import replace
from datetime import UTC, datetime

from chatops.domain.errors import NotSent, Uncertain
from chatops.domain.ids import ConversationId, IncidentNumber, OutletKey
from chatops.domain.mention import KeptMention, Mention
from chatops.usecases.mention_ports import Heard, Listener, Replied, ReplyPosting


def build_posting(mention: Mention, words: str, *, own: tuple[str, ...] = ()) -> ReplyPosting:
    now = datetime.now(UTC)
    return ReplyPosting(
        key=f"mention:{mention.id}/1",
        words=words,
        answers=mention.id,
        author=mention.author,
        subject=mention.subject,
        thread=mention.thread,
        first_tried_at=now,
        written_at=now,
        own=own,
    )


def keep(mention: Mention, outlet: str = "x") -> KeptMention:
    """As the ledger has it."""
    return KeptMention(
        seq=1,
        outlet=OutletKey(outlet),
        remote_id=mention.id,
        conversation=ConversationId(1),
        incident=IncidentNumber(1),
        kind=mention.kind,
        text=mention.text,
        url=mention.url,
        parent=mention.parent,
        posted_at=mention.posted_at,
        seen_at=mention.posted_at,
    )


async def hear_all(listener: Listener, cursor: str | None, since: datetime) -> Heard:
    """Look until there is no more; what several looks brought, as one. The last word on a post counts."""
    mentions: dict[str, Mention] = {}
    paid = looks = 0
    while True:
        heard = await listener.listen(cursor, since=since)
        mentions |= {each.id: each for each in heard.mentions}
        paid, cursor, looks = paid + heard.paid_reads, heard.cursor, looks + 1
        assert looks < 100, "it never ends"
        if not heard.is_more:
            return replace(heard, mentions=tuple(mentions.values()), paid_reads=paid)


async def settle_reply(listener: Listener, posting: ReplyPosting) -> Replied:
    """Look first where it is in doubt; send only what does not stand there."""
    is_doubtful = False
    for _ in range(200):
        try:
            if is_doubtful:
                found = await listener.find_reply(posting)
                if found:
                    return found
                is_doubtful = False
            return await listener.reply(posting)
        except NotSent:
            pass
        except Uncertain:
            is_doubtful = True
    raise AssertionError("it never went through")
