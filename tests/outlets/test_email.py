"""E-mail against real sockets: what reaches the recipients, and what each kind of trouble means for the delivery."""

import asyncio
import ssl
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.records import Status
from chatops.outlets import email, mail_server
from chatops.outlets.email import Email, build_message, parse_address
from chatops.outlets.mail_server import Patience, parse_server
from chatops.usecases.ports import Posting

from .mail_servers import Postbox, Reply, find_closed_port, follow, know, serve

ONE = ("all@list.acme.example",)
TWO = ("ada@acme.example", "bob@acme.example")
SHORT = Patience(connect_seconds=0.3, command_seconds=0.3, total_seconds=0.8, quit_seconds=0.1)
DIGEST = "0123456789abcdef" * 4


def build_email(port: int, *, to: tuple[str, ...] = ONE, login: str = "", patience: Patience = SHORT) -> Email:
    chosen = email.Settings.model_validate(
        {"smtp_url": f"smtp://{login}127.0.0.1:{port}", "from": "Acme Status <status@acme.example>", "to": to}
    )
    return Email(chosen, email.build_spec(chosen, key=OutletKey("email"), label="E-mail"), patience)


def build_posting(
    words: str = "It broke.\n\nWe mend it.",
    *,
    subject: str | None = "[Acme] API down",
    update: int = 2,
    outlet: str = "email",
    earlier: tuple[str, ...] = (),
) -> Posting:
    return Posting(
        key=f"INC-3/{update}/{outlet}/0",
        words=words,
        subject=subject,
        status=Status.INVESTIGATING,
        digest=DIGEST,
        first_tried_at=datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
        earlier=earlier,
    )


def parse(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").removesuffix("\n")


async def deliver(posting: Posting, *, to: tuple[str, ...] = ONE) -> EmailMessage:
    postbox = Postbox()
    async with serve(postbox) as port:
        await build_email(port, to=to).send(posting)
    return parse(postbox.raw[0])


async def test_a_mail_arrives_with_its_headers() -> None:
    postbox = Postbox()
    async with serve(postbox) as port:
        sent = await build_email(port).send(build_posting())
    message = parse(postbox.raw[0])
    assert sent.remote_id == message["Message-ID"] == "<inc-3-u2.0123456789ab@acme.example>"
    assert sent.note is None
    assert message["From"] == "Acme Status <status@acme.example>"
    assert message["To"] == "all@list.acme.example"
    assert message["Subject"] == "[Acme] API down"
    assert message["Date"] == "Mon, 23 Nov 2026 03:00:00 +0000"
    assert message["List-Id"] == "<updates.acme.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["In-Reply-To"] is None
    assert plain(message) == "It broke.\n\nWe mend it."
    assert postbox.mails[0].mail_from == "status@acme.example"


async def test_several_recipients_get_one_mail_and_do_not_see_one_another() -> None:
    postbox = Postbox()
    async with serve(postbox) as port:
        await build_email(port, to=TWO).send(build_posting())
    assert postbox.mails[0].rcpt_tos == list(TWO)
    assert len(postbox.mails) == 1
    assert parse(postbox.raw[0])["To"] == "undisclosed-recipients:;"
    assert all(recipient.encode() not in postbox.raw[0] for recipient in TWO)


async def test_later_updates_thread_under_the_earlier_ones() -> None:
    earlier = tuple(f"<inc-3-u{number}.0123456789ab@acme.example>" for number in range(1, 20))
    message = await deliver(build_posting(update=20, earlier=earlier))
    assert message["Subject"] == "Re: [Acme] API down"
    assert message["In-Reply-To"] == earlier[-1]
    assert message["References"].split() == [earlier[0], *earlier[-9:]]


def test_the_same_posting_is_the_same_mail_byte_for_byte() -> None:
    sender = parse_address("Acme <status@acme.example>")
    first, second = (build_message(build_posting(), sender, ONE).as_bytes() for _ in range(2))
    assert first == second


def test_two_outlets_of_the_kind_have_two_message_ids() -> None:
    sender = parse_address("status@acme.example")
    named = build_message(build_posting(outlet="email.big"), sender, ONE)["Message-ID"]
    assert named == "<inc-3-u2.0123456789ab.big@acme.example>"


def test_references_of_a_long_domain_stay_whole() -> None:
    domain = ".".join(["a" * 60] * 3) + ".example"
    earlier = tuple(f"<inc-3-u{number}.0123456789ab@{domain}>" for number in range(1, 4))
    raw = build_message(build_posting(earlier=earlier), parse_address(f"status@{domain}"), ONE).as_bytes()
    assert parse(raw)["References"].split() == list(earlier)
    assert all(each.encode() in raw for each in earlier)
    assert f"<inc-3-u2.0123456789ab@{domain}>".encode() in raw


@pytest.mark.parametrize(
    "words",
    [
        "Übergröße — “quoted” 🚒👩‍👩‍👧‍👦",
        "שלום, השירות לא זמין\n\nمرحبا، الخدمة متوقفة",
        "服务中断。" * 200,
        ".\n..\n.dots at line starts\n.",
        "From here on\nFrom there",
        "trailing blanks  \n\tand a tab\n\n\n\nfour line ends",
        "x" * 5000,
        "a=b =3D &lt; <script>alert(1)</script> \u2028 \u00a0end",
        "--=_0123456789abcdef0123456789abcdef--",
    ],
)
async def test_the_words_arrive_exactly(words: str) -> None:
    assert plain(await deliver(build_posting(words))) == words


async def test_the_html_part_says_the_same_and_nothing_typed_becomes_markup() -> None:
    message = await deliver(build_posting("<b>Bold</b> & co\n\nשלום"))
    part = message.get_body(("html",))
    assert part is not None
    html = str(part.get_content())
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; co" in html
    assert html.count('<p dir="auto"') == 2


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Down\r\nBcc: eve@evil.example", "Down Bcc: eve@evil.example"),
        ("Down\n\nbody", "Down body"),
        ("Down\x00\x1b\u2028X-Evil: 1", "Down X-Evil: 1"),
        ("🔥 Störung — API", "🔥 Störung — API"),
        ("שירות " * 30, ("שירות " * 30).strip()),
        ("=?utf-8?q?evil?=", None),
        (None, "Status update"),
    ],
)
async def test_a_title_stays_one_header(subject: str | None, shown: str | None) -> None:
    message = await deliver(build_posting(subject=subject))
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert plain(message) == "It broke.\n\nWe mend it."
    if shown:
        assert message["Subject"] == shown


