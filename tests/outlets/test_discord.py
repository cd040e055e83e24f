"""Discord against the stand-in: the bot that never posts twice, and the webhook that asks a person."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pydantic import ValidationError

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.outlets import discord, discord_calls
from chatops.outlets.discord import Bot, Webhook, is_posting, name_nonce
from chatops.outlets.http import Http
from chatops.sandbox.social.settings import SocialSettings
from chatops.usecases.ports import Outlet

from .http_servers import Reply, answer, serve
from .settling import STARTED_AT, build_posting, change, outcome, publish_by_person, publish_by_reading
from .stand_ins import StandIn, run_stand_in

SOCIAL = SocialSettings()
CHANNEL = SOCIAL.discord_channel_id
GUILD = "1180000000000000000"


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with run_stand_in("discord") as running:
        yield running


def build_one(http: Http, **values: object) -> Outlet:
    chosen = discord.Settings.model_validate(values)
    outlet = discord.build(chosen, key=OutletKey("discord"), label="Discord", http=http)
    assert outlet is not None
    return outlet


def build_bot(http: Http, base_url: str, token: str = SOCIAL.discord_bot_token) -> Bot:
    outlet = build_one(http, bot_token=token, channel_id=CHANNEL, base_url=base_url)
    assert isinstance(outlet, Bot)
    return outlet


def build_webhook(http: Http, base_url: str, token: str = SOCIAL.discord_webhook_token) -> Webhook:
    outlet = build_one(http, webhook_url=f"{base_url}/webhooks/{SOCIAL.discord_webhook_id}/{token}")
    assert isinstance(outlet, Webhook)
    return outlet


@pytest.fixture(params=["bot", "webhook"])
def either(request: pytest.FixtureRequest, http: Http, stand_in: StandIn) -> Bot | Webhook:
    return (build_bot if request.param == "bot" else build_webhook)(http, stand_in.base_url)


def test_the_settings_choose_the_way_and_its_abilities(http: Http) -> None:
    bot, webhook = build_bot(http, "http://127.0.0.1:1"), build_webhook(http, "http://127.0.0.1:1")
    assert (bot.spec.abilities.settled_by, bot.spec.abilities.thread) == ("read_back", True)
    assert (webhook.spec.abilities.settled_by, webhook.spec.abilities.thread) == ("person", False)
    assert bot.spec.account == f"channel {CHANNEL}"
    assert webhook.spec.account == f"webhook {SOCIAL.discord_webhook_id}"
    assert set(discord.MODES.values()) == {bot.spec.abilities, webhook.spec.abilities}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "DISCORD_WEBHOOK_URL"),
        ({"channel_id": "1"}, "DISCORD_BOT_TOKEN"),
        ({"bot_token": "x"}, "channel_id"),
        ({"bot_token": "x", "channel_id": "status"}, "the number of a channel"),
        ({"webhook_url": "https://discord.com/sesame"}, "must be like"),
    ],
)
def test_it_takes_one_way_or_the_other(values: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        discord.Settings.model_validate(values)
    assert "sesame" not in str(caught.value)


async def test_the_bot_posts_under_a_nonce_and_pings_nobody(http: Http) -> None:
    said = answer(200, body=json.dumps({"id": "7", "channel_id": "1", "guild_id": "5"}).encode())
    async with serve(said) as server:
        outlet = build_bot(http, f"http://127.0.0.1:{server.port}")
        sent = await outlet.send(build_posting("@everyone", earlier=("1/3",)))
    assert json.loads(server.requests[0].body) == {
        "content": "@everyone",
        "nonce": name_nonce(build_posting("@everyone")),
        "enforce_nonce": True,
        "allowed_mentions": {"parse": []},
        "message_reference": {"message_id": "3", "fail_if_not_exists": False},
    }
    assert server.requests[0].headers["user-agent"].startswith("DiscordBot (")
    assert len(name_nonce(build_posting("x"))) == 25
    assert (sent.remote_id, sent.url) == ("1/7", "https://discord.com/channels/5/1/7")


async def test_posts_have_links_and_can_be_changed_and_removed(either: Bot | Webhook, stand_in: StandIn) -> None:
    posting = build_posting("It broke.")
    sent = await either.send(posting)
    (post,) = stand_in.posts
    assert (sent.remote_id, sent.url) == (
        f"{CHANNEL}/{post.id}",
        f"https://discord.com/channels/{GUILD}/{CHANNEL}/{post.id}",
    )
    for _ in range(2):
        await either.edit(change(posting, "It broke at 3.", sent.remote_id))
    assert post.text == "It broke at 3."
    for _ in range(2):
        await either.retract(change(posting, "", sent.remote_id))
    assert stand_in.posts == []
    with pytest.raises(Refused, match="no longer there"):
        await either.edit(change(posting, "Again", sent.remote_id))


async def test_the_bot_threads_and_goes_on_without_the_earlier_post(http: Http, stand_in: StandIn) -> None:
    outlet = build_bot(http, stand_in.base_url)
    first = await outlet.send(build_posting("It broke."))
    assert first.remote_id
    second = await outlet.send(build_posting("We mend it.", update=2, earlier=(first.remote_id,)))
    assert stand_in.posts[1].parent is stand_in.posts[0]
    stand_in.network.feed.delete(stand_in.posts[1])
    assert second.remote_id
    await outlet.send(build_posting("It works.", update=3, earlier=(first.remote_id, second.remote_id)))
    assert [post.text for post in stand_in.posts] == ["It broke.", "It works."]


@pytest.mark.impatient
@pytest.mark.parametrize("pause_seconds", [1, 400])
async def test_the_bot_posts_exactly_once(http: Http, stand_in: StandIn, pause_seconds: int) -> None:
    """Within the minutes in which Discord honours the nonce, and after them."""
    stand_in.faults = {"drop": 0.2, "late": 0.03, "500": 0.1, "429": 0.1, "down": 0.05}
    pause = timedelta(seconds=pause_seconds)
    words = await publish_by_reading(build_bot(http, stand_in.base_url), wait=lambda: stand_in.wait(pause))
    assert [post.text for post in stand_in.posts] == words


@pytest.mark.impatient
async def test_the_webhook_posts_nothing_twice_and_shows_every_doubt(http: Http, stand_in: StandIn) -> None:
    stand_in.faults = {"drop": 0.15, "late": 0.03, "500": 0.1, "429": 0.1, "down": 0.05}
    sent, asked = await publish_by_person(build_webhook(http, stand_in.base_url))
    standing = [post.text for post in stand_in.posts]
    assert len(set(standing)) == len(standing)
    assert set(sent) <= set(standing) <= {*sent, *asked}
    assert asked


def message(number: int, words: str, *, author: str = "9", **more: object) -> dict[str, object]:
    milliseconds = int(STARTED_AT.timestamp() * 1000) - discord_calls.EPOCH_MILLISECONDS
    made = {"id": str((milliseconds << 22) + number), "channel_id": "1", "content": words, "author": {"id": author}}
    return made | more


def test_a_message_is_known_by_its_nonce_else_by_its_author_and_words() -> None:
    posting = build_posting("It broke.\n\nSorry. ")
    known = build_posting("It broke.\n\nSorry.", earlier=(f"1/{message(1, '')['id']}",))
    assert is_posting(message(1, "anything", nonce=name_nonce(posting)), posting, author="9")
    assert is_posting(message(1, "It broke.\n\nSorry."), posting, author="9")
    assert not is_posting(message(1, "It broke.\n\nSorry.", author="8"), posting, author="9")
    assert not is_posting(message(1, "It broke.\n\nSorry.", nonce="another"), posting, author="9")
    assert not is_posting(message(1, "It broke.\n\nSorry."), known, author="9")
    assert not is_posting(message(1, "It broke."), posting, author="9")


async def test_looking_goes_back_to_the_first_attempt_and_no_further(http: Http) -> None:
    me = answer(200, body=b'{"id": "9"}')
    page = answer(200, body=json.dumps([message(200 - n, "chat", author="8") for n in range(100)]).encode())
    old = answer(200, body=json.dumps([{"id": "1", "content": "long ago"}] * 100).encode())
    async with serve(me, page, old) as server:
        assert await build_bot(http, f"http://127.0.0.1:{server.port}").find(build_posting("It broke.")) is None
    assert len(server.requests) == 3
    assert "before=" in server.requests[2].line
    async with serve(me, page) as server:
        with pytest.raises(Uncertain, match="Too much"):
            await build_bot(http, f"http://127.0.0.1:{server.port}").find(build_posting("It broke."))


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (answer(401, body=b'{"message": "sesame", "code": 0}'), NotSent, "DISCORD_BOT_TOKEN"),
        (answer(403, body=b'{"code": 50013}'), Refused, "Send Messages"),
        (answer(404, body=b'{"code": 10003}'), Refused, "channel_id"),
        (answer(400, body=b'{"message": "sesame", "code": 50035}'), Refused, "400 Bad Request"),
        (answer(429, body=b'{"retry_after": 0.65, "global": false}'), NotSent, "429"),
        (answer(500, body=b"sesame"), Uncertain, "500"),
        (answer(200, body=b"sesame"), Uncertain, "cannot be read"),
        (answer(200, body=b'{"id": "sesame", "channel_id": "1"}'), Uncertain, "cannot be read"),
        pytest.param(None, Uncertain, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_the_answers_mean(http: Http, reply: Reply, kind: type[Exception], said: str) -> None:
    async with serve(reply) as server:
        outlet = build_bot(http, f"http://127.0.0.1:{server.port}", token="sesame-token")
        error = await outcome(outlet.send(build_posting("It broke.")))
    assert type(error) is kind
    assert said in str(error)
    assert "sesame" not in repr(error)
    if said == "429":
        assert isinstance(error, NotSent)
        assert error.retry_after == timedelta(seconds=0.65)


async def test_checking_posts_nothing(http: Http, stand_in: StandIn) -> None:
    assert "sees its channel" in await build_bot(http, stand_in.base_url).check()
    assert "knows the webhook" in await build_webhook(http, stand_in.base_url).check()
    for wrong, variable in (
        (build_bot(http, stand_in.base_url, "sesame"), "DISCORD_BOT_TOKEN"),
        (build_webhook(http, stand_in.base_url, "sesame"), "DISCORD_WEBHOOK_URL"),
    ):
        with pytest.raises(NotSent, match=variable) as caught:
            await wrong.check()
        assert "sesame" not in str(caught.value)
    assert stand_in.posts == []


async def test_a_webhook_cannot_look(http: Http) -> None:
    with pytest.raises(Uncertain, match="Look into Discord"):
        await build_webhook(http, "http://127.0.0.1:1").find(build_posting("It broke."))
