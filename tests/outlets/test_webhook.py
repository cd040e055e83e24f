"""Webhooks against real sockets: what a partner receives, and what each of the partner's answers means."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chatops.domain.errors import BadSettings, DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.records import Impact, Status
from chatops.outlets import webhook
from chatops.outlets.http import Http
from chatops.outlets.webhook import Webhook, build_body, name_message, parse_secret, sign
from chatops.settings import read_settings
from chatops.usecases.ports import Posting

from .http_servers import Received, Reply, answer, answer_endlessly, answer_slowly, reset, serve
from .mail_servers import find_closed_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "sesame"
STARTED_AT = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
POSTING = Posting(
    key="INC-12/3/webhook.partners/0",
    words="It broke.\n\nWe mend it — “soon”. 🚒",
    subject="API down",
    status=Status.IDENTIFIED,
    digest="0123456789abcdef" * 4,
    first_tried_at=STARTED_AT + timedelta(minutes=5),
    impact=Impact.MAJOR,
    components=("API", "Web app"),
    page_url="https://status.acme.example/incidents/INC-12",
    started_at=STARTED_AT,
)


class Seconds:
    """A clock that is another one at each look."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.9

    def __call__(self) -> float:
        self.now += 10
        return self.now


def build_settings(url: str, *, secret: str = SECRET, allow_private: bool = True) -> webhook.Settings:
    return webhook.Settings.model_validate({"url": url, "secret": secret, "allow_private": allow_private})


def build_webhook(http: Http, port: int, *, scheme: str = "http", secret: str = SECRET) -> Webhook:
    chosen = build_settings(f"{scheme}://127.0.0.1:{port}/hook?token={TOKEN}", secret=secret)
    spec = webhook.build_spec(chosen, key=OutletKey("webhook.partners"), label="Webhook (partners)")
    return Webhook(chosen, spec, http, Seconds())


def verify(request: Received, secret: bytes) -> bool:
    """By the specification alone: nothing of the outlet is used."""
    content = b".".join(
        [request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), request.body]
    )
    wanted = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
    return f"v1,{wanted}" in request.headers["webhook-signature"].split(" ")


def test_the_example_of_the_specification() -> None:
    headers = sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


async def test_a_partner_gets_the_update(http: Http) -> None:
    async with serve(answer(200)) as partner:
        sent = await build_webhook(http, partner.port).send(POSTING)
    (request,) = partner.requests
    assert request.line == f"POST /hook?token={TOKEN} HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == sent.remote_id
    assert request.headers["webhook-timestamp"] == "1800000010"
    assert json.loads(request.body) == {
        "type": "incident.update",
        "timestamp": "2026-11-23T03:00:00Z",
        "data": {
            "incident": "INC-12",
            "update": 3,
            "title": "API down",
            "status": "identified",
            "impact": "major",
            "components": ["API", "Web app"],
            "text": "It broke.\n\nWe mend it — “soon”. 🚒",
            "page_url": "https://status.acme.example/incidents/INC-12",
        },
    }


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (SECRET, base64.b64decode(SECRET.removeprefix("whsec_"))),
        ("sixteen letters!", b"sixteen letters!"),
        ("sésame, ouvre-toi", "sésame, ouvre-toi".encode()),
    ],
)
async def test_the_signature_verifies(http: Http, secret: str, key: bytes) -> None:
    async with serve(answer(200)) as partner:
        await build_webhook(http, partner.port, secret=secret).send(POSTING)
    assert verify(partner.requests[0], key)
    assert not verify(replace(partner.requests[0], body=partner.requests[0].body + b" "), key)
    assert not verify(partner.requests[0], key + b"x")


async def test_every_retry_is_the_same_but_for_its_timestamp(http: Http) -> None:
    replies: list[Reply] = [answer(500), answer(429), reset, b"", answer(200)]
    later = replace(POSTING, first_tried_at=STARTED_AT + timedelta(hours=9), earlier=("msg_x",))
    async with serve(*replies) as partner:
        outlet = build_webhook(http, partner.port)
        for posting in (POSTING, later, POSTING, later):
            with pytest.raises(NotSent):
                await outlet.send(posting)
        await outlet.send(POSTING)
    assert len(partner.requests) == 5
    assert len({(each.headers["webhook-id"], each.body) for each in partner.requests}) == 1
    assert len({each.headers["webhook-timestamp"] for each in partner.requests}) == 5
    assert all(verify(each, parse_secret(SECRET)) for each in partner.requests)


