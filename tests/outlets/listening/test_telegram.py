"""Telegram against the stand-in: comments, answers and direct messages are heard, and answered at most once."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Mention, MentionKind
from chatops.outlets import Configured, telegram
from chatops.outlets.http import Http
from chatops.outlets.listening import telegram as listening
from chatops.outlets.listening.telegram import TelegramListener
from chatops.sandbox.social.customers import Customers
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.social.telegram import CHANNEL_ID, GROUP_ID

from ..http_servers import Reply, answer, serve
from ..settling import build_posting, outcome
from ..stand_ins import StandIn, run_stand_in
from .conversing import NOW, build_reply, build_stranger, hear_all, keep

TOKEN = SocialSettings().telegram_bot_token
BOT_ID = int(TOKEN.partition(":")[0])
LONG_AGO = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with run_stand_in("telegram") as running:
        yield running


def build_settings(base_url: str, token: str = TOKEN) -> telegram.Settings:
    return telegram.Settings.model_validate({"bot_token": token, "chat_id": "@acme_status", "base_url": base_url})


def build(http: Http, base_url: str, token: str = TOKEN) -> TelegramListener:
    settings = build_settings(base_url, token)
    built = listening.build_listener(settings, key=OutletKey("telegram"), label="Telegram", http=http)
    assert isinstance(built, TelegramListener)
    return built


@pytest.fixture
def listener(http: Http, stand_in: StandIn) -> TelegramListener:
    return build(http, stand_in.base_url)


@pytest.fixture
def people(stand_in: StandIn) -> Customers:
    return Customers({"telegram": stand_in.network})


async def announce(http: Http, stand_in: StandIn, words: str = "It broke.") -> str:
    settings = build_settings(stand_in.base_url)
    outlet = telegram.build(settings, key=OutletKey("telegram"), label="Telegram", http=http)
    assert outlet is not None
    sent = await outlet.send(build_posting(words))
    assert sent.remote_id
    return sent.remote_id


async def test_what_concerns_us_is_heard_and_nothing_else(
    http: Http, listener: TelegramListener, stand_in: StandIn, people: Customers
) -> None:
    ours = await announce(http, stand_in)
    number = ours.partition("/")[2]
    comment = people.post("telegram", "Since when? 🚒", name="Dee Doe", handle="dee", reply_to=number)
    people.post("telegram", "me too", name="Eve", reply_to=comment.id)
    direct = people.post("telegram", "Is it down?", name="Joe", handle="joe")
    named = people.post("telegram", "@acme_status_bot hello?", name="Ann")
    people.post("telegram", "/start", name="Kim")
    heard = await listener.listen(None, since=LONG_AGO)
    by_id = {mention.id: mention for mention in heard.mentions}
    assert set(by_id) == {f"{GROUP_ID}/{comment.id}", f"{direct.account.id}/{direct.id}", f"{GROUP_ID}/{named.id}"}
    one = by_id[f"{GROUP_ID}/{comment.id}"]
    assert (one.kind, one.text, one.parent, one.thread) == (
        MentionKind.COMMENT, "Since when? 🚒", ours, f"{GROUP_ID}/{number}")  # fmt: skip
    assert (one.author.id, one.author.handle, one.author.name) == (comment.account.id, "dee", "Dee Doe")
    assert one.url == f"https://t.me/c/1180000002/{comment.id}"
    two = by_id[f"{direct.account.id}/{direct.id}"]
    assert (two.kind, two.parent, two.url, two.thread) == (MentionKind.MESSAGE, None, None, direct.account.id)
    three = by_id[f"{GROUP_ID}/{named.id}"]
    assert (three.kind, three.parent) == (MentionKind.MENTION, None)
    assert not any(mention.is_ours for mention in heard.mentions)


async def test_a_thread_is_known_by_the_post_that_began_it(
    http: Http, listener: TelegramListener, stand_in: StandIn, people: Customers
) -> None:
    ours = await announce(http, stand_in)
    people.post("telegram", "Since when?", name="Dee", reply_to=ours.partition("/")[2])
    heard = await listener.listen(None, since=LONG_AGO)
    replied = await listener.reply(build_reply(heard.mentions[0], "Since three."))
    assert replied.remote_id
    people.post("telegram", "And till when?", name="Dee", reply_to=replied.remote_id.partition("/")[2])
    again = await listener.listen(heard.cursor, since=LONG_AGO)
    (mention,) = again.mentions
    assert (mention.kind, mention.parent) == (MentionKind.REPLY, replied.remote_id)
    assert mention.thread == heard.mentions[0].thread


async def test_a_direct_conversation_is_one_thread(
    listener: TelegramListener, stand_in: StandIn, people: Customers
) -> None:
    people.post("telegram", "Is it down?", name="Joe")
    heard = await listener.listen(None, since=LONG_AGO)
    replied = await listener.reply(build_reply(heard.mentions[0], "Yes."))
    (post,) = stand_in.posts
    assert (post.text, post.parent and post.parent.text, replied.url) == ("Yes.", "Is it down?", None)
    people.post("telegram", "Oh.", name="Joe", reply_to=post.id)
    (mention,) = (await listener.listen(heard.cursor, since=LONG_AGO)).mentions
    assert (mention.kind, mention.thread, mention.parent) == (
        MentionKind.MESSAGE, heard.mentions[0].thread, replied.remote_id)  # fmt: skip


async def test_an_edit_comes_as_the_same_message(listener: TelegramListener, people: Customers) -> None:
    post = people.post("telegram", "helo", name="Joe")
    heard = await listener.listen(None, since=LONG_AGO)
    people.edit("telegram", post.id, "hello")
    # Of an edit the date is that of the message: it counts even where that is long past.
    again = await listener.listen(heard.cursor, since=datetime.now(UTC) + timedelta(hours=1))
    assert [(mention.id, mention.text) for mention in again.mentions] == [(heard.mentions[0].id, "hello")]


async def test_nothing_is_confirmed_before_it_was_kept(
    http: Http, listener: TelegramListener, stand_in: StandIn, people: Customers
) -> None:
    people.post("telegram", "one", name="Joe")
    first = await listener.listen(None, since=LONG_AGO)
    # The process died before the cursor was saved.
    again = await build(http, stand_in.base_url).listen(None, since=LONG_AGO)
    assert again.mentions == first.mentions
    people.post("telegram", "two", name="Joe")
    third = await listener.listen(again.cursor, since=LONG_AGO)
    assert [mention.text for mention in third.mentions] == ["two"]
    assert [mention.text for mention in (await listener.listen(third.cursor, since=LONG_AGO)).mentions] == []


async def test_everything_is_read_in_pages(listener: TelegramListener, people: Customers) -> None:
    for number in range(250):
        people.post("telegram", f"{number}", name="Joe")
    mentions, _ = await hear_all(listener, None, LONG_AGO)
    assert [mention.text for mention in mentions] == [str(number) for number in range(250)]


async def test_with_bad_luck_nothing_is_missed(
    listener: TelegramListener, stand_in: StandIn, people: Customers
) -> None:
    stand_in.faults = {"drop": 0.2, "500": 0.1, "429": 0.1, "down": 0.05}
    read: set[str] = set()
    cursor: str | None = None
    for number in range(60):
        people.post("telegram", f"{number}", name="Joe")
        mentions, heard = await hear_all(listener, cursor, LONG_AGO)
        cursor = heard.cursor
        read |= {mention.text for mention in mentions}
    assert read == {str(number) for number in range(60)}


async def test_nothing_before_that_moment_is_read(
    listener: TelegramListener, stand_in: StandIn, people: Customers
) -> None:
    stand_in.offset_seconds = -7200
    people.post("telegram", "old", name="Joe")
    stand_in.offset_seconds = 0
    people.post("telegram", "new", name="Joe")
    heard = await listener.listen(None, since=NOW - timedelta(hours=1))
    assert [mention.text for mention in heard.mentions] == ["new"]


@pytest.mark.parametrize("cursor", ["", "x", "[]", "{}", "3", '{"offset": "x", "at": 1}', '{"offset": 1, "at": 1e30}'])
async def test_a_cursor_that_cannot_be_read_reads_again(
    listener: TelegramListener, people: Customers, cursor: str
) -> None:
    people.post("telegram", "hi", name="Joe")
    assert len((await listener.listen(cursor, since=LONG_AGO)).mentions) == 1


async def test_after_a_quiet_week_the_numbers_are_not_trusted(
    listener: TelegramListener, stand_in: StandIn, people: Customers
) -> None:
    """They begin anew anywhere, perhaps below the ones that we have seen."""
    people.post("telegram", "hi", name="Joe")
    for days, heard in ((1, 0), (6.5, 1)):
        at = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        cursor = json.dumps({"offset": 900_000_000, "at": at})
        if heard:
            people.post("telegram", "hi", name="Joe")
        assert len((await listener.listen(cursor, since=LONG_AGO)).mentions) == heard


# What real updates hold, and what they should not


def build_message(number: int, **more: Any) -> dict[str, Any]:
    made = {
        "message_id": number,
        "date": int(NOW.timestamp()),
        "chat": {"id": GROUP_ID, "type": "supergroup"},
        "from": {"id": 7, "is_bot": False, "first_name": "Dee", "last_name": "Doe"},
        "text": "@Acme_Status_Bot hi",
    }
    return made | more


async def hear(http: Http, *messages: Any, kind: str = "message") -> dict[int, Mention]:
    replies = [
        {"id": BOT_ID, "username": "acme_status_bot"},
        {"id": CHANNEL_ID, "type": "channel", "linked_chat_id": GROUP_ID},
        [{"update_id": 5 + at, kind: each} for at, each in enumerate(messages)],
    ]
    answers = [answer(200, body=json.dumps({"ok": True, "result": each}).encode()) for each in replies]
    async with serve(*answers) as server:
        heard = await build(http, f"http://127.0.0.1:{server.port}").listen(None, since=LONG_AGO)
        assert heard.cursor is not None
        assert json.loads(heard.cursor)["offset"] == 5 + len(messages)
    return {int(mention.id.partition("/")[2]): mention for mention in heard.mentions}


async def test_malformed_updates_do_not_hide_the_others(http: Http) -> None:
    odd: list[Any] = [
        None, 3, [], {}, build_message(1, chat=None), build_message(2, chat={"id": "x"}), build_message(3, date="x"),
        build_message(4, date=1e300), build_message(5, date=-1), build_message(True),
        build_message(6, **{"from": None}),
        build_message(7, text=None, new_chat_members=[{}]), build_message(8, text=["x"], caption={}),
        build_message(2**60), build_message(9, chat={"id": -5, "type": "group"}),
        build_message(10, **{"from": {"id": 8, "is_bot": True}}), build_message(11, text="@acme_status_bot_2 hi"),
        build_message(12, text="no name", reply_to_message="x"),
    ]  # fmt: skip
    heard = await hear(http, *odd, build_message(20), build_message(21, text="@acme_status_bot" + "x " * 9000))
    assert set(heard) == {20}
    assert (heard[20].author.name, heard[20].author.handle) == ("Dee Doe", "7")
    long = await hear(http, build_message(22, text="@acme_status_bot " + "x " * 9000))
    assert len(long[22].text) <= 10_000


async def test_pictures_have_their_caption_and_a_word(http: Http) -> None:
    heard = await hear(
        http,
        build_message(1, text=None, caption="@acme_status_bot look", photo=[{}]),
        build_message(2, text=None, voice={"duration": 3}, chat={"id": 7, "type": "private"}),
    )
    assert [heard[number].text for number in (1, 2)] == ["@acme_status_bot look\n[photo]", "[voice]"]


async def test_the_team_answers_in_the_groups_own_name(http: Http) -> None:
    group = {"id": GROUP_ID, "title": "Acme chat"}
    anonymous = {"sender_chat": group, "from": {"id": 1087968824, "is_bot": True}, "text": "Fixed."}
    copy = {"sender_chat": {"id": CHANNEL_ID}, "is_automatic_forward": True}
    heard = await hear(
        http,
        build_message(1, **anonymous, reply_to_message=build_message(9)),
        build_message(2, **anonymous),
        build_message(3, **copy),
        build_message(4, sender_chat={"id": -77, "title": "A club"}, reply_to_message=build_message(9, **copy)),
    )
    assert set(heard) == {1, 4}
    assert (heard[1].is_ours, heard[1].parent) == (True, f"{GROUP_ID}/9")
    assert (heard[4].is_ours, heard[4].author.id, heard[4].author.name) == (False, "-77", "A club")


async def test_a_group_of_ones_own_needs_no_channel(http: Http) -> None:
    chat = {"id": GROUP_ID, "type": "supergroup", "username": "acme_chat"}
    replies: list[Any] = [
        {"id": BOT_ID, "username": "acme_status_bot"},
        {"id": GROUP_ID, "type": "supergroup", "linked_chat_id": -3},
        [{"update_id": 1, "message": build_message(4, chat=chat)}],
    ]  # fmt: skip
    answers = [answer(200, body=json.dumps({"ok": True, "result": each}).encode()) for each in replies]
    async with serve(*answers) as server:
        heard = await build(http, f"http://127.0.0.1:{server.port}").listen(None, since=LONG_AGO)
    assert [mention.url for mention in heard.mentions] == ["https://t.me/acme_chat/4"]


# Answering


async def test_a_deleted_message_is_not_answered(
    listener: TelegramListener, stand_in: StandIn, people: Customers
) -> None:
    post = people.post("telegram", "hi", name="Joe")
    (mention,) = (await listener.listen(None, since=LONG_AGO)).mentions
    people.delete("telegram", post.id)
    with pytest.raises(Refused, match="the author has deleted it"):
        await listener.reply(build_reply(mention, "Hello."))
    assert stand_in.posts == []
    with pytest.raises(Refused, match="not one of Telegram's"):
        await listener.reply(build_reply(build_stranger("nonsense"), "Hello."))


async def test_nobody_can_be_asked_how_it_stands(listener: TelegramListener, people: Customers) -> None:
    people.post("telegram", "hi", name="Joe")
    (mention,) = (await listener.listen(None, since=LONG_AGO)).mentions
    there = await listener.look_again(keep(mention), thread=mention.thread)
    assert there.ours is None
    assert there.mention is not None
    assert (there.mention.id, there.mention.text) == (mention.id, "hi")
    with pytest.raises(Uncertain, match="Look into"):
        await listener.find_reply(build_reply(mention, "Hello."))


@pytest.mark.impatient
async def test_nothing_twice_and_every_doubt_is_shown(
    listener: TelegramListener, stand_in: StandIn, people: Customers
) -> None:
    for number in range(40):
        people.post("telegram", f"{number}", name=f"Joe {number}")
    mentions, _ = await hear_all(listener, None, LONG_AGO)
    stand_in.faults = {"drop": 0.1, "late": 0.03, "429": 0.1, "500": 0.1, "down": 0.05}
    sent, asked = set(), set()
    for mention in mentions:
        for _ in range(100):
            try:
                await listener.reply(build_reply(mention, f"Answer to {mention.text}"))
            except NotSent:
                continue
            except Uncertain:
                asked.add(mention.id)
            else:
                sent.add(mention.id)
            break
    standing = [f"{post.facts['chat']}/{post.parent.id}" for post in stand_in.posts if post.parent]
    assert len(set(standing)) == len(standing)
    assert sent <= set(standing) <= sent | asked
    assert len(sent) + len(asked) == 40
    assert asked


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        ((400, "Bad Request: message to be replied not found"), Refused, "deleted"),
        ((403, "Forbidden: bot was blocked by the user"), Refused, "blocked"),
        ((400, "Bad Request: sesame"), Refused, "400 Bad Request"),
        ((401, "Unauthorized"), NotSent, "TELEGRAM_BOT_TOKEN"),
        ((429, "Too Many Requests"), NotSent, "429"),
        ((500, "Internal Server Error sesame"), Uncertain, "500"),
    ],
)
async def test_what_a_no_to_an_answer_means(
    http: Http, reply: tuple[int, str], kind: type[Exception], said: str
) -> None:
    status, description = reply
    body = json.dumps({"ok": False, "description": description, "parameters": {"retry_after": 7}}).encode()
    async with serve(answer(status, body=body)) as server:
        built = build(http, f"http://127.0.0.1:{server.port}")
        error = await outcome(built.reply(build_reply(build_stranger("5/6"), "Hi")))
    assert type(error) is kind
    assert said in str(error)
    assert "sesame" not in repr(error)


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (answer(409, body=b'{"ok": false, "description": "Conflict: terminated"}'), NotSent, "Another program"),
        (answer(409, body=b'{"ok": false, "description": "Conflict: webhook"}'), Refused, "deleteWebhook"),
        (answer(401, body=b'{"ok": false, "description": "Unauthorized"}'), NotSent, "TELEGRAM_BOT_TOKEN"),
        (answer(429, body=b'{"ok": false, "parameters": {"retry_after": 7}}'), NotSent, "429"),
        (answer(500, body=b"sesame"), NotSent, "500"),
        (answer(200, body=b"<html>sesame"), NotSent, "cannot be read"),
        (answer(200, body=b'{"ok": true, "result": "sesame"}'), NotSent, "cannot be read"),
        pytest.param(None, NotSent, "did not answer", marks=pytest.mark.impatient),
    ],
)  # fmt: skip
async def test_what_trouble_means(http: Http, reply: Reply, kind: type[Exception], said: str) -> None:
    house = [{"id": BOT_ID, "username": "b"}, {"id": CHANNEL_ID, "type": "channel"}]
    answers = [answer(200, body=json.dumps({"ok": True, "result": each}).encode()) for each in house]
    async with serve(*answers, reply) as server:
        built = build(http, f"http://127.0.0.1:{server.port}")
        for _ in range(2):
            error = await outcome(built.listen(None, since=LONG_AGO))
            assert type(error) is kind
            assert said in str(error)
            assert "sesame" not in repr(error)
            assert TOKEN not in repr(error)
    if said == "429":
        assert isinstance(error, NotSent)
        assert error.retry_after == timedelta(seconds=7)


def test_a_person_settles_what_is_uncertain(http: Http) -> None:
    configured = Configured(module=telegram, name=None, settings=build_settings("http://127.0.0.1:1"))  # type: ignore[arg-type]
    abilities = configured.build_spec().abilities
    assert (abilities.mentions, abilities.reply, abilities.replies_settled_by) == (True, True, "person")
    assert configured.build_listener(http) is not None
