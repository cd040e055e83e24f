"""Customers on a network that a test writes, and the verbs by which the team of a scene answers them."""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chatops.domain.conversation import Conversation
from chatops.domain.ids import ConversationId, OutletKey
from chatops.domain.mention import Author, KeptMention, Mention, MentionKind
from chatops.domain.policy import Member
from chatops.domain.wording import Abilities
from chatops.usecases import conversations
from chatops.usecases.conversations import ReplyForm
from chatops.usecases.filing import load_conversation
from chatops.usecases.hearing_customers import listen_job, take_heard
from chatops.usecases.mention_ports import ConversationRow, Heard, Replied, ReplyPosting, Tally, ThreadNow
from chatops.usecases.ports import Answer
from tests.builders import ANA, MASTODON, OPENED_AT
from tests.usecases.fakes import SEND, SEND_THEN
from tests.usecases.scene import INC, Scene

MARIA = Author(id="41", handle="maria@example.social", name="Maria Lopez", followers=120)
PAUL = Author(id="42", handle="paul@example.social", name="Paul")
OURS = Author(id="1", handle="acme@example.social", name="Acme")
HEARS = Abilities(
    settled_by="read_back", mentions=True, reply=True, replies_settled_by="read_back", reply_names_author=True
)


@dataclass
class FakeListener:
    """A network full of people. `posts` is all that stands there; `sends` is the script of our answers.

    It is honest about what stands: `answers` holds (id, words, what it answers) of those that went through.
    """

    settled_by: str = "read_back"
    posts: list[Mention] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    answers: list[Mention] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    sends: deque[object] = field(default_factory=deque)
    finds: deque[object] = field(default_factory=deque)
    looks: deque[object] = field(default_factory=deque)
    listens: deque[object] = field(default_factory=deque)
    page: int = 40
    postings: list[ReplyPosting] = field(default_factory=list)
    since: list[datetime] = field(default_factory=list)
    on_look: Any = None
    """Called while the conversation is looked at: what happens meanwhile."""

    async def listen(self, cursor: str | None, *, since: datetime) -> Heard:
        self.since.append(since)
        if self.listens:
            step = self.listens.popleft()
            if isinstance(step, Exception):
                raise step
        first = int(cursor or 0)
        part = self.posts[first : first + self.page]
        upto = first + len(part)
        return Heard(
            mentions=tuple(part),
            gone=tuple(self.gone),
            cursor=str(upto),
            is_more=upto < len(self.posts),
            paid_reads=len(part),
        )

    async def look_again(self, mention: KeptMention, *, thread: str | None) -> ThreadNow:
        if self.on_look:
            await self.on_look()
        if self.looks:
            step = self.looks.popleft()
            if isinstance(step, Exception):
                raise step
        if mention.remote_id in self.gone:
            return ThreadNow(mention=None)
        now = next((each for each in reversed(self.posts) if each.id == mention.remote_id), None)
        ours = tuple(each for each in self.answers if each.parent == mention.remote_id)
        return ThreadNow(mention=now, ours=ours)

    async def reply(self, posting: ReplyPosting) -> Replied:
        self.postings.append(posting)
        step = self.sends.popleft() if self.sends else SEND
        if step in (SEND, SEND_THEN) and not (self.settled_by == "own_key" and posting.key in self.keys):
            self.keys.append(posting.key)
            self.answers.append(build_answer(f"r{len(self.answers) + 1}", posting.words, posting.answers))
        if step == SEND_THEN:
            step = self.sends.popleft()
        if isinstance(step, Exception):
            raise step
        standing = self.keys.index(posting.key)
        return self._show(self.answers[standing])

    async def find_reply(self, posting: ReplyPosting) -> Replied | None:
        if self.finds:
            step = self.finds.popleft()
            if isinstance(step, Exception):
                raise step
        found = [
            each
            for each in self.answers
            if each.parent == posting.answers and each.text == posting.words and each.id not in posting.own
        ]
        return self._show(found[0]) if found else None

    @staticmethod
    def _show(answer: Mention) -> Replied:
        return Replied(url=f"https://network.example/{answer.id}", remote_id=answer.id)


def build_answer(remote_id: str, words: str, parent: str) -> Mention:
    return Mention(id=remote_id, author=OURS, text=words, posted_at=OPENED_AT, parent=parent, is_ours=True)


def build_mention(remote_id: str, text: str, author: Author = MARIA, **changes: Any) -> Mention:
    made = Mention(id=remote_id, author=author, text=text, posted_at=OPENED_AT + timedelta(minutes=1))
    return replace(made, **changes)


@dataclass
class Crowd:
    """A scene with a network on which customers write."""

    scene: Scene
    listener: FakeListener

    async def hear(self, *mentions: Mention, gone: tuple[str, ...] = (), outlet: OutletKey = MASTODON) -> None:
        """As a web hook brings them."""
        self.listener.posts += mentions
        await take_heard(self.scene.desk, outlet, Heard(mentions=mentions, gone=gone))

    async def poll(self) -> None:
        await self.scene.store.write(lambda tx: tx.put(listen_job(MASTODON)))
        await self.scene.work_for(seconds=40)

    async def claim(self, number: int = 1, *, by: Member = ANA, key: str | None = None) -> Answer:
        return await conversations.claim(self.scene.desk, self.scene.command(by, key), ConversationId(number))

    async def reply(
        self, text: str = "We are sorry.", number: int = 1, *, by: Member = ANA, key: str | None = None, **changes: Any
    ) -> Answer:
        row = await self.row(number)
        facts = (await self.scene.incident()).last_published
        form = ReplyForm(text=text, sign_as=by.first_name, covers=row.last_seq, facts_update=facts)
        command = self.scene.command(by, key)
        return await conversations.write_reply(
            self.scene.desk, command, ConversationId(number), replace(form, **changes)
        )

    async def row(self, number: int = 1) -> ConversationRow:
        found = await self.scene.store.read(lambda reads: reads.find_conversation_row(ConversationId(number)))
        assert found is not None
        return found

    async def rows(self) -> list[ConversationRow]:
        return await self.scene.store.read(lambda reads: reads.list_conversation_rows(INC))

    async def conversation(self, number: int = 1) -> Conversation:
        return await self.scene.store.read(lambda reads: load_conversation(reads, ConversationId(number)))

    async def tally(self) -> Tally:
        now = self.scene.clock.now()
        return await self.scene.store.read(lambda reads: reads.read_tally(INC, now=now))

    async def holder(self, number: int = 1) -> str:
        """The name of whoever has claimed it."""
        member = (await self.row(number)).claimed_by
        assert member is not None
        return (await self.scene.store.read(lambda reads: reads.get_member_by_id(member))).name

    async def state(self, number: int = 1, reply: int = 1) -> str:
        return (await self.conversation(number)).get_reply(reply).state.value

    @property
    def said(self) -> list[str]:
        """Our answers that stand on the network."""
        return [each.text for each in self.listener.answers]


def is_echo_of(remote_id: str, about: str, kind: MentionKind = MentionKind.REPOST, author: Author = PAUL) -> Mention:
    return build_mention(remote_id, "", author, kind=kind, about=about)