@settings(deadline=None, max_examples=150)
@given(
    words=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1),
    subject=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
)
def test_any_words_survive_and_any_subject_is_one_line(words: str, subject: str) -> None:
    raw = build_message(build_posting(words, subject=subject), parse_address("a@acme.example"), ONE).as_bytes()
    message = parse(raw)
    assert plain(message) == words.removesuffix("\n")
    assert message.keys() == [
        *["From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted"],
        *["MIME-Version", "Content-Type"],
    ]
    assert len(max(raw.split(b"\n"), key=len)) < 998


async def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(Refused, match="no e-mail can carry"):
        await build_email(find_closed_port()).send(build_posting("lone \ud800 half"))


async def test_one_recipient_refused_is_sent_with_a_note() -> None:
    postbox = Postbox(refuse={"bob@acme.example": "550 5.1.1 who is bob? sesame"})
    async with serve(postbox) as port:
        sent = await build_email(port, to=TWO).send(build_posting())
    assert postbox.mails[0].rcpt_tos == ["ada@acme.example"]
    assert sent.note == "1 of 2 recipients not taken: bob@acme.example (550 5.1.1)"


async def test_a_recipient_put_off_counts_where_none_was_taken() -> None:
    postbox = Postbox(refuse={"ada@acme.example": "550 5.1.1 no", "bob@acme.example": "450 4.2.0 greylisted"})
    async with serve(postbox) as port:
        with pytest.raises(NotSent, match=r"450 4\.2\.0"):
            await build_email(port, to=TWO).send(build_posting())


