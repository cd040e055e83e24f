"""File one post of a customer: new, changed or known; into which conversation, of which incident, of which group."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chatops.domain.conversation import Conversation, ReplyState, apply_record, fold_conversation
from chatops.domain.grouping import find_gist, find_group
from chatops.domain.ids import (
    CHATOPS,
    ConversationId,
    IncidentNumber,
    MemberId,
    OutletKey,
    conversation_stream,
)
from chatops.domain.mention import KeptMention, Mention, MentionKind
from chatops.domain.mention_records import ConversationOpened, NoReplyNeeded
from chatops.domain.records import AnyData
from chatops.usecases.mention_ports import ConversationRow, Group
from chatops.usecases.ports import Desk, IncidentRow, Reads, Transaction

TEXT_CHARS = 10_000
BY_HAND = "answered in the network's own app"
ECHOES = (MentionKind.QUOTE, MentionKind.REPOST)


def load_conversation(reads: Reads, conversation: ConversationId) -> Conversation:
    return fold_conversation(reads.load(conversation_stream(conversation)))


def record_conversation(
    tx: Transaction, desk: Desk, conversation: Conversation, actor: MemberId, data: Sequence[AnyData]
) -> Conversation:
    """Append to its log and bring its row up to it."""
    for each in tx.append(conversation_stream(conversation.id), desk.clock.now(), actor, data):
        conversation = apply_record(conversation, each)
    tx.settle_conversation(conversation)
    return conversation


def file_mention(
    tx: Transaction, desk: Desk, outlet: OutletKey, mention: Mention, incidents: Sequence[IncidentRow]
) -> IncidentNumber | None:
    """The incident whose conversations have changed by it, if any; a post that is known already changes nothing."""
    mention = replace(mention, text=mention.text[:TEXT_CHARS], posted_at=to_incident_time(desk, mention.posted_at))
    known = tx.find_mention(outlet, mention.id)
    if known is not None:
        return _change(tx, known, mention, desk.clock.now())
    if mention.is_ours:
        return _hear_ourselves(tx, desk, outlet, mention)
    if mention.kind in ECHOES and mention.about is not None:
        spread = tx.find_mention(outlet, mention.about)
        if spread is not None or mention.kind is MentionKind.REPOST:
            return _count_echo(tx, desk, outlet, mention, spread)
    row = _find_conversation(tx, outlet, mention, incidents) or _open(tx, desk, outlet, mention, incidents)
    if row is None:
        return None
    tx.add_mention(outlet, mention, row=row, seen_at=desk.clock.now(), is_echo=False)
    tx.settle_conversation(load_conversation(tx, row.id))
    return row.incident


def to_incident_time(desk: Desk, real: datetime) -> datetime:
    """A network's date on the clock of the incident, which runs faster in a replay; never in the future."""
    ago = max(0.0, (desk.clock.real_now() - real).total_seconds())
    return desk.clock.now() - timedelta(seconds=ago) / desk.clock.real_seconds(1)


def _change(tx: Transaction, known: KeptMention, mention: Mention, now: datetime) -> IncidentNumber | None:
    """The truth of the moment: what was edited says what it says now."""
    if known.text == mention.text or known.is_echo or known.is_erased or not known.is_live:
        return None
    tx.change_mention(replace(known, text=mention.text, url=mention.url, edited_at=now))
    tx.settle_conversation(load_conversation(tx, known.conversation))
    return known.incident


def erase_gone(tx: Transaction, outlet: OutletKey, remote_id: str, now: datetime) -> IncidentNumber | None:
    """Deleted by its author: nobody waits for an answer to it, and its words are not ours to keep."""
    known = tx.find_mention(outlet, remote_id)
    if known is None:
        # Heard of before the post itself, as web hooks may bring it: it must not be filed when it comes.
        tx.add_gone(outlet, remote_id, now)
    if known is None or not known.is_live:
        return None
    tx.change_mention(replace(known, text="", subject=None, deleted_at=now))
    tx.settle_conversation(load_conversation(tx, known.conversation))
    return known.incident


def take_look(tx: Transaction, before: KeptMention, there: Mention | None, now: datetime) -> None:
    """What a look at a post we know has shown; `there` None: it is deleted."""
    if there is None:
        erase_gone(tx, before.outlet, before.remote_id, now)
        return
    known = tx.find_mention(before.outlet, before.remote_id)
    if known is not None:
        _change(tx, known, replace(there, text=there.text[:TEXT_CHARS]), now)


