"""Discord against the stand-in: what people write to the bot is heard, and answered once."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import MentionKind
from chatops.outlets import Configured, discord
from chatops.outlets.discord_calls import make_id, read_time
from chatops.outlets.http import Http
from chatops.outlets.listening import discord as listening
from chatops.outlets.listening.discord import DiscordListener, is_reply, name_nonce
from chatops.sandbox.social.customers import Customers
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings

from ..http_servers import Reply, answer, serve
from ..settling import outcome
from ..stand_ins import StandIn, run_stand_in
from .conversing import NOW, build_reply, build_stranger, hear_all, keep, settle_by_reading

SOCIAL = SocialSettings()
CHANNEL = SOCIAL.discord_channel_id
BOT = SOCIAL.handle
LONG_AGO = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with run_stand_in("discord") as running:
        yield running


def build(http: Http, base_url: str, token: str = SOCIAL.discord_bot_token) -> DiscordListener:
    chosen = discord.Settings.model_validate({"bot_token": token, "channel_id": CHANNEL, "base_url": base_url})
    built = listening.build_listener(chosen, key=OutletKey("discord"), label="Discord", http=http)
    assert isinstance(built, DiscordListener)
    return built


@pytest.fixture
def listener(http: Http, stand_in: StandIn) -> DiscordListener:
    return build(http, stand_in.base_url)


@pytest.fixture
def people(stand_in: StandIn) -> Customers:
    return Customers({"discord": stand_in.network})


def name(post: Post) -> str:
    return f"{CHANNEL}/{post.id}"


def announce(stand_in: StandIn, text: str = "It broke.", parent: Post | None = None) -> Post:
    return stand_in.network.feed.add(stand_in.network.feed.ours, text, parent=parent)


async def test_what_concerns_us_is_heard_and_nothing_else(
    listener: DiscordListener, stand_in: StandIn, people: Customers
) -> None:
    ours = announce(stand_in)
    chat = people.post("discord", "nice weather", name="Eve")
    named = people.post("discord", f"@{BOT} is it down? 🚒", name="Dee Doe", handle="dee")
    answered = people.post("discord", "Since when?", name="Joe", reply_to=ours.id)
    people.post("discord", "same", name="Eve", reply_to=chat.id)
    heard = await listener.listen(None, since=LONG_AGO)
    by_id = {mention.id: mention for mention in heard.mentions}
    assert set(by_id) == {name(named), name(answered)}
    first, second = by_id[name(named)], by_id[name(answered)]
    assert (first.kind, first.text, first.parent, first.thread) == (
        MentionKind.MENTION, f"@{BOT} is it down? 🚒", None, name(named))  # fmt: skip
    assert (first.author.id, first.author.handle, first.author.name) == (named.account.id, "dee", "Dee Doe")
    assert first.url == f"https://discord.com/channels/1180000000000000000/{CHANNEL}/{named.id}"
    assert abs(first.posted_at - datetime.fromtimestamp(named.created_at, UTC)) < timedelta(seconds=1)
    assert (second.kind, second.parent, second.thread) == (MentionKind.REPLY, name(ours), name(ours))


async def test_a_thread_keeps_its_first_post(http: Http, stand_in: StandIn, people: Customers) -> None:
    listener = build(http, stand_in.base_url)
    ours = announce(stand_in)
    later = announce(stand_in, "We mend it.", ours)
    asked = people.post("discord", "Since when?", name="Dee", reply_to=later.id)
    heard = await listener.listen(None, since=LONG_AGO)
    replied = await listener.reply(build_reply(heard.mentions[0], "Since three."))
    assert replied.remote_id
    people.post("discord", "And till when?", name="Dee", reply_to=replied.remote_id.partition("/")[2])
    # A new process knows no chains, and the posts above lie before its window.
    fresh = build(http, stand_in.base_url)
    heard = await fresh.listen(heard.cursor, since=LONG_AGO)
    theirs = [mention for mention in heard.mentions if not mention.is_ours]
    assert {mention.thread for mention in theirs} == {name(ours)}
    assert [mention.parent for mention in theirs] == [name(later), replied.remote_id]
    assert asked.root is ours


async def test_chains_that_begin_long_ago_are_looked_up(http: Http, stand_in: StandIn, people: Customers) -> None:
    stand_in.offset_seconds = -3600
    ours = announce(stand_in)
    first = people.post("discord", "a", name="Dee", reply_to=ours.id)
    second = announce(stand_in, "b", first)
    stand_in.offset_seconds = 0
    people.post("discord", "c", name="Dee", reply_to=second.id)
    heard = await build(http, stand_in.base_url).listen(None, since=NOW - timedelta(minutes=5))
    assert [mention.thread for mention in heard.mentions] == [name(ours)]
    stand_in.network.feed.delete(ours)
    heard = await build(http, stand_in.base_url).listen(None, since=NOW - timedelta(minutes=5))
    assert [mention.thread for mention in heard.mentions] == [name(ours)]


async def test_edits_and_deletions_are_seen(listener: DiscordListener, people: Customers) -> None:
    one = people.post("discord", f"@{BOT} helo", name="Dee")
    two = people.post("discord", f"@{BOT} hi", name="Joe")
    heard = await listener.listen(None, since=LONG_AGO)
    people.edit("discord", one.id, f"@{BOT} hello")
    people.delete("discord", two.id)
    heard = await listener.listen(heard.cursor, since=LONG_AGO)
    assert [mention.text for mention in heard.mentions] == [f"@{BOT} hello"]
    assert heard.gone == (name(two),)
    heard = await listener.listen(heard.cursor, since=LONG_AGO)
    assert heard.gone == ()


async def test_what_we_answer_in_the_app_is_ours(
    listener: DiscordListener, stand_in: StandIn, people: Customers
) -> None:
    asked = people.post("discord", f"@{BOT} hi", name="Dee")
    by_hand = announce(stand_in, "Hello!", asked)
    announce(stand_in, "An update")
    announce(stand_in, "and the next", announce(stand_in, "of a thread"))
    heard = await listener.listen(None, since=LONG_AGO)
    ours = [mention for mention in heard.mentions if mention.is_ours]
    assert [(mention.id, mention.parent) for mention in ours] == [(name(by_hand), name(asked))]


async def test_everything_is_read_once_in_pages_while_more_arrives(
    http: Http, stand_in: StandIn, people: Customers
) -> None:
    listener = build(http, stand_in.base_url)
    wanted = []
    for number in range(1200):
        stand_in.offset_seconds += 0.01
        wanted.append(name(people.post("discord", f"@{BOT} {number}", name="Dee")))
    read: list[str] = []
    cursor, looks = None, 0
    while True:
        heard = await listener.listen(cursor, since=LONG_AGO)
        read += [mention.id for mention in heard.mentions]
        assert heard.gone == ()
        looks += 1
        if looks < 3:
            wanted.append(name(people.post("discord", f"@{BOT} late {looks}", name="Joe")))
        if not heard.is_more:
            break
        cursor = heard.cursor
    assert sorted(set(read)) == sorted(wanted)
    assert looks >= 3


async def test_nothing_before_that_moment_is_read(
    listener: DiscordListener, stand_in: StandIn, people: Customers
) -> None:
    stand_in.offset_seconds = -7200
    people.post("discord", f"@{BOT} old", name="Dee")
    heard = await listener.listen(None, since=NOW - timedelta(hours=1))
    assert heard.mentions == ()
    stand_in.offset_seconds = 0
    people.post("discord", f"@{BOT} new", name="Dee")
    heard = await listener.listen(heard.cursor, since=NOW - timedelta(hours=1))
    assert [mention.text for mention in heard.mentions] == [f"@{BOT} new"]
    old = json.dumps({"upto": make_id(NOW - timedelta(days=9)), "heard": [], "is_behind": False})
    assert len((await listener.listen(old, since=NOW - timedelta(hours=1))).mentions) == 1


@pytest.mark.parametrize("cursor", ["", "x", "[]", "{}", '{"upto": "x"}', '{"upto": "1", "heard": 3}'])
async def test_a_cursor_that_cannot_be_read_reads_again(
    listener: DiscordListener, people: Customers, cursor: str
) -> None:
    people.post("discord", f"@{BOT} hi", name="Dee")
    assert len((await listener.listen(cursor, since=LONG_AGO)).mentions) == 1


def message(number: int, **more: Any) -> dict[str, Any]:
    made = {
        "id": str(int(make_id(NOW)) + number),
        "channel_id": CHANNEL,
        "type": 0,
        "content": "<@9> hi <@!8> <:fire:123> <@77>",
        "author": {"id": "7", "username": "dee", "global_name": None},
        "mentions": [{"id": "9", "username": "acme"}, {"id": "8", "username": "joe"}],
    }
    return made | more


ODD: list[Any] = [
    "sesame",
    None,
    {},
    {"id": 3},
    message(1, author=None, mentions=None),
    message(2, author="dee", mentions="x"),
    message(3, mentions=[3, None, {}]),
    message(4, author={"id": "6", "username": "bot", "bot": True}),
    message(5, webhook_id="4"),
    message(6, type=18),
    message(7, id="١٢"),
    message(8, id="9" * 30),
    message(9, type=[]),
    message(10, content=None, attachments=[{"filename": "a.png"}, 3]),
    message(11, content="x" * 50_000, author={"id": [], "username": ["x"]}),
    message(12, type=19, message_reference="x", referenced_message=[]),
]


async def test_malformed_messages_do_not_hide_the_others(http: Http) -> None:
    me, guild = answer(200, body=b'{"id": "9"}'), answer(200, body=b'{"guild_id": "5"}')
    page = answer(200, body=json.dumps([*ODD, message(20)]).encode())
    async with serve(me, page, guild) as server:
        heard = await build(http, f"http://127.0.0.1:{server.port}").listen(None, since=LONG_AGO)
    by_number = {int(mention.id.partition("/")[2]) - int(make_id(NOW)): mention for mention in heard.mentions}
    assert set(by_number) == {10, 11, 12, 20}
    assert by_number[20].text == "@acme hi @joe :fire: @somebody"
    assert by_number[10].text == "[a.png]"
    assert len(by_number[11].text) == 10_000


async def test_looking_again_shows_the_moment(listener: DiscordListener, stand_in: StandIn, people: Customers) -> None:
    asked = people.post("discord", f"@{BOT} hi", name="Dee")
    (mention,) = (await listener.listen(None, since=LONG_AGO)).mentions
    there = await listener.look_again(keep(mention), thread=mention.thread)
    assert there.mention == mention
    assert there.ours == ()
    people.edit("discord", asked.id, f"@{BOT} hi there")
    first, second = announce(stand_in, "Hello", asked), announce(stand_in, "again", asked)
    announce(stand_in, "An update")
    people.post("discord", "me too", name="Eve", reply_to=asked.id)
    there = await listener.look_again(keep(mention), thread=mention.thread)
    assert there.mention is not None
    assert there.mention.text == f"@{BOT} hi there"
    assert there.ours is not None
    assert [each.id for each in there.ours] == [name(first), name(second)]
    people.delete("discord", asked.id)
    there = await listener.look_again(keep(mention), thread=mention.thread)
    assert (there.mention, there.ours) == (None, ())


async def test_an_answer_stands_below_its_question(
    listener: DiscordListener, stand_in: StandIn, people: Customers
) -> None:
    asked = people.post("discord", f"@{BOT} hi", name="Dee")
    (mention,) = (await listener.listen(None, since=LONG_AGO)).mentions
    replied = await listener.reply(build_reply(mention, "Hello."))
    (post,) = stand_in.posts
    assert (post.text, post.parent) == ("Hello.", asked)
    assert replied.remote_id == name(post)
    assert replied.url == f"https://discord.com/channels/1180000000000000000/{CHANNEL}/{post.id}"


async def test_only_who_is_answered_is_called(http: Http) -> None:
    async with serve(answer(200, body=b'{"id": "7", "channel_id": "1", "guild_id": "5"}')) as server:
        posting = build_reply(build_stranger("1/3"), "@everyone hi")
        await build(http, f"http://127.0.0.1:{server.port}").reply(posting)
    assert server.requests[0].line == "POST /channels/1/messages HTTP/1.1"
    assert json.loads(server.requests[0].body) == {
        "content": "@everyone hi",
        "nonce": name_nonce(posting),
        "enforce_nonce": True,
        "message_reference": {"message_id": "3", "fail_if_not_exists": True},
        "allowed_mentions": {"parse": [], "replied_user": True},
    }
    assert len(name_nonce(posting)) == 25


async def test_a_deleted_post_is_not_answered(listener: DiscordListener, stand_in: StandIn, people: Customers) -> None:
    asked = people.post("discord", f"@{BOT} hi", name="Dee")
    (mention,) = (await listener.listen(None, since=LONG_AGO)).mentions
    people.delete("discord", asked.id)
    with pytest.raises(Refused, match="the author has deleted it"):
        await listener.reply(build_reply(mention, "Hello."))
    assert stand_in.posts == []
    with pytest.raises(Refused, match="not one of Discord's"):
        await listener.reply(build_reply(build_stranger("nonsense"), "Hello."))


@pytest.mark.impatient
@pytest.mark.parametrize("pause_seconds", [1, 400])
async def test_forty_answers_stand_there_once(
    listener: DiscordListener, stand_in: StandIn, people: Customers, pause_seconds: int
) -> None:
    """Within the minutes in which Discord honours the nonce, and after them; the same words again and again."""
    for number in range(20):
        people.post("discord", f"@{BOT} {number}", name=f"Dee {number}")
    mentions = (await listener.listen(None, since=LONG_AGO)).mentions
    stand_in.faults = {"drop": 0.2, "late": 0.02, "500": 0.1, "429": 0.1, "down": 0.05}
    pause = timedelta(seconds=pause_seconds)
    wanted = []
    for mention in mentions:
        own: list[str] = []
        for number in (1, 2):
            posting = build_reply(mention, "We are on it.", number=number, own=tuple(own))
            replied = await settle_by_reading(listener, posting, lambda: stand_in.wait(pause))
            assert replied.remote_id
            own.append(replied.remote_id)
            wanted.append((replied.remote_id, mention.id))
    standing = [(name(post), name(post.parent)) for post in stand_in.posts if post.parent]
    assert sorted(standing) == sorted(wanted)
    assert len(set(standing)) == len(standing) == 40


async def test_with_bad_luck_nothing_is_missed(listener: DiscordListener, stand_in: StandIn, people: Customers) -> None:
    wanted = {name(people.post("discord", f"@{BOT} {number}", name="Dee")) for number in range(150)}
    stand_in.faults = {"drop": 0.1, "500": 0.1, "429": 0.1, "down": 0.05}
    mentions, heard = await hear_all(listener, None, LONG_AGO)
    assert {mention.id for mention in mentions} == wanted
    assert heard.gone == ()


async def test_too_much_written_since_then_is_for_a_person(http: Http) -> None:
    me = answer(200, body=b'{"id": "9"}')
    pages = [answer(200, body=json.dumps([message(n * 100 + i) for i in range(100)]).encode()) for n in range(5)]
    async with serve(me, *pages) as server:
        with pytest.raises(Uncertain, match="Too much"):
            await build(http, f"http://127.0.0.1:{server.port}").find_reply(build_reply(build_stranger("1/3"), "Hi"))


def test_a_reply_is_known_by_its_nonce_else_by_author_parent_and_words() -> None:
    posting = build_reply(build_stranger(f"{CHANNEL}/3"), "Hi  there", own=(f"{CHANNEL}/{message(1)['id']}",))
    reference = {"type": 19, "message_reference": {"message_id": "3"}, "author": {"id": "9"}, "content": "Hi there"}
    assert is_reply(message(2, **reference), posting, author="9")
    assert is_reply(message(2, nonce=name_nonce(posting)), posting, author="9")
    for other in (
        {"nonce": "another"},
        {"author": {"id": "8"}},
        {"content": "Hi"},
        {"message_reference": {"message_id": "4"}},
        {"id": message(1)["id"]},
        {"type": 0},
    ):
        assert not is_reply(message(2, **(reference | other)), posting, author="9")


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (answer(401, body=b'{"message": "sesame", "code": 0}'), NotSent, "DISCORD_BOT_TOKEN"),
        (answer(403, body=b'{"code": 50001}'), Refused, "View Channel"),
        (answer(404, body=b'{"code": 10003}'), Refused, "channel_id"),
        (answer(429, body=b'{"retry_after": 0.65}'), NotSent, "429"),
        (answer(500, body=b"sesame"), NotSent, "500"),
        (answer(200, body=b"sesame"), NotSent, "cannot be read"),
        (answer(200, body=b'{"id": "sesame"}'), NotSent, "cannot be read"),
        pytest.param(None, NotSent, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_trouble_means(http: Http, reply: Reply, kind: type[Exception], said: str) -> None:
    async with serve(reply) as server:
        built = build(http, f"http://127.0.0.1:{server.port}", token="sesame-token")
        for call in (
            built.listen(None, since=LONG_AGO),
            built.look_again(keep(build_stranger("1/3")), thread=None),
            built.find_reply(build_reply(build_stranger("1/3"), "Hi")),
        ):
            error = await outcome(call)
            assert type(error) is kind
            assert said in str(error)
            assert "sesame" not in repr(error)
    if said == "429":
        assert isinstance(error, NotSent)
        assert error.retry_after == timedelta(seconds=0.65)


def test_only_the_bot_hears(http: Http) -> None:
    hook = discord.Settings.model_validate({"webhook_url": "https://discord.com/api/webhooks/1/x"})
    bot = discord.Settings.model_validate({"bot_token": "x", "channel_id": "1"})
    for settings, hears in ((hook, False), (bot, True)):
        configured = Configured(module=discord, name=None, settings=settings)  # type: ignore[arg-type]
        assert configured.build_spec().abilities.mentions is hears
        assert (configured.build_listener(http) is not None) is hears


def test_ids_hold_their_time() -> None:
    assert read_time(make_id(NOW)) == NOW
    assert make_id(datetime(2000, 1, 1, tzinfo=UTC)) == "0"
