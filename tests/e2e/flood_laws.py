"""What must hold after a flood, read from outside: what stands on the networks, the database, Slack."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from chatops.domain.conversation import Conversation, Reply, ReplyState, fold_conversation
from chatops.domain.ids import ConversationId, IncidentNumber, MemberId, conversation_stream
from chatops.domain.mention import KeptMention
from chatops.domain.mention_records import (
    ClaimReleased,
    ConversationClaimed,
    ConversationHandedOver,
    NoReplyNeeded,
    ReplySent,
    ReplyWritten,
)
from chatops.domain.policy import Member
from chatops.domain.records import Record
from chatops.sandbox.messages import Message
from chatops.sandbox.social.posts import Post
from chatops.store.sqlite import open_store
from chatops.usecases.mention_ports import ConversationRow
from chatops.usecases.ports import Reads
from tests.e2e.crowd import SOON_SECONDS
from tests.e2e.flood import Flood
from tests.e2e.flood_watch import WRITES
from tests.e2e.laws import list_errors
from tests.e2e.town import Town

MOST_IN_TEN_SECONDS = 13
"""About one message per second in a Slack channel; Slack lets a few follow each other."""
MOST_SAID_NO = 8
TOGETHER_SECONDS = 1.5
"""Between our last look at a post and the arrival of our answer its author may delete it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the bot knows of one conversation."""

    row: ConversationRow
    records: tuple[Record, ...]
    conversation: Conversation
    mentions: tuple[KeptMention, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the bot knows of all."""

    kept: tuple[Kept, ...]
    people: dict[MemberId, Member]

    @property
    def replies(self) -> list[tuple[Kept, Reply]]:
        return [(each, reply) for each in self.kept for reply in each.conversation.replies]

    def count_states(self) -> Counter[str]:
        return Counter(reply.state.value for _, reply in self.replies)


async def read_ledger(town: Town) -> Ledger:
    store = open_store(f"sqlite:///{town.database}")
    try:
        return await store.read(_read)
    finally:
        await store.close()


def _read(reads: Reads) -> Ledger:
    rows = reads.list_conversation_rows(IncidentNumber(1), limit=100_000)
    kept = [_read_one(reads, row) for row in rows]
    writers = {record.actor for each in kept for record in each.records}
    workspace = next(iter(reads.list_identities())).workspace
    return Ledger(kept=tuple(kept), people={each.id: each for each in reads.list_people(workspace, writers)})


def _read_one(reads: Reads, row: ConversationRow) -> Kept:
    records = tuple(reads.load(conversation_stream(row.id)))
    mentions = tuple(reads.list_mentions(ConversationId(row.id)))
    return Kept(row=row, records=records, conversation=fold_conversation(records), mentions=mentions)


async def require_flood_laws(flood: Flood) -> Ledger:
    ledger = await read_ledger(flood.town)
    require_filed(flood, ledger)
    require_erased(flood, ledger)
    require_answers(flood, ledger)
    require_written(flood, ledger)
    require_exclusive(ledger)
    require_cards(flood, ledger)
    require_pace(flood)
    assert list_errors(flood.town) == []
    violations = [each.wire() for each in flood.town.sandbox.violations.found if each.kind != "late_ack"]
    assert violations == []
    return ledger


# Nothing lost --------------------------------------------------------------------------------------------------------


def require_filed(flood: Flood, ledger: Ledger) -> None:
    """Every post that is for us is filed once, with its author, in a conversation of its own thread and person."""
    known = {(each.row.outlet, mention.remote_id): (each, mention) for each in ledger.kept for mention in each.mentions}
    assert len(known) == sum(len(each.mentions) for each in ledger.kept), "a post is filed twice"
    threads = Counter((each.row.outlet, each.row.author.id, each.row.thread) for each in ledger.kept)
    assert [key for key, count in threads.items() if count > 1] == [], "one thread of one person is two conversations"
    for network, post in flood.crowd.list_heard():
        assert (network.name, post.id) in known, f"lost on {network.name}: {post.text}"
        kept, mention = known[network.name, post.id]
        if mention.is_echo:
            continue
        handle = kept.row.author.handle or kept.row.author.name
        assert post.account.handle.lower() in handle.lower() or post.account.name == kept.row.author.name, (
            f"{post.text} of {post.account.handle} is in the conversation of {handle}"
        )
        edited = post.edited_at
        if edited is None or edited - post.created_at <= SOON_SECONDS:
            number = post.text[post.text.rindex("(") :]
            assert number in mention.text, f"{network.name} says {post.text!r}, filed is {mention.text!r}"


def require_erased(flood: Flood, ledger: Ledger) -> None:
    """What Facebook's web hook told as deleted is gone here too, in whatever order it came, and nobody waits for it."""
    kept = {mention.remote_id: mention for each in ledger.kept for mention in each.mentions}
    told = [body["entry"][0]["changes"][0]["value"] for body in flood.social.facebook.hook.delivered]
    gone = [str(each.get("comment_id") or each["post_id"]) for each in told if each["verb"] == "remove"]
    assert [kept[each].text for each in gone if each in kept and (kept[each].text or kept[each].is_live)] == []


# Nothing twice -------------------------------------------------------------------------------------------------------