@pytest.mark.parametrize(
    ("script", "outcome", "words"),
    [
        ({"CONNECT": "421 4.3.2 sesame busy"}, NotSent, "421 4.3.2"),
        ({"CONNECT": "554 5.7.1 sesame go away"}, NotSent, "554 5.7.1"),
        ({"CONNECT": None}, NotSent, "does not answer in time"),
        ({"CONNECT": ""}, NotSent, "cannot be reached"),
        ({"CONNECT": "hello sesame"}, NotSent, "not ready for mail"),
        ({"EHLO": None}, NotSent, "does not answer in time"),
        ({"EHLO": "502 what", "HELO": "502 what"}, NotSent, "not ready"),
        ({"MAIL": "451 4.7.1 sesame later"}, NotSent, "put us off (451 4.7.1)"),
        ({"MAIL": "550 5.7.1 sesame"}, Refused, "refused the sender (550 5.7.1)"),
        ({"MAIL": "530 5.7.0 sesame login first"}, NotSent, "Check user and password in SMTP_URL"),
        ({"RCPT": "450 4.2.0 sesame"}, NotSent, "put us off (450 4.2.0)"),
        ({"RCPT": "550 5.1.1 sesame"}, Refused, "refused every recipient (550 5.1.1)"),
        ({"RCPT": None}, NotSent, "does not answer in time"),
        ({"DATA": "452 4.3.1 sesame full"}, NotSent, "452 4.3.1"),
        ({"DATA": "554 sesame"}, Refused, "refused the message (554)"),
        ({"DATA": "250 what"}, NotSent, "under the same Message-ID"),
        ({"DATA": ""}, NotSent, "under the same Message-ID"),
        ({".": "550 5.7.1 sesame spam"}, Refused, "refused the message (550 5.7.1)"),
        ({".": "451 4.7.1 sesame later"}, NotSent, "451 4.7.1"),
        ({".": None}, NotSent, "under the same Message-ID"),
        ({".": ""}, NotSent, "under the same Message-ID"),
        ({".": b"\xff\xfe sesame\r\n"}, NotSent, "under the same Message-ID"),
        ({"RCPT": b"999 sesame\r\n"}, NotSent, "not ready for mail (999)"),
        ({"RCPT": b"250-" + b"sesame" * 200_000 + b"\r\n"}, NotSent, "mail server"),
    ],
)
async def test_trouble_is_one_of_the_three_outcomes_without_the_servers_words(
    script: dict[str, Reply], outcome: type[Exception], words: str
) -> None:
    async with follow(script) as port:
        with pytest.raises((NotSent, Refused, Uncertain)) as caught:
            await build_email(port).send(build_posting())
    assert caught.type is outcome
    assert words in str(caught.value)
    assert "sesame" not in str(caught.value)


async def test_a_pause_is_named_where_it_matters() -> None:
    async with follow({"MAIL": "451 later"}) as port:
        with pytest.raises(NotSent) as caught:
            await build_email(port).send(build_posting())
    assert caught.value.retry_after == mail_server.AFTER_DEFERRAL


async def test_nobody_listening_is_not_sent() -> None:
    with pytest.raises(NotSent, match="cannot be reached"):
        await build_email(find_closed_port()).send(build_posting())


@pytest.mark.parametrize("reply", [None, "", "500 what"])
async def test_a_mail_that_was_taken_stays_sent_however_the_farewell_goes(reply: Reply) -> None:
    async with follow({"QUIT": reply}) as port:
        sent = await build_email(port).send(build_posting())
    assert sent.remote_id


async def test_a_login_is_used_with_its_percent_signs_decoded() -> None:
    postbox = Postbox()
    async with serve(postbox, auth_require_tls=False, authenticator=know("us@er", "p#ss/wörd:1")) as port:
        outlet = build_email(port, login="us%40er:p%23ss%2Fw%C3%B6rd%3A1@")
        await outlet.send(build_posting())
        assert (
            await outlet.check()
            == f"mail server 127.0.0.1:{port} answers, not encrypted, logged in; 1 fixed recipients"
        )
    assert postbox.were_logged_in == [True]


async def test_a_wrong_login_names_the_setting_and_is_tried_again_later() -> None:
    async with serve(Postbox(), auth_require_tls=False, authenticator=know("user", "right")) as port:
        outlet = build_email(port, login="user:sesame@")
        for call in (outlet.send(build_posting()), outlet.check()):
            with pytest.raises(NotSent, match="Check user and password in SMTP_URL") as caught:
                await call
            assert "sesame" not in str(caught.value)
            assert caught.value.retry_after == mail_server.AFTER_WRONG_LOGIN


async def test_a_server_without_login_is_said_so() -> None:
    async with follow({}) as port:
        with pytest.raises(NotSent, match="it offers none"):
            await build_email(port, login="user:sesame@").send(build_posting())