def test_other_words_outlets_or_parts_have_other_ids() -> None:
    others = [
        POSTING,
        replace(POSTING, digest="f" * 64),
        replace(POSTING, key="INC-12/3/webhook.others/0"),
        replace(POSTING, key="INC-12/4/webhook.partners/0"),
        replace(POSTING, key="INC-12/3/webhook.partners/1"),
    ]
    ids = {name_message(each) for each in others}
    assert len(ids) == len(others)
    assert all("." not in each and each.isascii() for each in ids)


@settings(deadline=None, max_examples=150)
@given(
    words=st.text(st.characters(exclude_categories=["Cs"])),
    subject=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_words_survive_exactly(words: str, subject: str | None) -> None:
    data = json.loads(build_body(replace(POSTING, words=words, subject=subject)))["data"]
    assert (data["text"], data["title"]) == (words, subject)


def test_what_is_not_known_is_null() -> None:
    bare = replace(POSTING, impact=None, components=(), page_url=None, started_at=None, subject=None)
    payload = json.loads(build_body(bare))
    assert payload["timestamp"] == "2026-11-23T03:05:00Z"
    assert [payload["data"][name] for name in ("impact", "components", "page_url", "title")] == [None, [], None, None]


async def test_what_cannot_be_written_is_refused(http: Http) -> None:
    with pytest.raises(Refused, match="no webhook can carry"):
        await build_webhook(http, find_closed_port()).send(replace(POSTING, words="lone \ud800 half"))


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (answer(500, body=b"sesame"), NotSent, "answered 500 Internal Server Error"),
        (answer(503, "Retry-After: 60"), NotSent, "answered 503 Service Unavailable"),
        (answer(429, "Retry-After: 60"), NotSent, "answered 429 Too Many Requests"),
        (answer(410, body=b"sesame"), Refused, "answered 410 Gone"),
        (answer(401), NotSent, "Check the secret"),
        (answer(302, "Location: http://127.0.0.1/?sesame"), Refused, "redirects are not followed"),
        pytest.param(None, NotSent, "sent again under the same webhook-id", marks=pytest.mark.impatient),
        pytest.param(answer_slowly, NotSent, "sent again under the same webhook-id", marks=pytest.mark.impatient),
        (reset, NotSent, "sent again under the same webhook-id"),
        (b"\x00sesame\r\n\r\n", NotSent, "sent again under the same webhook-id"),
    ],
    ids=["500", "503", "429", "410", "401", "302", "never", "slow head", "reset", "garbage"],
)
async def test_what_an_answer_means(http: Http, reply: Reply, outcome: type[DeliveryError], words: str) -> None:
    async with serve(reply) as partner, asyncio.timeout(3):
        with pytest.raises(outcome) as caught:
            await build_webhook(http, partner.port).send(POSTING)
    assert words in str(caught.value)
    assert TOKEN not in f"{caught.value!r}"
    assert SECRET not in f"{caught.value!r}"
    if isinstance(caught.value, NotSent):
        named = isinstance(reply, bytes) and b"Retry-After" in reply
        assert caught.value.retry_after == (timedelta(seconds=60) if named else None)


@pytest.mark.parametrize("reply", [answer(200), answer(204), answer(202, body=b"x" * 200_000), answer_endlessly])
async def test_any_2xx_is_sent(http: Http, reply: Reply) -> None:
    async with serve(reply) as partner, asyncio.timeout(3):
        assert (await build_webhook(http, partner.port).send(POSTING)).remote_id == name_message(POSTING)


async def test_nobody_there_is_not_sent(http: Http) -> None:
    with pytest.raises(NotSent, match="cannot be reached"):
        await build_webhook(http, find_closed_port()).send(POSTING)


@pytest.mark.parametrize("call", ["send", "check"])
async def test_private_addresses_are_refused_unless_allowed(http: Http, call: str) -> None:
    async with serve(answer(200)) as partner:
        for host in ("127.0.0.1", "localhost", "2130706433"):
            chosen = build_settings(f"http://{host}:{partner.port}/hook?token={TOKEN}", allow_private=False)
            outlet = webhook.build(chosen, key=OutletKey("webhook"), label="Webhook", http=http)
            assert outlet is not None
            with pytest.raises(Refused, match="allow_private = true"):
                await (outlet.send(POSTING) if call == "send" else outlet.check())
        assert partner.connections == 0


async def test_a_check_posts_nothing(http: Http) -> None:
    async with serve(answer(200)) as partner:
        said = await build_webhook(http, partner.port).check()
        await asyncio.sleep(0.02)
    assert said == f"127.0.0.1:{partner.port} takes connections, not encrypted; nothing was posted"
    assert partner.requests == []
    with pytest.raises(NotSent, match="cannot be reached"):
        await build_webhook(http, find_closed_port()).check()


