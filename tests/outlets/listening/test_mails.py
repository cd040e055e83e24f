"""Mails of every kind as text: what customers wrote, what machines wrote, and what is meant to do harm."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.domain.mention import Mention
from chatops.outlets.listening.html_text import read_html
from chatops.outlets.listening.mails import UNREADABLE, Ours, find_thread, list_ids, read_mail
from chatops.outlets.listening.plain_text import TEXT_CHARS
from chatops.outlets.listening.quotes import cut_quotes

OURS = Ours(addresses=frozenset({"status@acme.example"}), domain="acme.example")
NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
HEAD = b"From: Dana <dana@customer.example>\r\nMessage-ID: <c1@customer.example>\r\n"


def read(raw: bytes) -> Mention | None:
    return read_mail(raw, received_at=NOW, ours=OURS)


def require(raw: bytes) -> Mention:
    mention = read(raw)
    assert mention is not None
    return mention


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "Precedence: bulk",
        "Precedence: LIST",
        "Precedence: auto_reply",
        "Return-Path: <>",
        "X-Autoreply: yes",
        "X-Autorespond: Out of office",
        "List-Id: <news.example>",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"',
        "From: MAILER-DAEMON@mail.example",
        "From: no-reply@shop.example",
        "From: noreply+17@shop.example",
        "From: undisclosed",
        "From: ",
        "From: =?utf-8?q?J=C3=BCrgen?=",
    ],
)
def test_machines_and_lists_wait_for_no_answer(header: str) -> None:
    head = b"" if header.startswith("From") else HEAD
    assert read(head + header.encode() + b"\r\n\r\nHello\r\n") is None


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "Precedence: first-class", "Return-Path: <d@c.example>", "X-Spam: no"]
)
def test_people_do(header: str) -> None:
    assert require(HEAD + header.encode() + b"\r\n\r\nHello\r\n").text == "Hello"


@pytest.mark.parametrize(
    ("sender", "address", "name"),
    [
        ("Dana <DANA@Customer.example>", "dana@customer.example", "Dana"),
        ("=?utf-8?q?J=C3=BCrgen?= <j@c.example>", "j@c.example", "Jürgen"),
        ("=?x-unknown?q?J=FC?= <j@c.example>", "j@c.example", None),
        ('"Doe, Dana" <d@c.example>, eve@x.example', "d@c.example", "Doe, Dana"),
        ("Jürgen <j@c.example>", "j@c.example", "Jürgen"),
        ("noreplying@c.example", "noreplying@c.example", ""),
    ],
)
def test_who_wrote_is_known_by_the_address(sender: str, address: str, name: str | None) -> None:
    author = require(f"From: {sender}\r\n\r\nHello".encode()).author
    assert (author.id, author.handle) == (address, address)
    assert name is None or author.name == name


def test_our_own_mail_is_ours() -> None:
    assert require(b"From: Acme <Status@ACME.example>\r\n\r\nHello").is_ours


def test_a_mail_without_an_id_has_the_same_one_on_every_way() -> None:
    plain = b"From: d@c.example\r\nDate: Sat, 28 Nov 2026 02:00:00 +0000\r\n\r\nHello"
    one, two = require(b"Received: by a\r\n" + plain), require(b"Received: by b\r\n" + plain)
    assert one.id == two.id
    assert one.id != require(plain + b" again").id


def test_the_thread_is_that_of_our_incident_else_the_first_mail() -> None:
    ids = ["<x@c.example>", "<mention-3-1.0123456789ab@acme.example>", "<inc-3-u1.0123456789ab.big@acme.example>"]
    assert find_thread(ids, "ACME.example") == ids[2]
    assert find_thread(ids, "other.example") == ids[0]
    assert find_thread([], "acme.example") is None
    assert find_thread(["<inc-3-u1.0123456789ab@evil.example>", ids[2]], "acme.example") == ids[2]


def test_only_ids_are_taken_from_a_header() -> None:
    assert list_ids(" <a@b>junk <c@d> <no spaces@x> <<e@f> <>" + "<" + "x" * 300 + ">") == ["<a@b>", "<c@d>", "<e@f>"]
    assert len(list_ids("<a@b> " * 1000)) == 50


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("Sat, 28 Nov 2026 03:30:00 +0100", NOW - timedelta(minutes=30)),
        ("Sat, 28 Nov 2026 02:30:00", NOW - timedelta(minutes=30)),
        ("Sat, 28 Nov 2099 02:30:00 +0000", NOW),
        ("Sat, 28 Nov 1999 02:30:00 +0000", NOW),
        ("yesterday", NOW),
        ("Sat, 99 Nov 2026 99:99:99 +9999", NOW),
        ("", NOW),
    ],
)
def test_the_date_counts_where_it_can_be_true(said: str, at: datetime) -> None:
    assert require(HEAD + f"Date: {said}\r\n\r\nHello".encode()).posted_at == at


ALTERNATIVE = b'Content-Type: multipart/alternative; boundary="x"\r\n\r\n--x\r\n%s\r\n--x\r\n%s\r\n--x--\r\n'
HTML = b"Content-Type: text/html\r\n\r\n<style>p{}</style><p>Since &lt;when&gt;?</p><blockquote>old</blockquote>"


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        (b"\r\nSince when?\r\n", "Since when?"),
        (ALTERNATIVE % (b"Content-Type: text/plain\r\n\r\nPlain", HTML), "Plain"),
        (ALTERNATIVE % (b"Content-Type: text/plain\r\n\r\n \r\n", HTML), "Since <when>?"),
        (HTML, "Since <when>?"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nSp\xe4t", "Spät"),
        (b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nU3DDpHQ=\r\n", "Spät"),
        (b"Content-Type: text/plain; charset=nonsense\r\n\r\nSp\xc3\xa4t", "Spät"),
        (b"Content-Type: text/plain; charset=idna\r\n\r\nSp\xc3\xa4t", "Spät"),
        (b"\r\nSp\xe4t", "Sp\ufffdt"),
        (b"Subject: Down since 3\r\n\r\n", "Down since 3"),
        (b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nHere\r\n--x\r\nContent-Type: text/plain\r\n'
         b'Content-Disposition: attachment; filename=log.txt\r\n\r\nsecret log\r\n--x--', "Here"),
        (b'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nHere\r\n--x\r\nContent-Type: message/rfc822\r\n'
         b'\r\nFrom: old@c.example\r\n\r\nforwarded\r\n--x--', "Here"),
        (b"\r\na\x00b\x1b[31mcd", None),
    ],
)  # fmt: skip
def test_the_words_are_read(rest: bytes, text: str | None) -> None:
    mention = require(HEAD + rest)
    assert text is None or mention.text == text
    assert "\x00" not in mention.text
    assert "\x1b" not in mention.text


# Quotes


@pytest.mark.parametrize(
    "announcement",
    [
        "On Mon, 7 Nov 2026 at 03:04, Acme Status <status@acme.example> wrote:",
        "On Mon, 7 Nov 2026 at 03:04, Acme Status\n<status@acme.example> wrote:",
        "Am 07.11.2026 um 03:04 schrieb Acme Status:",
        "Le lun. 7 nov. 2026 à 03:04, Acme Status <status@acme.example> a écrit :",
        "El lun, 7 nov 2026 a las 3:04, Acme Status (<status@acme.example>) escribió:",
        "Il giorno lun 7 nov 2026 alle ore 03:04 Acme Status ha scritto:",
        "Em seg., 7 de nov. de 2026 às 03:04, Acme Status escreveu:",
        "Op ma 7 nov 2026 om 03:04 schreef Acme Status <status@acme.example>:",
        "Den mån 7 nov. 2026 kl 03:04 skrev Acme Status <status@acme.example>:",
        "pon., 7 lis 2026 o 03:04 Acme Status <status@acme.example> napisał(a):",
        "пн, 7 нояб. 2026 г. в 03:04, Acme Status <status@acme.example>:\u00a0пишет:",
        "2026年11月7日(月) 3:04 Acme Status <status@acme.example>のメール:",
    ],
)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_what_follows_an_announcement_goes(announcement: str, mark: str) -> None:
    quoted = "\n".join(f"{mark}{line}" for line in ("It broke.", "", "We mend it."))
    assert cut_quotes(f"Since when?\n\nDana\n\n{announcement}\n\n{quoted}\n") == "Since when?\n\nDana"


@pytest.mark.parametrize(
    "divider",
    [
        "-----Original Message-----",
        "-------- Ursprüngliche Nachricht --------",
        "________________________________\nFrom: Acme Status <status@acme.example>\nSent: Monday\nTo: Dana\nCc: Joe",
        "Von: Acme Status <status@acme.example>\nGesendet: Montag\nAn: Dana\nBetreff: Down",
        "*From:* Acme Status\n*Date:* Monday\n*To:* Dana",
    ],
)
def test_what_stands_below_a_divider_goes(divider: str) -> None:
    assert cut_quotes(f"Since when?\n\n{divider}\n\nIt broke.\n") == "Since when?"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("> It broke.\n\nSince when?", "Since when?"),
        ("On Mon, 7 Nov 2026, Acme wrote:\n> It broke.\nSince when?\n> We mend it.\nHow?", "Since when?\nHow?"),
        ("> only\n> quotes", "> only\n> quotes"),
        ("On 7 Nov 2026 Acme wrote:\n\nall below", "On 7 Nov 2026 Acme wrote:\n\nall below"),
        ("From: is what I see in the list\nand more", "From: is what I see in the list\nand more"),
        ("Your support wrote:\nnothing helpful", "Your support wrote:\nnothing helpful"),
        ("a > b, and\nx -> y", "a > b, and\nx -> y"),
        ("-----Original Message-----\nIt broke.", "-----Original Message-----\nIt broke."),
        ("", ""),
        ("\r\n\r\n", ""),
    ],
)
def test_a_customers_own_words_are_never_lost(text: str, kept: str) -> None:
    assert cut_quotes(text) == kept


@given(
    st.lists(
        st.sampled_from(
            [
                "words",
                "",
                "> old",
                "On 7 Nov 2026 at 3 Acme wrote:",
                "From: x",
                "To: y",
                "Date: z",
                "-----Original Message-----",
            ]
        )
    )
)
def test_the_first_words_stay(lines: list[str]) -> None:
    text = "\n".join(["My question", *lines])
    assert cut_quotes(text).startswith("My question")


# Harm

NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(900))
WIDE = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000


@pytest.mark.parametrize(
    "raw",
    [
        HEAD.replace(b"\r\n", b"\n") + NESTED + b"\n" * 800_000,
        HEAD.replace(b"\r\n", b"\n") + WIDE,
        HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 400,
        HEAD + b"Content-Type: text/plain; charset=" + b"a;" * 20_000 + b"\r\n\r\nhi",
        HEAD + b"References: " + b"<aa@bb> " * 100_000 + b"\r\n\r\nhi",
        HEAD + b"X-A: b\r\n" * 100_000 + b"\r\nhi",
        HEAD + b"Subject: " + b"=?utf-8?q?a?= " * 20_000 + b"\r\n\r\nhi",
        HEAD + b"\r\n" + b"On 1 wrote wrote \r\n" * 19_000,
        HEAD + b"\r\n" + b"On 1 @ " * 100_000,
        HEAD + b"Content-Type: text/html\r\n\r\n" + b"<a b='" * 30_000,
        HEAD + b"Content-Type: text/html\r\n\r\n" + b"<![" * 60_000 + b">",
        HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 40_000,
        b"From: " + b"(" * 10_000 + b" <d@c.example>\r\n\r\nhi",
        b"From: " + b"d@c.example," * 10_000 + b"\r\n\r\nhi",
        HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\n-" + b"b99" * 170_000,
        HEAD + b"Subject: " + b"=?punycode?q?" + b"b99" * 1_300 + b"?=\r\n\r\nhi",
    ],
    ids=range(16),
)  # fmt: skip
def test_a_mail_bomb_is_read_in_seconds(raw: bytes) -> None:
    began = time.thread_time()
    mention = read(raw)
    assert time.thread_time() - began < 5
    assert mention is None or len(mention.text) <= TEXT_CHARS


def test_what_cannot_be_taken_apart_is_said() -> None:
    mention = require(HEAD.replace(b"\r\n", b"\n") + NESTED)
    assert (mention.id, mention.text) == ("<c1@customer.example>", UNREADABLE)


@given(st.binary(max_size=3000))
@settings(deadline=None)
def test_rubbish_is_no_trouble(raw: bytes) -> None:
    read(raw)
    read(HEAD + raw)


def test_a_damaged_mail_is_no_trouble() -> None:
    lots = random.Random(3)
    whole = (
        HEAD
        + b"Subject: =?utf-8?q?H=C3=A4?=\r\n"
        + ALTERNATIVE % (b"Content-Type: text/plain; charset=utf-8\r\n\r\nHi", HTML)
    )
    for _ in range(1500):
        damaged = bytearray(whole)
        for _ in range(lots.randint(1, 25)):
            damaged[lots.randrange(len(damaged))] = lots.choice(b'\0\r\n<>"=?;:@,()[]\\ \xff\xc3a')
        mention = read(bytes(damaged))
        if mention is not None:
            mention.text.encode()
            mention.author.name.encode()


@given(st.text(alphabet="<>/!?-[]&;#x'\"= abp\n", max_size=400))
def test_any_html_is_read(html: str) -> None:
    read_html(html)


def test_html_reads_as_it_looks() -> None:
    html = "<title>x</title><p>Hello&nbsp;you<br>there</p><ul><li>one<li>two</ul><script>alert(1)</script>bye"
    assert read_html(html).split("\n") == ["Hello you", "there", "", "- one", "- two", "bye"]