async def test_a_password_never_travels_in_the_clear_beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_server.Server, "is_local", property(lambda _: False))
    postbox = Postbox()
    async with serve(postbox, auth_require_tls=False, authenticator=know("user", "sesame")) as port:
        with pytest.raises(NotSent, match="offers no encryption"):
            await build_email(port, login="user:sesame@").send(build_posting())
    assert postbox.mails == []


async def test_starttls_is_taken_when_offered(certificate: ssl.SSLContext) -> None:
    postbox = Postbox()
    async with serve(postbox, tls_context=certificate, require_starttls=True, authenticator=know("u", "p")) as port:
        outlet = build_email(port, login="u:p@", patience=Patience())
        await outlet.send(build_posting())
        assert "encrypted, logged in" in await outlet.check()
    assert postbox.were_logged_in == [True]


async def test_a_certificate_nobody_vouches_for_is_not_trusted_with_a_password(
    certificate: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_server.Server, "is_local", property(lambda _: False))
    postbox = Postbox()
    async with serve(postbox, tls_context=certificate, authenticator=know("u", "p")) as port:
        with pytest.raises(NotSent):
            await build_email(port, login="u:p@", patience=Patience()).send(build_posting())
    assert postbox.mails == []


async def test_cancelling_leaves_no_connection_open() -> None:
    async with follow({"RCPT": None}) as port:
        task = asyncio.create_task(build_email(port, patience=Patience()).send(build_posting()))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(asyncio.all_tasks()) <= 2


async def test_many_at_once_do_not_disturb_one_another() -> None:
    postbox = Postbox()
    async with serve(postbox) as port:
        outlet = build_email(port, patience=Patience())
        sent = await asyncio.gather(*(outlet.send(build_posting(update=number)) for number in range(1, 21)))
    assert len({each.remote_id for each in sent}) == len(postbox.mails) == 20


async def test_a_mail_server_cannot_be_asked() -> None:
    with pytest.raises(Uncertain):
        await build_email(1).find(build_posting())


@pytest.mark.parametrize(
    ("url", "host", "port", "implicit"),
    [
        ("smtp://mail.acme.example", "mail.acme.example", 25, False),
        ("smtp://u:p@mail.acme.example", "mail.acme.example", 587, False),
        ("smtps://u:p@mail.acme.example/", "mail.acme.example", 465, True),
        ("smtp://[::1]:2525", "::1", 2525, False),
    ],
)
def test_the_url_of_a_server(url: str, host: str, port: int, implicit: bool) -> None:
    server = parse_server(url)
    assert (server.host, server.port, server.implicit_tls) == (host, port, implicit)


@pytest.mark.parametrize(
    "url",
    ["", "mail:25", "http://mail", "smtp://", "smtp://u@mail", "smtp://:p@mail", "smtp://u:p/w@mail", "smtp://a..b"],
)
def test_a_wrong_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be like smtp://user:password@host:587"):
        parse_server(url)


def test_only_this_machine_is_local() -> None:
    local = [
        parse_server(f"smtp://{host}").is_local for host in ("localhost", "127.0.0.1", "[::1]", "10.0.0.1", "mail")
    ]
    assert local == [True, True, True, False, False]


@pytest.mark.parametrize("text", ["", "Acme", "a@", "@b", "a@b\r\nBcc: c@d", "Acme <a b@c>", "ü@acme.example", "a@b@c"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must hold e-mail addresses"):
        parse_address(text)


def test_a_domain_of_another_script_is_written_in_ascii() -> None:
    assert parse_address("Müller <status@müller.example>").addr_spec == "status@xn--mller-kva.example"


def test_recipients_are_named_once_and_all_are_covered_by_the_account() -> None:
    many = tuple(f"r{number}@acme.example" for number in range(9))
    spec = build_email(1, to=(*many, *many)).spec
    assert spec.account.startswith("status@acme.example → r0@acme.example, r1@acme.example and 7 more (list ")
    assert spec.account != build_email(1, to=(*many[:-1], "other@acme.example")).spec.account
    assert build_email(1, to=TWO).spec.account == "status@acme.example → ada@acme.example, bob@acme.example"
    with pytest.raises(ValidationError):
        build_email(1, to=tuple(f"r{number}@acme.example" for number in range(101)))