async def test_a_check_sees_missing_encryption(http: Http) -> None:
    async with serve(b"plain\r\n", reads=False) as partner:
        with pytest.raises(NotSent, match="no encryption that can be trusted"):
            await build_webhook(http, partner.port, scheme="https").check()


async def test_a_partner_cannot_be_asked(http: Http) -> None:
    with pytest.raises(Uncertain):
        await build_webhook(http, 1).find(POSTING)


def test_the_account_is_the_address_without_its_query() -> None:
    chosen = build_settings(f"https://partner.example:8443/a/hook?token={TOKEN}")
    spec = webhook.build_spec(chosen, key=OutletKey("webhook"), label="Webhook")
    assert (spec.account, spec.form, spec.abilities.settled_by) == (
        "partner.example:8443/a/hook",
        "titled",
        "own_key",
    )
    assert TOKEN not in f"{chosen!r}{chosen}{chosen.model_dump()}{spec!r}"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/hook", "/hook"),
        ("/api/v2/hook/", "/api/v2/hook/"),
        ("/services/T0AB/sesame-9f81", "/services/…/…"),
        ("/5e5a3e", "/…"),
        ("/averylongwordthatmaybeatoken", "/…"),
    ],
)
def test_a_piece_of_the_path_that_may_be_a_token_is_not_shown(path: str, shown: str) -> None:
    account = webhook.name_account(f"https://partner.example{path}")
    fingerprint = account.removeprefix(f"partner.example{shown}")
    assert re.fullmatch(r" \([0-9a-f]{8}\)" if "…" in shown else "", fingerprint)
    other = webhook.name_account(f"https://partner.example{path}x")
    assert other != account, "an approval is for one address"


@pytest.mark.parametrize(
    "url",
    [
        *("", "partner.example/hook", "ftp://partner.example/", "http://", "https://user:sesame@partner.example/"),
        *("https://@partner.example/", "https://partner.example:0/", "https://partner.example:99999/", "http://[::1"),
        *("https://partner.example/#sesame", "https://partner.example/a b", "https://a..b/", "https://a\n.example/"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValidationError, match=r"must be like https://partner\.example/hook") as caught:
        build_settings(url)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "secret", ["", "short", "whsec_", "whsec_c2hvcnQ=", "whsec_sesame sesame sesame sesame!!", "é\ud800" * 9]
)
def test_a_weak_or_broken_secret_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValueError, match="16 characters or more") as caught:
        parse_secret(secret)
    assert TOKEN not in str(caught.value)


TABLE = '[outlets.webhook.partners]\nurl = "https://partner.example/hook?token=sesame"\n'


def test_the_settings_name_it_and_take_its_secret_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "chatops.toml").write_text(TABLE + 'secret_env = "PARTNER_HOOK_SECRET"\n', encoding="utf-8")
    _, partners = read_settings({"PARTNER_HOOK_SECRET": SECRET}, tmp_path).outlets
    spec = partners.build_spec()
    assert (spec.key, spec.label, spec.account) == ("webhook.partners", "Webhook (partners)", "partner.example/hook")
    assert isinstance(partners.settings, webhook.Settings)
    assert not partners.settings.allow_private
    assert TOKEN not in f"{partners!r}"


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        (TABLE, {}, "needs the environment variable WEBHOOK_SECRET_PARTNERS, like whsec_"),
        (TABLE, {"WEBHOOK_SECRET_PARTNERS": "sesame"}, "WEBHOOK_SECRET_PARTNERS must be like whsec_"),
        (TABLE + f'secret = "{SECRET}"\n', {}, "secrets stay out of this file"),
        (TABLE.replace("https", "ftp"), {"WEBHOOK_SECRET_PARTNERS": SECRET}, "url must be like https://partner"),
        ("[outlets.webhook]\n", {"WEBHOOK_SECRET": SECRET}, 'needs url, like url = "https://partner.example/hook"'),
    ],
)
def test_wrong_settings_say_what_to_write(tmp_path: Path, text: str, environ: dict[str, str], words: str) -> None:
    (tmp_path / "chatops.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        read_settings(environ, tmp_path)
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert SECRET not in str(caught.value).replace("like whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "")


def test_a_secret_without_its_padding_is_the_same() -> None:
    padded = "whsec_" + base64.b64encode(b"0123456789abcdef0").decode()
    assert parse_secret(padded.rstrip("=")) == parse_secret(padded) == b"0123456789abcdef0"