def require_answers(flood: Flood, ledger: Ledger) -> None:
    """Each answer that was sent was posted once, below what it answers, signed by its writer; no other stands."""
    ours = flood.list_ours()
    by_words: dict[str, list[Post]] = {}
    for post in ours:
        by_words.setdefault(post.text, []).append(post)
    for kept, reply in ledger.replies:
        posts = by_words.pop(reply.words, [])
        if reply.state is ReplyState.SENT:
            where = f"{kept.row.outlet}: {reply.words!r} (conversation {kept.row.id})"
            assert len(posts) == 1, f"stands {len(posts)} times on {where}"
            _require_place(ledger, reply, posts[0])
        else:
            # It may have stood there once, and be gone with the post that it answered.
            standing = sum(post.is_live for post in posts)
            most = 1 if reply.state is ReplyState.UNCERTAIN else 0
            assert standing <= most, f"{reply.state.value}, and stands there: {reply.words}"
    assert by_words == {}, "answers that nobody wrote"
    parents = Counter(post.parent.id for post in ours if post.parent is not None)
    assert [key for key, count in parents.items() if count > 1] == [], "one post is answered twice"


def _require_place(ledger: Ledger, reply: Reply, post: Post) -> None:
    writer = ledger.people[reply.by].first_name
    assert post.parent is not None
    ids = {post.parent.id, *(version.id for version in post.parent.versions)}
    assert reply.answers in ids, f"{reply.words!r} stands below {post.parent.text!r}"
    assert reply.words.endswith(f"— {writer}"), f"{writer} wrote {reply.words!r}"
    assert f"of {writer}." in reply.words, f"{writer} did not write {reply.words!r}"
    assert reply.remote_id == post.id or reply.remote_id is None, f"{reply.remote_id} is not {post.id}"
    deleted = post.parent.deleted_at
    assert deleted is None or deleted > post.created_at - TOGETHER_SECONDS, (
        f"answered after it was deleted: {post.text}"
    )


def require_written(flood: Flood, ledger: Ledger) -> None:
    """Every form that was acknowledged is in the log once, by its writer; nothing is there that nobody wrote."""
    found = Counter(words for words in map(_find_words, ledger.replies) if words)
    assert [words for words in flood.answers.acknowledged if found[words] != 1] == []
    assert len(ledger.replies) == sum(found.values())
    assert set(found) <= set(flood.answers.tried)
    assert max(found.values(), default=1) == 1


def _find_words(pair: tuple[Kept, Reply]) -> str:
    words = pair[1].words
    begin = words.find("Sorry for the trouble")
    return words[begin : words.rindex("—")].strip() if begin >= 0 else ""


# Claims --------------------------------------------------------------------------------------------------------------


def require_exclusive(ledger: Ledger) -> None:
    """No claim, answer or end by somebody else while a claim stands."""
    for each in ledger.kept:
        holder: MemberId | None = None
        until: datetime | None = None
        for record in each.records:
            stands = until is not None and record.at < until
            data = record.data
            if isinstance(data, ConversationClaimed | ReplyWritten | NoReplyNeeded | ConversationHandedOver):
                is_free = not stands or holder in (None, record.actor) or record.actor == "chatops"
                assert is_free, f"conversation {each.row.id}: {record.kind} by {record.actor}, held by {holder}"
            match data:
                case ConversationClaimed():
                    holder, until = record.actor, data.until
                case ConversationHandedOver():
                    holder, until = data.to, data.until
                case ClaimReleased() | ReplySent() | NoReplyNeeded():
                    holder, until = None, None
                case _:
                    pass


# Slack ---------------------------------------------------------------------------------------------------------------


def require_cards(flood: Flood, ledger: Ledger) -> None:
    """One card a conversation, one board, one tally; and one for each answer that a person has to decide about."""
    keys = list_keys(flood)
    assert [key for key, count in Counter(keys).items() if count > 1] == [], "in Slack twice"
    assert sum(key.endswith("/board") for key in keys) == 1
    assert sum(key.endswith("/tally") for key in keys) == 1
    for kept, reply in ledger.replies:
        if reply.state is ReplyState.UNCERTAIN:
            assert f"mention:{kept.row.id}" in keys, f"nobody is asked about {reply.words}"


def list_keys(flood: Flood) -> list[str]:
    """Of all messages of the bot in Slack, those about customers."""
    workspace = flood.town.sandbox.workspace
    messages = [each for channel in workspace.channels.values() for each in channel.messages.values()]
    keys = [_key_of(each) for each in messages if each.member_id == workspace.bot.id]
    return [key for key in keys if key.startswith("mention:") or key.endswith(("/board", "/tally"))]


def _key_of(message: Message) -> str:
    return str(((message.metadata or {}).get("event_payload") or {}).get("key", ""))


def require_pace(flood: Flood) -> None:
    channel, limiter = flood.desk.channel.id, flood.limiter
    for method in WRITES:
        fastest = limiter.find_fastest(channel, method)
        assert fastest <= MOST_IN_TEN_SECONDS, f"{fastest} times {method} in ten seconds"
    stopped = {call: count for call, count in limiter.stopped.items() if call.startswith("chat.")}
    assert [call for call in stopped if call.endswith(channel)] == [], f"Slack had to say no: {stopped}"
    # In the audit thread a burst may come, as when an incident is opened and told of at once.
    assert sum(stopped.values()) <= MOST_SAID_NO, f"Slack had to say no: {stopped}"
