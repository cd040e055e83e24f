"""Telegram against the stand-in: posts, threads, edits, and what each of its answers means."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import ValidationError

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.outlets import telegram
from chatops.outlets.http import Http
from chatops.outlets.telegram import Telegram
from chatops.sandbox.social.settings import SocialSettings

from .http_servers import Reply, answer, serve
from .settling import build_posting, change, outcome, publish_by_person
from .stand_ins import StandIn, run_stand_in

TOKEN = SocialSettings().telegram_bot_token


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with run_stand_in("telegram") as running:
        yield running


def build(http: Http, base_url: str, *, token: str = TOKEN, chat_id: str = "@acme_status") -> Telegram:
    chosen = telegram.Settings.model_validate({"bot_token": token, "chat_id": chat_id, "base_url": base_url})
    return Telegram(chosen, telegram.build_spec(chosen, key=OutletKey("telegram"), label="Telegram"), http)


def refusal(status: int, description: str, **more: object) -> bytes:
    return answer(status, body=json.dumps({"ok": False, "description": description} | more).encode())


async def test_a_post_stands_there_as_plain_text_without_a_preview(http: Http) -> None:
    said = {"ok": True, "result": {"message_id": 7, "chat": {"id": -100123, "username": "acme_status"}}}
    async with serve(answer(200, body=json.dumps(said).encode())) as server:
        sent = await build(http, f"http://127.0.0.1:{server.port}").send(build_posting("*It* broke <b>"))
    (request,) = server.requests
    assert request.line == f"POST /bot{TOKEN}/sendMessage HTTP/1.1"
    assert json.loads(request.body) == {
        "chat_id": "@acme_status",
        "text": "*It* broke <b>",
        "link_preview_options": {"is_disabled": True},
    }
    assert (sent.remote_id, sent.url) == ("-100123/7", "https://t.me/acme_status/7")


async def test_later_updates_answer_the_latest_one(http: Http, stand_in: StandIn) -> None:
    outlet = build(http, stand_in.base_url)
    first = await outlet.send(build_posting("It broke."))
    assert first.remote_id
    second = await outlet.send(build_posting("We mend it.", update=2, earlier=(first.remote_id,)))
    assert stand_in.posts[1].parent is stand_in.posts[0]
    stand_in.network.feed.delete(stand_in.posts[1])
    assert second.remote_id
    await outlet.send(build_posting("It works.", update=3, earlier=(first.remote_id, second.remote_id)))
    assert [post.text for post in stand_in.posts] == ["It broke.", "It works."]


async def test_editing_and_removing_may_be_repeated(http: Http, stand_in: StandIn) -> None:
    outlet = build(http, stand_in.base_url)
    posting = build_posting("It broke.")
    sent = await outlet.send(posting)
    for _ in range(2):
        edited = await outlet.edit(change(posting, "It broke at 3.", sent.remote_id))
        assert (edited.remote_id, edited.url) == (sent.remote_id, sent.url)
    assert [post.text for post in stand_in.posts] == ["It broke at 3."]
    for _ in range(2):
        await outlet.retract(change(posting, "", sent.remote_id))
    assert stand_in.posts == []
    with pytest.raises(Refused, match="no longer there"):
        await outlet.edit(change(posting, "Again", sent.remote_id))
    with pytest.raises(Refused, match="by hand"):
        await outlet.edit(change(posting, "Again", None))


@pytest.mark.impatient
@pytest.mark.parametrize("fault", ["drop", "500", "timeout"])
async def test_a_lost_edit_is_done_again(http: Http, stand_in: StandIn, fault: str) -> None:
    outlet = build(http, stand_in.base_url)
    posting = build_posting("It broke.")
    sent = await outlet.send(posting)
    stand_in.network.switches.switch_on(fault, times=1)
    with pytest.raises(NotSent):
        await outlet.edit(change(posting, "It broke at 3.", sent.remote_id))
    await outlet.edit(change(posting, "It broke at 3.", sent.remote_id))
    assert [post.text for post in stand_in.posts] == ["It broke at 3."]


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (refusal(401, "Unauthorized"), NotSent, "TELEGRAM_BOT_TOKEN"),
        (refusal(404, "Not Found"), NotSent, "TELEGRAM_BOT_TOKEN"),
        (refusal(400, "Bad Request: chat not found"), Refused, "Check chat_id"),
        (refusal(403, "Forbidden: bot is not a member of the channel chat"), Refused, "administrator"),
        (refusal(400, "Bad Request: upgraded", parameters={"migrate_to_chat_id": -1009}), Refused, "-1009"),
        (refusal(400, "Bad Request: message is too long"), Refused, "too long"),
        (refusal(400, "Bad Request: sesame"), Refused, "400 Bad Request"),
        (refusal(429, "Too Many Requests", parameters={"retry_after": 7}), NotSent, "429"),
        (refusal(500, "Internal Server Error"), Uncertain, "500"),
        (answer(502, body=b"<html>sesame"), Uncertain, "502"),
        (answer(200, body=b"<html>sesame"), Uncertain, "cannot be read"),
        (answer(200, body=b'{"ok": true, "result": "sesame"}'), Uncertain, "cannot be read"),
        (b"", Uncertain, "did not answer"),
        pytest.param(None, Uncertain, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_the_answers_mean(http: Http, reply: Reply, kind: type[Exception], said: str) -> None:
    async with serve(reply) as server:
        error = await outcome(build(http, f"http://127.0.0.1:{server.port}").send(build_posting("It broke.")))
    assert type(error) is kind
    assert said in str(error)
    assert "sesame" not in str(error)
    assert TOKEN not in repr(error)
    if said == "429":
        assert isinstance(error, NotSent)
        assert error.retry_after == timedelta(seconds=7)


@pytest.mark.impatient
async def test_nothing_twice_and_every_doubt_is_shown(http: Http, stand_in: StandIn) -> None:
    stand_in.faults = {"drop": 0.1, "late": 0.05, "429": 0.1, "500": 0.1, "timeout": 0.02, "down": 0.05}
    sent, asked = await publish_by_person(build(http, stand_in.base_url))
    standing = [post.text for post in stand_in.posts]
    assert len(set(standing)) == len(standing)
    assert set(sent) <= set(standing)
    assert set(standing) - set(sent) <= set(asked)
    assert len(sent) + len(asked) == 40
    assert asked


async def test_checking_posts_nothing(http: Http, stand_in: StandIn) -> None:
    assert "@acme_status_bot" in await build(http, stand_in.base_url).check()
    with pytest.raises(NotSent, match="TELEGRAM_BOT_TOKEN"):
        await build(http, stand_in.base_url, token="1:wrong").check()
    with pytest.raises(Refused, match="chat_id"):
        await build(http, stand_in.base_url, chat_id="@nobody_here").check()
    assert stand_in.posts == []


async def test_a_bot_cannot_look(http: Http, stand_in: StandIn) -> None:
    with pytest.raises(Uncertain, match="@acme_status"):
        await build(http, stand_in.base_url).find(build_posting("It broke."))


@pytest.mark.parametrize(("chat_id", "link"), [("-100123", "https://t.me/c/123/7"), ("-55", None)])
async def test_links_of_private_chats(http: Http, chat_id: str, link: str | None) -> None:
    said = {"ok": True, "result": {"message_id": 7, "chat": {"id": int(chat_id)}}}
    async with serve(answer(200, body=json.dumps(said).encode())) as server:
        sent = await build(http, f"http://127.0.0.1:{server.port}", chat_id=chat_id).send(build_posting("It broke."))
    assert sent.url == link


def test_an_emoji_counts_twice() -> None:
    assert telegram.LIMITS.fit("🚒" * 2048)
    assert not telegram.LIMITS.fit("🚒" * 2048 + "x")


@pytest.mark.parametrize("chat_id", ["acme_status", "@a", "https://t.me/acme", ""])
def test_a_chat_is_a_name_or_a_number(chat_id: str) -> None:
    with pytest.raises(ValidationError, match="must be like"):
        telegram.Settings.model_validate({"bot_token": "1:x", "chat_id": chat_id})
