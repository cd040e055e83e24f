"""Listening on X: what people write to us, paid page by page, and exactly one answer to it, come what may."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Author, Mention, MentionKind
from chatops.outlets import Configured, x
from chatops.outlets.http import Http
from chatops.outlets.listening.x import OVERLAP, build_listener
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.switches import Switches
from chatops.sandbox.social.world import Social
from chatops.usecases.mention_ports import Listener
from tests.outlets.http_servers import Reply, answer, reset, serve
from tests.outlets.listening.answering import build_posting, hear_all, keep, settle_reply
from tests.outlets.social_site import BadLuck, serve_social

SECRETS = {name: f"{name}-sesame" for name in ("consumer_key", "consumer_secret", "access_token", "access_secret")}
HOUR = timedelta(hours=1)


@pytest.fixture
async def social() -> AsyncIterator[Social]:
    async with serve_social(allowance_factor=100) as served:
        yield served


@pytest.fixture
def listener(social: Social, http: Http) -> Listener:
    return build_at(social, http)


def build(http: Http, base_url: str, **changes: Any) -> Listener:
    settings = x.Settings.model_validate({"base_url": base_url, **SECRETS, **changes})
    return build_listener(settings, key=OutletKey("x"), label="X", http=http)


def build_at(social: Social, http: Http, **changes: Any) -> Listener:
    secrets = {name: getattr(social.settings, f"x_{name}") for name in SECRETS}
    return build(http, social.list_base_urls()["x"], **{**secrets, **changes})


def ago(hours: float = 1) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


def write(social: Social, text: str, name: str = "Ann Lee", **more: Any) -> Post:
    return social.customers.post("x", text, name=name, **more)


async def hear(listener: Listener) -> tuple[Mention, ...]:
    return (await hear_all(listener, None, ago())).mentions


async def hear_one(listener: Listener) -> Mention:
    (mention,) = await hear(listener)
    return mention


# Hearing


async def test_a_mention_with_its_author_and_where_it_stands(social: Social, listener: Listener) -> None:
    post = write(social, "@acme it's down & out, see https://acme.com/status", followers=12_000)
    heard = await listener.listen(None, since=ago())
    (mention,) = heard.mentions
    assert mention == Mention(
        id=post.id,
        author=Author(id=post.account.id, handle="annlee", name="Ann Lee", followers=12_000),
        text="@acme it's down & out, see https://acme.com/status",
        posted_at=mention.posted_at,
        url=f"{social.list_base_urls()['x']}/annlee/status/{post.id}",
        thread=post.id,
    )
    assert abs(mention.posted_at.timestamp() - post.created_at) < 0.01
    assert (heard.paid_reads, heard.is_more, heard.gone) == (1, False, ())


async def test_replies_quotes_and_reposts_say_what_they_are_about(social: Social, listener: Listener) -> None:
    ours = social.x.feed.add(social.x.feed.ours, "We are looking.")
    reply = write(social, "thanks", reply_to=ours.id)
    quote = write(social, "look at this", quote=ours.id)
    below = write(social, "@acme and me", name="Bob", reply_to=reply.id)
    repost = social.customers.repost("x", ours.id, name="Cy")
    write(social, "nothing to do with you")
    found = {each.id: each for each in await hear(listener)}
    assert {each.id: each.kind for each in found.values()} == {
        reply.id: MentionKind.REPLY,
        quote.id: MentionKind.QUOTE,
        below.id: MentionKind.MENTION,
        repost.id: MentionKind.REPOST,
    }
    assert (found[reply.id].parent, found[reply.id].thread) == (ours.id, ours.id)
    assert (found[below.id].parent, found[below.id].thread) == (reply.id, ours.id)
    assert (found[quote.id].about, found[quote.id].text) == (ours.id, "look at this")
    assert found[repost.id].about == ours.id


async def test_an_edited_post_is_the_same_with_new_words(social: Social, listener: Listener) -> None:
    ours = social.x.feed.add(social.x.feed.ours, "We are looking.")
    post = write(social, "@acme down?")
    first = await listener.listen(None, since=ago())
    social.customers.edit("x", post.id, "@acme still down?")
    assert post.versions[-1].id != post.id
    answer_below = write(social, "@acme same here", name="Bob", reply_to=post.versions[-1].id)
    second = await hear_all(listener, first.cursor, ago())
    found = {each.id: each for each in second.mentions}
    assert set(found) == {post.id, answer_below.id}
    assert found[post.id].text == "@acme still down?"
    assert found[post.id].posted_at.replace(microsecond=0) == first.mentions[0].posted_at.replace(microsecond=0)
    assert found[answer_below.id].parent == post.id
    assert ours.id not in found


async def test_pages_are_read_one_a_look_and_nothing_is_missed_meanwhile(social: Social, listener: Listener) -> None:
    for number in range(150):
        write(social, f"@acme {number}")
    first = await listener.listen(None, since=ago())
    assert (len(first.mentions), first.is_more, first.paid_reads) == (100, True, 100)
    for number in range(150, 160):
        write(social, f"@acme {number}")
    social.customers.delete("x", first.mentions[0].id)
    begun = json.loads(str(first.cursor)) | {"begun": ago(0.5).isoformat()}
    second = await listener.listen(json.dumps(begun), since=ago())
    assert (len(second.mentions), second.is_more, second.paid_reads) == (50, False, 50)
    expected = datetime.fromisoformat(begun["begun"]) - OVERLAP
    assert json.loads(str(second.cursor))["since"] == str(expected), "from when the first page was read"
    third = await listener.listen(second.cursor, since=ago())
    seen = {each.text for look in (first, second, third) for each in look.mentions}
    assert seen == {f"@acme {number}" for number in range(160)}


async def test_what_was_read_today_is_neither_charged_nor_counted_again(social: Social, listener: Listener) -> None:
    cursor = None
    for number in range(5):
        write(social, f"@acme {number}")
        heard = await listener.listen(cursor, since=ago())
        cursor = heard.cursor
        assert heard.paid_reads == 1
    assert social.x.cost_usd == pytest.approx(0.005)
    now = await listener.look_again(keep(heard.mentions[0]), thread=None)
    assert now.ours == ()
    await settle_reply(listener, build_posting(heard.mentions[0], "@annlee We are on it."))
    await listener.look_again(keep(heard.mentions[0]), thread=None)
    assert (await listener.listen(cursor, since=ago())).paid_reads == 1, "our own answer was read while looking"
    assert social.x.cost_usd == pytest.approx(0.005 + 0.010 + 0.001)


async def test_a_mention_that_x_shows_late_is_heard(social: Social, listener: Listener) -> None:
    heard = await listener.listen(None, since=ago())
    social.x.feed.clock = lambda: datetime.now(UTC).timestamp() - 90
    late = write(social, "@acme hello")
    assert [each.id for each in (await listener.listen(heard.cursor, since=ago())).mentions] == [late.id]


async def test_old_mentions_are_not_read_again(social: Social, listener: Listener) -> None:
    write(social, "@acme long ago")
    heard = await listener.listen(None, since=datetime.now(UTC) + HOUR)
    assert len(heard.mentions) == 1, "where our clock runs ahead"
    social.x.feed.clock = lambda: datetime.now(UTC).timestamp() + 3600
    late = write(social, "@acme later")
    cursor = json.dumps(
        json.loads(str(heard.cursor)) | {"since": (datetime.now(UTC) - timedelta(minutes=5)).isoformat()}
    )
    assert {each.id for each in (await listener.listen(cursor, since=ago())).mentions} >= {late.id}


@pytest.mark.parametrize("cursor", ["sesame", "[]", "{}", '{"since": "soon", "begun": "", "token": ""}', "7"])
async def test_a_broken_cursor_is_none(social: Social, listener: Listener, cursor: str) -> None:
    post = write(social, "@acme hello")
    assert [each.id for each in (await listener.listen(cursor, since=ago())).mentions] == [post.id]


async def test_a_page_that_x_no_longer_knows_is_begun_anew(social: Social, listener: Listener) -> None:
    post = write(social, "@acme hello")
    cursor = json.dumps({"since": ago().isoformat(), "begun": ago().isoformat(), "token": "stale"})
    heard = await listener.listen(cursor, since=ago())
    assert (heard.mentions, heard.is_more) == ((), False)
    assert [each.id for each in (await listener.listen(heard.cursor, since=ago())).mentions] == [post.id]


# Looking again


async def test_looking_again_shows_the_newest_words_and_our_answers(social: Social, listener: Listener) -> None:
    post = write(social, "@acme down?")
    other = write(social, "@acme hello?", name="Bob")
    mention = next(each for each in await hear(listener) if each.id == post.id)
    social.customers.edit("x", post.id, "@acme still down?")
    social.x.feed.add(social.x.feed.ours, "@bob Hello.", parent=other)
    social.x.feed.add(social.x.feed.ours, "@annlee By hand.", parent=post)
    now = await listener.look_again(keep(mention), thread=mention.thread)
    assert now.mention == replace(mention, text="@acme still down?", url=now.mention and now.mention.url)
    assert now.ours is not None
    assert [(each.text, each.is_ours, each.parent) for each in now.ours] == [("@annlee By hand.", True, post.id)]


async def test_a_deleted_post_is_gone(social: Social, listener: Listener) -> None:
    post = write(social, "@acme down?")
    mention = await hear_one(listener)
    social.customers.delete("x", post.id)
    assert (await listener.look_again(keep(mention), thread=None)).mention is None
    with pytest.raises(Refused, match="The author has deleted this post"):
        await listener.reply(build_posting(mention, "@annlee We are on it."))
    assert social.x.feed.list_ours() == []


# Answering


async def test_an_answer_stands_below_what_it_answers(social: Social, listener: Listener) -> None:
    post = write(social, "@acme down?")
    mention = await hear_one(listener)
    replied = await listener.reply(build_posting(mention, "@annlee We are on it."))
    (ours,) = social.x.feed.list_ours()
    assert (ours.text, ours.parent, ours.id) == ("@annlee We are on it.", post, replied.remote_id)
    assert replied.url == f"{social.list_base_urls()['x']}/acme/status/{ours.id}"


async def test_who_did_not_name_us_is_not_answered(social: Social, listener: Listener) -> None:
    write(social, "@acme down?")
    mention = await hear_one(listener)
    stranger = write(social, "I like ducks", name="Bob")
    with pytest.raises(Refused, match="X lets us answer only people who name or quote us"):
        await listener.reply(build_posting(replace(mention, id=stranger.id), "@bob So do we."))
    for wrong in ("sesame", "../1", ""):
        with pytest.raises(Refused, match="no post of X"):
            await listener.reply(build_posting(replace(mention, id=wrong), "Hello"))


async def test_a_lost_receipt_is_found_below_the_right_post(social: Social, listener: Listener) -> None:
    for name in ("Ann", "Bob"):
        write(social, "@acme down?", name=name)
    second, first = await hear(listener)
    other = build_posting(second, "@bob See https://acme.com/a & wait 🚒")
    done = await listener.reply(other)
    posting = build_posting(first, "@ann See https://acme.com/a & wait 🚒")
    assert await listener.find_reply(posting) is None, "the same words below another post are not this answer"
    social.x.switches.switch_on("drop", times=1)
    with pytest.raises(Uncertain):
        await listener.reply(posting)
    found = await listener.find_reply(posting)
    assert found
    assert social.x.feed.list_ours()[-1].parent is social.x.feed.find(first.id)
    assert found.remote_id == social.x.feed.list_ours()[-1].id
    assert found.remote_id != done.remote_id
    assert await listener.reply(posting) == found, "a duplicate that is this answer is success"
    assert await listener.find_reply(replace(posting, own=(str(found.remote_id),))) is None
    assert await listener.find_reply(replace(posting, first_tried_at=datetime.now(UTC) + 2 * HOUR)), (
        "a replay runs ahead"
    )


async def test_an_answer_to_an_edited_post_is_found(social: Social, listener: Listener) -> None:
    post = write(social, "@acme down?")
    mention = await hear_one(listener)
    social.customers.edit("x", post.id, "@acme still down?")
    posting = build_posting(mention, "@annlee We are on it.")
    replied = await listener.reply(posting)
    assert await listener.find_reply(posting) == replied


async def test_the_same_words_as_long_before_are_refused(social: Social, listener: Listener) -> None:
    write(social, "@acme down?")
    write(social, "@acme anybody?")
    second, first = await hear(listener)
    await listener.reply(build_posting(first, "@annlee We are on it."))
    with pytest.raises(Refused, match="says exactly the same"):
        await listener.reply(build_posting(second, "@annlee We are on it."))


LUCK = {"drop": 0.2, "500": 0.1, "429": 0.05, "late": 0.02, "timeout": 0.02, "down": 0.05}


@pytest.mark.impatient
async def test_twenty_answers_through_bad_luck_stand_once_each(social: Social, listener: Listener) -> None:
    posts = [write(social, f"@acme down? {number}", name=f"Customer {number}") for number in range(20)]
    mentions = {each.id: each for each in await hear(listener)}
    luck = social.x.switches = BadLuck(LUCK)
    for post in posts:
        posting = build_posting(mentions[post.id], f"@{post.account.handle} We are on it & sorry.")
        replied = await settle_reply(listener, posting)
        assert replied.remote_id
    answers = social.x.feed.list_ours()
    assert [each.parent for each in answers] == posts
    assert {"drop", "500"} <= set(luck.struck)


async def test_mentions_heard_through_bad_luck_are_all_heard(social: Social, listener: Listener) -> None:
    social.x.switches = BadLuck({"500": 0.1, "429": 0.1, "down": 0.1})
    seen: set[str] = set()
    cursor = None
    for number in range(40):
        write(social, f"@acme {number}")
        try:
            heard = await listener.listen(cursor, since=ago())
        except NotSent:
            continue
        cursor = heard.cursor
        seen |= {each.text for each in heard.mentions}
    social.x.switches = Switches()
    seen |= {each.text for each in (await listener.listen(cursor, since=ago())).mentions}
    assert seen == {f"@acme {number}" for number in range(40)}


# With exact answers


def problem(status: int, detail: str = "", *headers: str) -> bytes:
    return answer(status, *headers, body=json.dumps({"detail": detail, "title": "sesame", "status": status}).encode())


def page(*posts: object, **more: object) -> bytes:
    return answer(200, body=json.dumps({"data": posts, "meta": {"result_count": len(posts)}, **more}).encode())


ME = answer(200, body=b'{"data": {"id": "42", "username": "acme", "name": "Acme"}}')
NOW = datetime.now(UTC).isoformat().replace("+00:00", "Z")
POST = {"id": "90", "author_id": "7", "text": "@acme hi", "created_at": NOW, "conversation_id": "90"}
POSTING = build_posting(Mention(id="90", author=Author(id="7", handle="ann"), text="", posted_at=ago(0)), "@ann Yes.")


@pytest.mark.parametrize(
    "rubbish",
    [
        7,
        {},
        {**POST, "id": "../sesame"},
        {**POST, "created_at": "soon"},
        {**POST, "text": None},
        {**POST, "author_id": {"$ne": 1}},
    ],
)
async def test_rubbish_is_passed_over_and_the_rest_is_kept(http: Http, rubbish: object) -> None:
    async with serve(ME, page(rubbish, POST, includes={"users": [rubbish], "tweets": 5})) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=ago())
    (mention,) = heard.mentions
    assert (mention.id, mention.author) == ("90", Author(id="7", handle=""))


async def test_what_is_too_long_or_long_form_is_read_within_bounds(http: Http) -> None:
    long = {**POST, "note_tweet": {"text": "@acme " + "x" * 20_000}}
    users = [{"id": "7", "username": "an/../n", "name": "N" * 900, "public_metrics": {"followers_count": True}}]
    quote = {**POST, "id": "91", "text": "https://t.co/a", "referenced_tweets": [{"type": "quoted", "id": "5"}]}
    quote["entities"] = {"urls": [{"url": "https://t.co/a", "expanded_url": "https://x.com/acme/status/5?s=20"}]}
    async with serve(ME, page(long, quote, includes={"users": users})) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=ago())
    mention, bare = heard.mentions
    assert (len(mention.text), len(mention.author.name), mention.author.handle) == (10_000, 200, "")
    assert mention.author.followers is None
    assert (bare.kind, bare.text, bare.about) == (MentionKind.QUOTE, "", "5")


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (problem(401), NotSent, "check X_ACCESS_TOKEN"),
        (problem(403), Refused, "the app may lack the right to read"),
        (problem(400), Refused, "does not let us read there"),
        (problem(402), Refused, "X wants money"),
        (problem(403, "spend cap reached"), Refused, "X wants money"),
        (problem(429), NotSent, "asks us to wait"),
        (problem(503), NotSent, ""),
        (answer(200, body=b"<html>sesame"), NotSent, "cannot be read"),
        (answer(200, body=b"[]"), NotSent, "cannot be read"),
        (answer(302, "Location: https://sesame/"), Refused, "redirects are not followed"),
        (reset, NotSent, "did not answer"),
        pytest.param(None, NotSent, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_goes_wrong_while_reading(
    http: Http, reply: Reply, outcome: type[DeliveryError], words: str
) -> None:
    for read in ("listen", "look_again"):
        async with serve(ME, reply) as place:
            listener = build(http, f"http://127.0.0.1:{place.port}")
            call = listener.listen(None, since=ago()) if read == "listen" else _look(listener)
            with pytest.raises(outcome) as caught:
                await call
        assert words in str(caught.value)
        assert "sesame" not in f"{caught.value!r}"


async def _look(listener: Listener) -> object:
    return await listener.look_again(
        keep(Mention(id="90", author=POSTING.author, text="", posted_at=ago())), thread=None
    )


async def test_the_pause_that_x_names(http: Http) -> None:
    reset_at = int(datetime.now(UTC).timestamp()) + 100
    limited = problem(429, "", "x-rate-limit-remaining: 0", f"x-rate-limit-reset: {reset_at}")
    async with serve(ME, limited) as place:
        with pytest.raises(NotSent) as caught:
            await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=ago())
    assert caught.value.retry_after
    assert 90 <= caught.value.retry_after.total_seconds() <= 100


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you."), Refused, "deleted"),
        (problem(403, "Reply to this conversation is not allowed"), Refused, "Answer this post in X's own app"),
        (problem(403, "You are not permitted to perform this action."), Refused, "does not allow this"),
        (problem(403, "reply spend cap reached"), Refused, "X wants money"),
        (problem(401), NotSent, "X_ACCESS_TOKEN"),
        (problem(429), NotSent, "wait"),
        (problem(500), Uncertain, "may have been taken"),
        (answer(201, body=b"<html>sesame"), Uncertain, "cannot be read"),
        (reset, Uncertain, "did not answer"),
        pytest.param(None, Uncertain, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_an_answer_means(http: Http, reply: Reply, outcome: type[DeliveryError], words: str) -> None:
    async with serve(reply) as place:
        with pytest.raises(outcome, match=words) as caught:
            await build(http, f"http://127.0.0.1:{place.port}").reply(POSTING)
    assert "sesame" not in f"{caught.value!r}"
    assert [json.loads(each.body) for each in place.requests] == [
        {"text": "@ann Yes.", "reply": {"in_reply_to_tweet_id": "90"}}
    ]


@pytest.mark.parametrize(
    ("posts", "words"),
    [([page()], "does not show them yet"), ([problem(500)], "looking it up failed")],
)
async def test_a_duplicate_that_cannot_be_found_is_uncertain(http: Http, posts: list[Reply], words: str) -> None:
    duplicate = problem(403, "You are not allowed to create a Tweet with duplicate content.")
    async with serve(duplicate, ME, *posts) as place:
        with pytest.raises(Uncertain, match=words):
            await build(http, f"http://127.0.0.1:{place.port}").reply(POSTING)


async def test_too_many_own_posts_leave_it_uncertain(http: Http) -> None:
    endless = page(meta={"next_token": "t"})
    async with serve(ME, endless) as place:
        listener = build(http, f"http://127.0.0.1:{place.port}")
        with pytest.raises(Uncertain, match="too many posts of ours"):
            await listener.find_reply(POSTING)
    async with serve(ME, answer(200, body=json.dumps({"data": POST}).encode()), endless) as place:
        now = await build(http, f"http://127.0.0.1:{place.port}").look_again(
            keep(Mention(id="90", author=POSTING.author, text="", posted_at=ago())), thread=None
        )
    assert now.ours is None


async def test_what_is_answered_is_known_by_its_first_version(http: Http) -> None:
    reply = {**POST, "in_reply_to_user_id": "42", "referenced_tweets": [{"type": "replied_to", "id": "6"}]}
    tweets = [{"id": "3"}, {"id": "6", "edit_history_tweet_ids": ["5", "6"]}]
    async with serve(ME, page(reply, includes={"tweets": tweets})) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=ago())
    assert [(each.kind, each.parent) for each in heard.mentions] == [(MentionKind.REPLY, "5")]


async def test_listening_can_be_cancelled(http: Http) -> None:
    async with serve(ME, None) as place:
        task = asyncio.create_task(build(http, f"http://127.0.0.1:{place.port}").listen(None, since=ago()))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# What is declared


def test_the_budget_becomes_reads_a_day() -> None:
    for dollars, reads in ((5, 5_000), (0.25, 250), (0, 0)):
        settings = x.Settings.model_validate({**SECRETS, "mentions_daily_usd": dollars})
        assert x.build_spec(settings, key=OutletKey("x"), label="X").daily_reads == reads


def test_an_answer_has_its_own_price() -> None:
    spec = x.build_spec(x.Settings.model_validate(SECRETS), key=OutletKey("x"), label="X")
    assert spec.reply_cost
    assert spec.reply_cost("@ann Yes.") == "$0.010"
    assert spec.reply_cost("@ann See acme.com") == "$0.200 (without its link $0.010)"
    assert (spec.abilities.mentions, spec.abilities.reply, spec.abilities.replies_settled_by) == (
        True,
        True,
        "read_back",
    )


def test_the_settings_build_it() -> None:
    configured = Configured(module=x, name=None, settings=x.Settings.model_validate(SECRETS))
    listener = configured.build_listener(Http())
    assert listener is not None
    assert "sesame" not in f"{listener!r}{vars(listener)!r}"
