"""Mails that a provider brings: who may, in which wrappings, and that the same mail is the same on both ways."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_from_bytes, urlencode

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.outlets import email
from chatops.outlets.listening.email_hook import check_secret, parse_inbound

from .mailboxes import Post, run_post

SECRET = "sesame-9f27-sesame"
SETTINGS = email.Settings.model_validate(
    {
        "smtp_url": "smtp://127.0.0.1:1",
        "from": "status@acme.example",
        "to": ("a@acme.example",),
        "inbound_secret": SECRET,
    }
)
RAW = "From: Dana <dana@customer.example>\r\nMessage-ID: <c1@customer.example>\r\n\r\nSpät & 100% + mehr?\r\n".encode()


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with run_post() as running:
        yield running


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({"Authorization": f"Bearer {SECRET}"}, True),
        ({"authorization": f"bearer {SECRET}"}, True),
        ({"Authorization": basic(f"sendgrid:{SECRET}")}, True),
        ({"Authorization": basic(f":{SECRET}")}, True),
        ({"Authorization": basic(SECRET)}, False),
        ({"Authorization": f"Bearer {SECRET}x"}, False),
        ({"Authorization": "Bearer "}, False),
        ({"Authorization": "Bearer Süß"}, False),
        ({"Authorization": "Basic %%%"}, False),
        ({"Authorization": SECRET}, False),
        ({"X-Secret": SECRET}, False),
        ({}, False),
    ],
)
def test_the_secret_stands_in_a_header(headers: dict[str, str], *, is_let_in: bool) -> None:
    assert check_secret(SETTINGS, headers) is is_let_in


def test_without_a_secret_nobody_is_let_in() -> None:
    closed = SETTINGS.model_copy(update={"inbound_secret": None})
    assert not check_secret(closed, {"Authorization": "Bearer "})
    assert not check_secret(closed, {"Authorization": "Bearer None"})


async def wrap(fields: list[tuple[str, str]]) -> tuple[bytes, str]:
    """As an HTTP client writes a form, not as we do."""
    form = aiohttp.FormData()
    for name, value in fields:
        form.add_field(name, value)
    form.add_field("attachment1", b"\x00\xff", filename="log.bin", content_type="application/octet-stream")
    payload = form()
    return await payload.as_bytes(), payload.headers["Content-Type"]


@pytest.mark.parametrize("field", ["email", "body-mime"])
async def test_the_mail_is_found_in_every_wrapping(field: str) -> None:
    body, kind = await wrap([("subject", "x"), ("dkim", "pass"), (field, RAW.decode())])
    plain = urlencode({"recipient": "us"}).encode() + b"&" + field.encode() + b"=" + quote_from_bytes(RAW).encode()
    for content, content_type in (
        (RAW, "message/rfc822"),
        (RAW, ""),
        (body, kind),
        (plain, "application/x-www-form-urlencoded; charset=utf-8"),
    ):
        (mention,) = parse_inbound(SETTINGS, content, content_type).mentions
        assert (mention.id, mention.text) == ("<c1@customer.example>", "Spät & 100% + mehr?")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "message/rfc822"),
        (b"hello", "message/rfc822"),
        (b"text=hello", "application/x-www-form-urlencoded"),
        (b"email=", "application/x-www-form-urlencoded"),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (RAW, "multipart/form-data"),
        (b'{"email": "From: a@b"}', "application/json"),
    ],
)
def test_what_holds_no_mail_cannot_be_read(body: bytes, content_type: str) -> None:
    with pytest.raises(ValueError, match=r"no |neither"):
        parse_inbound(SETTINGS, body, content_type)


def test_what_a_machine_wrote_is_taken_and_dropped() -> None:
    heard = parse_inbound(SETTINGS, b"Auto-Submitted: auto-replied\r\n" + RAW, "message/rfc822")
    assert heard.mentions == ()


@given(
    st.binary(max_size=400),
    st.sampled_from(["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "message/rfc822"]),
)
def test_rubbish_is_either_read_or_refused(body: bytes, content_type: str) -> None:
    try:
        parse_inbound(SETTINGS, b'--x\r\ncontent-disposition: form-data; name="email"\r\n\r\n' + body, content_type)
    except ValueError as error:
        assert str(error) in {"no mail", "no field with the whole mail"}  # noqa: PT017 - reading it is fine, too


async def test_the_same_mail_by_hook_and_by_mailbox_is_one(post: Post) -> None:
    letter = post.dana("Since when?")
    by_hook = parse_inbound(SETTINGS, letter.raw, "message/rfc822").mentions
    by_mailbox = (await post.build_listener().listen(None, since=datetime.now(UTC) - timedelta(hours=1))).mentions
    assert by_hook == by_mailbox
