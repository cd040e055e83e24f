"""The chapter “Customers” of an export: replies by whom, customers' words only where they are still kept."""

import json

from chatops.domain.ids import CHATOPS, ConversationId
from chatops.domain.mention import Author, Mention
from chatops.domain.mention_records import ConversationEscalated, NoReplyNeeded, ReplyApproved, ReplySent, ReplyWritten
from chatops.domain.policy import Member
from chatops.domain.records import AnyData
from chatops.usecases.customer_exports import CustomersExport, read_customers
from chatops.usecases.exports import export
from chatops.usecases.filing import load_conversation, record_conversation
from chatops.usecases.hearing_customers import take_heard
from chatops.usecases.mention_ports import Heard
from chatops.usecases.ports import Transaction
from chatops.usecases.reading import IncidentSnapshot, read_any_incident
from tests.builders import ANA, BEN, MASTODON, WORKSPACE
from tests.usecases.scene import INC, Scene

LENA = Author(id="1", handle="lena", name="Lena <Fox>")
WRITTEN = ReplyWritten(
    reply=1,
    words="@lena It is ```safe```. — Ana",
    sign_as="Ana",
    answers="r1",
    answers_digest="0",
    covers=1,
    facts_update=0,
    needs_approval=True,
    follow_up=True,
    digest="d",
)


async def hear(scene: Scene, *texts: str) -> None:
    await scene.open()
    posts = [
        Mention(id=f"r{number}", author=LENA, text=text, posted_at=scene.clock.real_now())
        for number, text in enumerate(texts, 1)
    ]
    await take_heard(scene.desk, MASTODON, Heard(mentions=tuple(posts)))


async def note(scene: Scene, number: int, *data: AnyData, by: Member | None = ANA) -> None:
    def body(tx: Transaction) -> None:
        conversation = load_conversation(tx, ConversationId(number))
        member = tx.find_member(WORKSPACE, by.slack_id) if by else None
        record_conversation(tx, scene.desk, conversation, member.id if member else CHATOPS, data)

    await scene.store.write(body)


async def read(scene: Scene) -> tuple[IncidentSnapshot, CustomersExport]:
    snapshot = await scene.store.read(lambda reads: read_any_incident(reads, INC))
    now = scene.clock.now()
    return snapshot, await scene.store.read(lambda reads: read_customers(reads, INC, WORKSPACE, now))


async def test_every_reply_is_told_with_its_words_and_people(scene: Scene) -> None:
    await hear(scene, "Is it <safe>?", "A joke")
    await note(scene, 1, WRITTEN)
    await note(scene, 1, ReplyApproved(reply=1, digest="d"), by=BEN)
    await note(scene, 1, ReplySent(reply=1, url="https://fedi.example/1"), by=None)
    await note(scene, 2, ConversationEscalated(reason="Press?"), NoReplyNeeded(reason="No.", covers=2))
    snapshot, customers = await read(scene)

    text = export(snapshot, "md", customers)
    assert "Posts: 2, in conversations: 2. Answered: 1, by members: 1. No reply needed: 1. Waiting: 0." in text
    assert "### Conversation 1: Lena &lt;Fox&gt; (lena) on mastodon" in text
    assert "```\nIs it <safe>?\n```" in text
    assert "Reply 1 by Ana Example, approved by Ben Example, sent" in text
    assert "`````\n@lena It is ```safe```. — Ana\n`````" in text
    assert "No reply needed: No." in text
    assert "The commander was called: Press?" in text
    assert "We promised to come back to this person." in text
    assert text.index("## Customers") < text.index("## Timeline")

    page = export(snapshot, "html", customers)
    assert "<blockquote dir=auto>Is it &lt;safe&gt;?</blockquote>" in page
    assert "<Fox>" not in page

    document = json.loads(export(snapshot, "json", customers))["customers"]
    assert document["tally"]["answered"] == 1
    assert document["conversations"][0]["replies"][0]["words"] == WRITTEN.words
    assert document["conversations"][0]["replies"][0]["name"] == "Ana Example"


async def test_what_was_erased_is_not_exported(scene: Scene) -> None:
    await hear(scene, "My name is Lena Fox")
    await note(scene, 1, WRITTEN)
    await scene.store.write(lambda tx: tx.erase_conversations([ConversationId(1)]))
    snapshot, customers = await read(scene)
    for form in ("md", "json", "html"):
        text = export(snapshot, form, customers)  # type: ignore[arg-type]
        assert "Lena" not in text
        assert "lena" not in text
    assert "(not kept any more)" in export(snapshot, "md", customers)


async def test_without_customers_there_is_no_chapter(scene: Scene) -> None:
    await scene.open()
    snapshot, customers = await read(scene)
    for form in ("md", "json", "html"):
        assert export(snapshot, form, customers) == export(snapshot, form)  # type: ignore[arg-type]
