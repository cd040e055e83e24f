"""E-mail against the sandbox's mail servers: what customers answer is read and answered, each once."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from pydantic import ValidationError

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import ConversationId, IncidentNumber, OutletKey
from chatops.domain.mention import Author, KeptMention, MentionKind
from chatops.outlets import Configured, email, imap
from chatops.outlets.http import Http
from chatops.outlets.imap import parse_mailbox
from chatops.outlets.listening.email import EmailListener, build_reply, name_reply
from chatops.usecases.mention_ports import Replied, ReplyPosting

from ..mail_servers import follow
from ..test_email import build_posting
from .mailboxes import SHORT, US, Post, follow_imap, run_post

NOW = datetime.now(UTC).replace(microsecond=0)
LONG_AGO = NOW - timedelta(days=30)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with run_post() as running:
        yield running


def build_reply_posting(words: str = "It works again.", **more: object) -> ReplyPosting:
    values = {
        "key": "mention:17/1",
        "words": words,
        "answers": "<c1@customer.example>",
        "author": Author(id="dana@customer.example", handle="dana@customer.example"),
        "subject": "Re: [Acme] API down",
        "thread": "<inc-3-u1.0123456789ab@acme.example>",
        "first_tried_at": NOW,
        "written_at": NOW,
    }
    return ReplyPosting(**(values | more))  # type: ignore[arg-type]


async def test_an_answer_to_our_mail_is_heard_without_the_quote(post: Post) -> None:
    outlet = email.build(post.build_settings(), key=OutletKey("email"), label="E-mail", http=Http())
    assert outlet is not None
    sent = await outlet.send(build_posting())
    ours = post.letters.newest_first()[0]
    dana = post.dana("Since when?", answers=ours, **{"from": "Dana Doe <Dana@Customer.example>"})
    heard = await post.build_listener().listen(None, since=LONG_AGO)
    (mention,) = heard.mentions
    assert (mention.id, mention.kind, mention.text) == (dana.message_id, MentionKind.MAIL, "Since when?")
    assert mention.author == Author(id="dana@customer.example", handle="dana@customer.example", name="Dana Doe")
    assert mention.thread == mention.parent == sent.remote_id
    assert mention.subject == "Re: [Acme] API down"
    assert not mention.is_ours
    assert abs(mention.posted_at - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_conversation_goes_to_and_fro_as_one_thread(post: Post) -> None:
    listener = post.build_listener()
    first = post.dana("Is it down?", subject="Down?")
    heard = await listener.listen(None, since=LONG_AGO)
    (mention,) = heard.mentions
    assert (mention.thread, mention.parent) == (first.message_id, None)
    threads = {mention.thread}
    own: list[str] = []
    for number in range(1, 4):
        posting = build_reply_posting(
            f"Answer {number}",
            key=f"mention:17/{number}",
            answers=mention.id,
            author=mention.author,
            subject=mention.subject,
            thread=mention.thread,
            own=tuple(own),
        )
        replied = await listener.reply(posting)
        assert replied.remote_id
        own.append(replied.remote_id)
        ours = post.letters.newest_first()[0]
        assert (ours.recipients, ours.in_reply_to) == (["dana@customer.example"], mention.id)
        post.dana(f"And now {number}?", answers=ours)
        heard = await listener.listen(heard.cursor, since=LONG_AGO)
        (mention,) = heard.mentions
        assert (mention.text, mention.parent) == (f"And now {number}?", replied.remote_id)
        threads.add(mention.thread)
    assert len(threads) == 1
    assert mention.subject == "Re: Down?"


async def test_a_reply_is_a_letter_as_a_person_writes_it(post: Post) -> None:
    listener = post.build_listener(reply_to="Acme Support <support@acme.example>")
    replied = await listener.reply(build_reply_posting("Sorry.\n\nIt works – again.", own=("<m1@acme.example>",)))
    (letter,) = post.letters.newest_first()
    message = message_from_bytes(letter.raw, policy=policy.default)
    assert message["From"] == f"Acme Status <{US}>"
    assert message["Reply-To"] == "Acme Support <support@acme.example>"
    assert message["To"] == "dana@customer.example"
    assert message["Subject"] == "Re: [Acme] API down"
    assert message["In-Reply-To"] == "<c1@customer.example>"
    assert message["References"].split() == [
        "<inc-3-u1.0123456789ab@acme.example>",
        "<m1@acme.example>",
        "<c1@customer.example>",
    ]
    assert (
        message["Message-ID"]
        == replied.remote_id
        == name_reply(build_reply_posting("Sorry.\n\nIt works – again."), "acme.example")
    )
    assert message["Auto-Submitted"] is None
    assert message["List-Id"] is None
    assert letter.text.strip().replace("\r\n", "\n") == "Sorry.\n\nIt works – again."
    assert replied == Replied(remote_id=letter.message_id)


def test_the_same_posting_is_the_same_letter_and_others_are_others(post: Post) -> None:
    settings = post.build_settings()
    posting = build_reply_posting()
    assert build_reply(posting, settings).as_bytes() == build_reply(posting, settings).as_bytes()
    names = {
        name_reply(each, "acme.example")
        for each in (
            posting,
            replace(posting, key="mention:17/2"),
            replace(posting, answers="<other@customer.example>"),
            replace(posting, words="Else."),
        )
    }
    assert len(names) == 4
    assert all(name.startswith("<mention-17-") for name in names)


@pytest.mark.parametrize(
    "handle", ["", "nobody", "a@b@c", "a@b\nBcc: x@y.example", "dana@customer.example, eve@x.example"]
)
async def test_an_address_that_is_none_is_refused(post: Post, handle: str) -> None:
    posting = build_reply_posting(author=Author(id="x", handle=handle))
    with pytest.raises(Refused, match="address"):
        await post.build_listener().reply(posting)
    assert post.letters.newest_first() == []


async def test_nothing_in_a_subject_becomes_a_header(post: Post) -> None:
    await post.build_listener().reply(
        build_reply_posting(subject="Hi\r\nBcc: eve@x.example", answers="digest:abc", thread=None)
    )
    (letter,) = post.letters.newest_first()
    assert letter.subject == "Re: Hi Bcc: eve@x.example"
    assert "bcc" not in {name.lower() for name, _ in letter.headers}
    assert (letter.in_reply_to, letter.references) == ("", "")


async def test_half_characters_are_refused(post: Post) -> None:
    with pytest.raises(Refused, match="no e-mail can carry"):
        await post.build_listener().reply(build_reply_posting("half \ud83d"))


async def test_a_lost_handover_is_repeated_under_the_same_id() -> None:
    async with run_post() as post, follow({".": ""}) as broken:
        bad = EmailListener(post.build_settings(smtp_url=f"smtp://127.0.0.1:{broken}"), SHORT)
        with pytest.raises(NotSent, match="same Message-ID"):
            await bad.reply(build_reply_posting())
        replied = await post.build_listener().reply(build_reply_posting())
    assert replied.remote_id == name_reply(build_reply_posting(), "acme.example")


async def test_nobody_can_be_asked_what_arrived(post: Post) -> None:
    listener = post.build_listener()
    with pytest.raises(Uncertain, match="sent mails"):
        await listener.find_reply(build_reply_posting())
    kept = KeptMention(
        seq=1,
        outlet=OutletKey("email"),
        remote_id="<c1@customer.example>",
        conversation=ConversationId(1),
        incident=IncidentNumber(3),
        kind=MentionKind.MAIL,
        text="Since when?",
        url=None,
        parent=None,
        posted_at=NOW,
        seen_at=NOW,
    )
    now = await listener.look_again(kept, thread=None)
    assert now.ours is None
    assert now.mention is not None
    assert (now.mention.id, now.mention.text) == (kept.remote_id, kept.text)
    assert (await listener.look_again(replace(kept, deleted_at=NOW), thread=None)).mention is None


# Reading


async def test_every_mail_is_read_once_and_in_parts(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap.MailboxReader.read, "__kwdefaults__", {"most": 3})
    listener = post.build_listener()
    wanted = [post.dana(f"Question {number}").message_id for number in range(8)]
    read, cursor, looks = [], None, 0
    while True:
        heard = await listener.listen(cursor, since=LONG_AGO)
        read += [mention.id for mention in heard.mentions]
        if looks < 4:  # while we read, more arrives
            wanted.append(post.dana(f"Late {looks}").message_id)
        cursor, looks = heard.cursor, looks + 1
        if not heard.is_more and looks > 4:
            break
    assert read == wanted
    assert (await listener.listen(cursor, since=LONG_AGO)).mentions == ()


async def test_only_what_came_since_that_moment_is_read(post: Post) -> None:
    post.offset = timedelta(days=-3)
    post.dana("Long ago")
    post.offset = timedelta(hours=-2)
    post.dana("Before the incident")
    listener = post.build_listener()
    since = datetime.now(UTC) - timedelta(hours=1)
    heard = await listener.listen(None, since=since)
    assert heard.mentions == ()
    post.offset = timedelta(0)
    post.dana("Now")
    heard = await listener.listen(heard.cursor, since=since)
    assert [mention.text for mention in heard.mentions] == ["Now"]
    # The mark is old, the incident is new: what came in between is about something else.
    heard = await listener.listen(heard.cursor, since=datetime.now(UTC) + timedelta(minutes=1))
    post.dana("Between")
    assert (await listener.listen(heard.cursor, since=datetime.now(UTC) + timedelta(minutes=1))).mentions == ()


async def test_a_mailbox_that_numbers_anew_is_read_anew(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    listener = post.build_listener()
    post.dana("First")
    heard = await listener.listen(None, since=LONG_AGO)
    monkeypatch.setattr("chatops.sandbox.mailbox.imap.VALIDITY", 5)
    again = await listener.listen(heard.cursor, since=LONG_AGO)
    assert [mention.text for mention in again.mentions] == ["First"]
    assert (await listener.listen(again.cursor, since=LONG_AGO)).mentions == ()


@pytest.mark.parametrize("cursor", ["", "x", "[]", "3", '{"uid": 4}', '{"validity": "a", "uid": 1}', '"x"'])
async def test_a_cursor_that_cannot_be_read_reads_again(post: Post, cursor: str) -> None:
    post.dana("First")
    assert len((await post.build_listener().listen(cursor, since=LONG_AGO)).mentions) == 1


async def test_one_bad_mail_does_not_hide_the_others(post: Post) -> None:
    post.dana("Before")
    post.drop(b"\xff\x00garbage")
    post.drop(b"")
    post.dana("After")
    heard = await post.build_listener().listen(None, since=LONG_AGO)
    assert [mention.text for mention in heard.mentions] == ["Before", "After"]


async def test_a_huge_mail_is_read_from_its_beginning(post: Post) -> None:
    head = b"From: dana@customer.example\r\nMessage-ID: <big@customer.example>\r\n\r\nThe logs are below.\r\n"
    post.drop(head + b"x" * 76 * 100_000)
    began = time.process_time()
    (mention,) = (await post.build_listener().listen(None, since=LONG_AGO)).mentions
    assert mention.text.startswith("The logs are below.")
    assert len(mention.text) <= 10_000
    assert time.process_time() - began < 5


async def test_our_own_letters_are_ours(post: Post) -> None:
    post.dana("Copy of our answer", **{"from": f"Acme Status <{US.upper()}>"})
    post.dana("From support", **{"from": "support@acme.example"})
    heard = await post.build_listener(reply_to="support@acme.example").listen(None, since=LONG_AGO)
    assert [mention.is_ours for mention in heard.mentions] == [True, True]


async def test_reading_changes_nothing_in_the_mailbox() -> None:
    async with follow_imap({"UID SEARCH": "* SEARCH 4\r\n{tag} OK done", "UID FETCH": "{tag} OK done"}) as (
        port,
        heard,
    ):
        await build_at(port).listen(None, since=LONG_AGO)
    verbs = [line.partition(" ")[0].upper() for line in heard]
    assert verbs == ["CAPABILITY", "LOGIN", "EXAMINE", "UID", "UID", "LOGOUT"]
    assert "BODY.PEEK[]" in heard[4]


def build_at(port: int, url: str = "imap://us%40acme.example:sesame-9f27@127.0.0.1:{port}") -> EmailListener:
    values = {
        "smtp_url": "smtp://127.0.0.1:1",
        "from": US,
        "to": ("a@acme.example",),
        "imap_url": url.format(port=port),
    }
    return EmailListener(email.Settings.model_validate(values), SHORT)


LITERAL = '* 1 FETCH (BODY[]<0> {{{count}}}\r\n{raw} UID 4 INTERNALDATE "{date}")\r\n{{tag}} OK done'


@pytest.mark.parametrize(
    ("date", "is_read"),
    [
        ("28-Nov-2099 03:04:05 +0100", True),
        (" 8-Nov-2099 03:04:05 -0100", True),
        ("sesame", True),
        ("28-Nov-2001 03:04:05 +0000", False),
    ],
)
async def test_what_stands_around_a_mail_may_come_after_it(date: str, is_read: bool) -> None:
    raw = "From: dana@customer.example\r\n\r\nHello\r\n"
    script = {
        "UID SEARCH": "* SEARCH 4\r\n{tag} OK done",
        "UID FETCH": LITERAL.format(count=len(raw), raw=raw, date=date),
    }
    async with follow_imap(script) as (port, _):
        heard = await build_at(port).listen(None, since=NOW - timedelta(hours=1))
    assert [mention.text for mention in heard.mentions] == (["Hello"] if is_read else [])


@pytest.mark.parametrize(
    ("script", "greeting", "kind", "said"),
    [
        ({"LOGIN": "{tag} NO [AUTHENTICATIONFAILED] sesame"}, "* OK hi", NotSent, "IMAP_URL"),
        ({"EXAMINE": "{tag} NO sesame"}, "* OK hi", Refused, "no folder INBOX"),
        ({"UID SEARCH": "{tag} NO sesame"}, "* OK hi", NotSent, "search"),
        (
            {"UID SEARCH": "* SEARCH 4\r\n{tag} OK done", "UID FETCH": "{tag} NO sesame"},
            "* OK hi",
            NotSent,
            "show a mail",
        ),
        ({"UID SEARCH": ""}, "* OK hi", NotSent, "cannot be read"),
        ({"LOGIN": ""}, "* OK hi", NotSent, "cannot be read"),
        ({"LOGIN": "* sesame {{{{\r\n{tag} BAD sesame"}, "* OK hi", NotSent, ""),
        ({}, "sesame", NotSent, "cannot be read"),
        ({}, "* BYE sesame", NotSent, "cannot be read"),
        ({}, "", NotSent, "cannot be read"),
    ],
)
async def test_what_trouble_means(
    script: dict[str, str | None], greeting: str, kind: type[Exception], said: str
) -> None:
    async with follow_imap(script, greeting=greeting) as (port, _):
        with pytest.raises(DeliveryError) as caught:
            await build_at(port).listen(None, since=LONG_AGO)
    assert type(caught.value) is kind
    assert said in str(caught.value)
    assert "sesame" not in repr(caught.value)


async def test_a_closed_port_is_said(post: Post) -> None:
    with pytest.raises(NotSent, match="cannot be reached"):
        await build_at(1).listen(None, since=LONG_AGO)


async def test_a_silent_server_is_given_up_and_its_thread_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async with follow_imap({"UID SEARCH": None}) as (port, heard):
        reader = imap.MailboxReader(parse_mailbox(f"imap://u:p@127.0.0.1:{port}"), total_seconds=0.3)
        with pytest.raises(NotSent, match="in time"):
            await reader.read(None, since=LONG_AGO)
        assert heard[-1].startswith("UID SEARCH")
        task = asyncio.create_task(build_at(port).listen(None, since=LONG_AGO))
        while sum(line.startswith("UID SEARCH") for line in heard) < 2:  # noqa: ASYNC110 - a server's log is no event
            await asyncio.sleep(0.01)
        before = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # What the loop waits for at the end of the program.
        await asyncio.get_running_loop().shutdown_default_executor()
        assert time.perf_counter() - before < 2


async def test_a_password_never_travels_in_the_clear_beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap.Mailbox, "is_local", property(lambda _: False))
    async with follow_imap({}) as (port, heard):
        with pytest.raises(NotSent, match="offers no encryption"):
            await build_at(port).listen(None, since=LONG_AGO)
    assert not any("LOGIN" in line for line in heard)


OFFERING = {
    "CAPABILITY": "* CAPABILITY IMAP4rev1 STARTTLS\r\n{tag} OK done",
    "STARTTLS": "{tag} OK go on",
    "UID SEARCH": "* SEARCH 4\r\n{tag} OK done",
}


@pytest.mark.parametrize("way", ["imaps", "starttls"])
async def test_encryption_is_used_where_it_is_offered(certificate: ssl.SSLContext, way: str) -> None:
    ways = {"tls": certificate} if way == "imaps" else {"start_tls": certificate}
    scheme = "imaps" if way == "imaps" else "imap"
    async with follow_imap(OFFERING, **ways) as (port, heard):
        heard_now = await build_at(port, scheme + "://us%40acme.example:sesame-9f27@127.0.0.1:{port}").listen(
            None, since=LONG_AGO
        )
    assert heard_now.cursor is not None
    assert ("STARTTLS" in heard) == (way == "starttls")
    assert any(line.startswith("LOGIN") for line in heard)


@pytest.mark.parametrize("way", ["imaps", "starttls"])
async def test_a_certificate_nobody_vouches_for_gets_no_password(
    certificate: ssl.SSLContext, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap.Mailbox, "is_local", property(lambda _: False))
    ways = {"tls": certificate} if way == "imaps" else {"start_tls": certificate}
    scheme = "imaps" if way == "imaps" else "imap"
    async with follow_imap(OFFERING, **ways) as (port, heard):
        with pytest.raises(NotSent, match="encryption that can be trusted"):
            await build_at(port, scheme + "://us%40acme.example:sesame-9f27@127.0.0.1:{port}").listen(
                None, since=LONG_AGO
            )
    assert not any("LOGIN" in line for line in heard)


async def test_checking_looks_into_the_mailbox_too(post: Post) -> None:
    outlet = email.build(post.build_settings(), key=OutletKey("email"), label="E-mail", http=Http())
    assert outlet is not None
    assert await outlet.check() == (
        f"mail server 127.0.0.1:{post.smtp_port} answers, not encrypted, no login; 1 fixed recipients; "
        f"mailbox at 127.0.0.1:{post.imap_port} lets us read INBOX"
    )
    wrong = email.build(post.build_settings(folder="Sent"), key=OutletKey("email"), label="E-mail", http=Http())
    assert wrong is not None
    with pytest.raises(Refused, match="no folder Sent"):
        await wrong.check()


async def test_a_password_beyond_ascii_is_sent_as_the_standard_says(post: Post) -> None:
    post.dana("First")
    url = f"imap://status%40acme.example:gr%C3%BCn@127.0.0.1:{post.imap_port}"
    assert len((await post.build_listener(imap_url=url).listen(None, since=LONG_AGO)).mentions) == 1


# Settings


@pytest.mark.parametrize(
    "url",
    [
        "imap.acme.example",
        "pop3://u:p@h",
        "imaps://h",
        "imaps://u@h",
        "imaps://u:p@h/x",
        "imaps://u:p@h:0",
        "imaps://u:%0a@h",
        "imaps://[u:p@h",
    ],
)
def test_a_mailbox_has_an_address_with_a_login(url: str) -> None:
    with pytest.raises(ValueError, match="must be like imaps://") as caught:
        parse_mailbox(url)
    assert "pop3" not in str(caught.value)


def test_the_address_names_port_and_login() -> None:
    mailbox = parse_mailbox("imaps://us%40acme.example:p%3Aw@mail.acme.example")
    assert (mailbox.host, mailbox.port, mailbox.implicit_tls) == ("mail.acme.example", 993, True)
    assert (mailbox.user, mailbox.password) == ("us@acme.example", "p:w")
    assert parse_mailbox("imap://u:p@127.0.0.1").port == 143
    assert "p:w" not in repr(mailbox)


def test_without_a_way_in_nothing_is_heard(post: Post) -> None:
    for more, hears in (
        ({}, True),
        ({"imap_url": None}, False),
        ({"imap_url": None, "inbound_secret": "x" * 16}, True),
    ):
        configured = Configured(module=email, name=None, settings=post.build_settings(**more))  # type: ignore[arg-type]
        abilities = configured.build_spec().abilities
        assert (abilities.mentions, abilities.reply) == (hears, hears)
        assert (configured.build_listener(Http()) is not None) == hears


async def test_with_the_hook_alone_nothing_is_polled(post: Post) -> None:
    post.dana("First")
    listener = post.build_listener(imap_url=None, inbound_secret="x" * 16)
    heard = await listener.listen("mark", since=LONG_AGO)
    assert (heard.mentions, heard.cursor) == ((), "mark")


@pytest.mark.parametrize(
    "more", [{"inbound_secret": "short"}, {"reply_to": "nobody"}, {"folder": "Eingänge"}, {"imap_url": "imap://h"}]
)
def test_wrong_settings_are_said(post: Post, more: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        post.build_settings(**more)


async def test_our_incident_mails_say_where_answers_go(post: Post) -> None:
    settings = post.build_settings(reply_to="Acme Support <support@acme.example>")
    outlet = email.build(settings, key=OutletKey("email"), label="E-mail", http=Http())
    assert outlet is not None
    await outlet.send(build_posting())
    ours = post.letters.newest_first()[0]
    assert ("Reply-To", "Acme Support <support@acme.example>") in ours.headers
    answer = post.dana("Hi", answers=ours, to=None)
    assert answer.recipients == ["support@acme.example"]