def _hear_ourselves(tx: Transaction, desk: Desk, outlet: OutletKey, mention: Mention) -> IncidentNumber | None:
    """An answer that somebody gave in the network's own app closes the conversation as one of ours would."""
    answered = tx.find_mention(outlet, mention.parent) if mention.parent else None
    if answered is None or tx.find_replied_conversation(outlet, mention.id) is not None:
        return None
    conversation = load_conversation(tx, answered.conversation)
    # What we are sending ourselves may be read here before its answer has come back.
    if conversation.current is not None or answered.seq <= conversation.covers:
        return None
    if any(each.words == mention.text and each.state is ReplyState.SENT for each in conversation.replies):
        return None
    closed = NoReplyNeeded(reason=BY_HAND, covers=answered.seq)
    record_conversation(tx, desk, conversation, CHATOPS, [closed])
    return answered.incident


def _count_echo(
    tx: Transaction, desk: Desk, outlet: OutletKey, mention: Mention, spread: KeptMention | None
) -> IncidentNumber | None:
    """Somebody spreads a customer's post: that conversation weighs more. To spread ours asks nothing of us."""
    row = tx.find_conversation_row(spread.conversation) if spread else None
    if row is None:
        return None
    tx.add_mention(outlet, mention, row=row, seen_at=desk.clock.now(), is_echo=True)
    tx.settle_conversation(load_conversation(tx, row.id))
    return row.incident


def _find_conversation(
    tx: Transaction, outlet: OutletKey, mention: Mention, incidents: Sequence[IncidentRow]
) -> ConversationRow | None:
    """Person and thread: by the post it answers, ours or their own, else by what the network calls the thread."""
    found: ConversationRow | None = None
    parent = tx.find_mention(outlet, mention.parent) if mention.parent else None
    if parent is not None:
        found = tx.find_conversation_row(parent.conversation)
    elif mention.parent and (replied := tx.find_replied_conversation(outlet, mention.parent)) is not None:
        found = tx.find_conversation_row(replied)
    if found is None or found.author.id != mention.author.id:
        found = tx.find_conversation(outlet, mention.author.id, _name_thread(mention))
    listened = {row.number for row in incidents}
    return found if found is not None and found.incident in listened else None


def _name_thread(mention: Mention) -> str:
    """Where the network names none, posts may come in any order: the answer before what it answers."""
    return mention.thread or mention.parent or mention.id


def _open(
    tx: Transaction, desk: Desk, outlet: OutletKey, mention: Mention, incidents: Sequence[IncidentRow]
) -> ConversationRow | None:
    number = _find_incident(tx, outlet, mention, incidents)
    if number is None:
        return None
    row = ConversationRow(
        id=tx.take_conversation_id(),
        incident=number,
        outlet=outlet,
        thread=_name_thread(mention),
        author=mention.author,
        opened_at=mention.posted_at,
        last_at=mention.posted_at,
        group=_join_group(tx, number, mention.text),
    )
    opened = ConversationOpened(incident=number, outlet=outlet)
    tx.append(conversation_stream(row.id), desk.clock.now(), CHATOPS, [opened])
    tx.save_conversation(row)
    return row


def _find_incident(
    tx: Transaction, outlet: OutletKey, mention: Mention, incidents: Sequence[IncidentRow]
) -> IncidentNumber | None:
    """That of our post which it answers or quotes, else the first of those that customers may be writing about."""
    listened = [row.number for row in incidents]
    for remote_id in (mention.parent, mention.about, mention.thread):
        number = tx.find_incident_by_post(outlet, remote_id) if remote_id else None
        if number in listened:
            return number
    return listened[0] if listened else None


def _join_group(tx: Transaction, incident: IncidentNumber, text: str) -> int | None:
    gist = find_gist(text)
    if not gist:
        return None
    near = tx.list_groups_sharing(incident, gist)
    number = find_group(gist, ((group.id, group.gist) for group in near))
    group = next((each for each in near if each.id == number), None)
    if group is None:
        group = Group(id=tx.take_group_id(), incident=incident, gist=gist, sample=text, conversations=0)
    tx.save_group(replace(group, conversations=group.conversations + 1))
    return group.id
