"""Listening on Bluesky against the sandbox's PDS on a socket, and against servers that misbehave."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Mention, MentionKind
from chatops.outlets import bluesky
from chatops.outlets.http import Http
from chatops.outlets.listening import newest_first
from chatops.outlets.listening.bluesky import BlueskyListener, build_key, build_listener, read_text
from chatops.sandbox.social.bluesky_records import make_tid
from chatops.sandbox.social.customers import Customers
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.usecases.mention_ports import Replied, ReplyPosting
from tests.outlets.http_servers import answer, serve
from tests.outlets.listening.answering import build_posting, hear_all, keep
from tests.outlets.settling import build_posting as build_update
from tests.outlets.stand_ins import StandIn, run_stand_in

PASSWORD = SocialSettings().bluesky_app_password
MINUTE = timedelta(minutes=1)
SESSION = answer(200, body=b'{"did": "did:plc:us", "accessJwt": "a", "refreshJwt": "r"}')
LONG_AGO = datetime(2026, 11, 23, tzinfo=UTC)
VIEW = {
    "uri": "at://did:plc:cy/app.bsky.feed.post/3k1",
    "cid": "bafy1",
    "author": {"did": "did:plc:cy", "handle": "cy.example", "displayName": "Cy"},
    "reason": "mention",
    "record": {"$type": "app.bsky.feed.post", "text": "@acme.example down?", "createdAt": "1970-01-01T00:00:00Z"},
    "indexedAt": "2026-11-23T03:00:00.000Z",
}


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(connect_seconds=1, total_seconds=2) as opened:
        yield opened


@pytest.fixture
async def pds() -> AsyncIterator[StandIn]:
    async with run_stand_in("bluesky") as running:
        yield running


def choose(base_url: str, **more: object) -> bluesky.Settings:
    return bluesky.Settings.model_validate(
        {"base_url": base_url, "handle": "acme.example", "app_password": PASSWORD, **more}
    )


def build(http: Http, server: StandIn | int, **more: object) -> BlueskyListener:
    base_url = f"http://127.0.0.1:{server}" if isinstance(server, int) else server.base_url
    read = choose(base_url, **more)
    return BlueskyListener(read, bluesky.build_spec(read, key=OutletKey("bluesky"), label="Bluesky"), http)


def be_customer(pds: StandIn) -> Customers:
    return Customers({"bluesky": pds.network})


def ask(pds: StandIn, text: str = "@acme.example is it down?", *, name: str = "Cy", **more: object) -> Post:
    return be_customer(pds).post("bluesky", text, name=name, **more)  # type: ignore[arg-type]


async def hear(listener: BlueskyListener, pds: StandIn, cursor: str | None = None) -> list[Mention]:
    return list((await hear_all(listener, cursor, pds.now() - 60 * MINUTE)).mentions)


async def publish(http: Http, pds: StandIn, words: str = "We are looking.", earlier: tuple[str, ...] = ()) -> Post:
    read = choose(pds.base_url)
    outlet = bluesky.build(read, key=OutletKey("bluesky"), label="Bluesky", http=http)
    assert outlet
    await outlet.send(build_update(words, earlier=earlier))
    return pds.posts[-1]


async def answer_by_hand(http: Http, pds: StandIn, post: Post, words: str) -> Post:
    """In the network's own app, or by another chatops: under a key that is not ours."""
    mention = next(each for each in await hear(build(http, pds), pds) if each.id == post.id)
    await build(http, pds).reply(replace(build_posting(mention, words), key="by hand"))
    return pds.posts[-1]


async def test_a_mention_as_people_read_it(http: Http, pds: StandIn) -> None:
    post = ask(pds, "@acme.example is it\ndown? 🚒", handle="cy.example")
    listener = build_listener(choose(pds.base_url), key=OutletKey("bluesky"), label="Bluesky", http=http)
    (mention,) = (await listener.listen(None, since=pds.now() - MINUTE)).mentions
    assert (mention.id, mention.text, mention.kind) == (post.id, post.text, MentionKind.MENTION)
    assert mention.url == pds.network.permalink(post)
    assert (mention.author.id, mention.author.handle, mention.author.name) == (post.account.id, "cy.example", "Cy")
    assert abs(mention.posted_at - pds.now()) < MINUTE
    assert (mention.parent, mention.about, mention.thread, mention.is_ours) == (None, None, post.id, False)


async def test_replies_quotes_and_reposts_say_what_they_are_about(http: Http, pds: StandIn) -> None:
    ours = await publish(http, pds)
    first = ask(pds, "still down", reply_to=ours.id)
    again = ask(pds, "@acme.example hello?", reply_to=first.id)
    quote = ask(pds, "what a mess", name="Di", quote=ours.id)
    repost = be_customer(pds).repost("bluesky", ours.id, name="Ed")
    ask(pds, "nothing to do with us")
    heard = {each.id: each for each in await hear(build(http, pds), pds)}
    found = {each.id: (each.kind, each.parent, each.about, each.thread) for each in heard.values()}
    assert found == {
        first.id: (MentionKind.REPLY, ours.id, None, ours.id),
        again.id: (MentionKind.MENTION, first.id, None, ours.id),
        quote.id: (MentionKind.QUOTE, None, ours.id, quote.id),
        repost.id: (MentionKind.REPOST, None, ours.id, None),
    }
    assert heard[repost.id].text == ""
    assert "/app.bsky.feed.repost/" in repost.id


async def test_an_edit_is_heard_and_what_was_deleted_is_not(http: Http, pds: StandIn) -> None:
    listener, customers = build(http, pds), be_customer(pds)
    post, other = ask(pds), ask(pds, "@acme.example hello", name="Di")
    heard = await listener.listen(None, since=pds.now())
    customers.edit("bluesky", post.id, "@acme.example it works again")
    customers.delete("bluesky", other.id)
    assert [(each.id, each.text) for each in await hear(listener, pds, heard.cursor)] == [
        (post.id, "@acme.example it works again")
    ]


async def test_nothing_is_missed_when_posts_arrive_while_reading(
    http: Http, pds: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest_first, "PAGES_AT_ONCE", 1)
    listener, since = build(http, pds), pds.now()
    posts = [ask(pds, f"@acme.example {number}", name=f"c{number % 7}") for number in range(230)]
    found: set[str] = set()
    cursor, looks, is_more = None, 0, True
    while is_more or looks < 6:
        heard = await listener.listen(cursor, since=since)
        found |= {each.id for each in heard.mentions}
        cursor, is_more, looks = heard.cursor, heard.is_more, looks + 1
        if looks < 6:
            posts.append(ask(pds, f"@acme.example meanwhile {looks}"))
        if looks == 1:
            be_customer(pds).delete("bluesky", posts.pop(5).id)
    found |= {each.id for each in await hear(listener, pds, cursor)}

    assert found == {each.id for each in posts}


async def test_a_malformed_item_costs_only_itself(http: Http) -> None:
    record = VIEW["record"]
    items = [
        None,
        7,
        {},
        {**VIEW, "indexedAt": "soon"},
        {**VIEW, "uri": "at://did:plc:di/app.bsky.feed.post/3k1"},
        {**VIEW, "uri": "https://bsky.app/"},
        {**VIEW, "author": {"did": "did:plc:cy", "handle": "cy hello @everybody"}},
        {**VIEW, "record": "no"},
        {**VIEW, "reason": "like"},
        {**VIEW, "reason": ["mention"]},
        {**VIEW, "record": {"text": 5, "reply": {"root": 7}, "embed": "no", "facets": "no"}},
        {**VIEW, "record": {**record, "text": "x" * 50_000}},  # type: ignore[dict-item]
        {**VIEW, "reason": "repost", "reasonSubject": 5},
    ]
    body = json.dumps({"notifications": items, "cursor": 7}).encode()
    async with serve(SESSION, answer(200, body=body)) as place:
        empty, long, repost = (await build(http, place.port).listen(None, since=LONG_AGO)).mentions
    assert (empty.text, empty.parent, empty.thread) == ("", None, empty.id)
    assert len(long.text) == 10_000
    assert (repost.kind, repost.about) == (MentionKind.REPOST, None)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (answer(200, body=b"<html>sesame"), NotSent),
        (answer(200, body=b'["sesame"]'), NotSent),
        (answer(200, body=b"[" * 100_000), NotSent),
        (answer(400, body=b'{"error": "InvalidRequest", "message": "sesame"}'), Refused),
        (answer(400, body=b'{"error": "AccountTakedown", "message": "sesame"}'), NotSent),
        (answer(401, body=b'{"error": "AuthMissing", "message": "sesame"}'), NotSent),
        (answer(503), NotSent),
        (b"", NotSent),
    ],
)
async def test_trouble_with_listening_is_named_and_repeats_nothing(
    http: Http, said: bytes, outcome: type[Exception]
) -> None:
    async with serve(SESSION, said) as place:
        with pytest.raises(outcome) as caught:
            await build(http, place.port).listen(None, since=LONG_AGO)
    assert "sesame" not in str(caught.value)


async def test_a_bad_password_is_named_and_never_shown(http: Http, pds: StandIn) -> None:
    post, posting = await make_posting(http, pds)
    listener = build(http, pds, app_password="sesame-9f27", app_password_env="BLUESKY_EU")
    mention = (await hear(build(http, pds), pds))[0]
    assert mention.id == post.id
    calls = (
        listener.listen(None, since=pds.now()),
        listener.look_again(keep(mention), thread=None),
        listener.reply(posting),
        listener.find_reply(posting),
    )
    for call in calls:
        with pytest.raises(NotSent, match="BLUESKY_EU") as caught:
            await call
        assert "sesame" not in str(caught.value)


async def test_too_many_requests_name_their_pause(http: Http, pds: StandIn) -> None:
    listener = build(http, pds)
    assert await hear(listener, pds) == []
    pds.network.switches.switch_on("429", times=1)
    with pytest.raises(NotSent) as caught:
        await listener.listen(None, since=pds.now())
    assert caught.value.retry_after is not None


async def test_looking_again_shows_the_post_and_our_answers_to_it(http: Http, pds: StandIn) -> None:
    listener, post = build(http, pds), ask(pds)
    kept = keep(next(each for each in await hear(listener, pds) if each.id == post.id))
    untouched = await listener.look_again(kept, thread=None)
    assert untouched.mention
    assert (untouched.mention.text, untouched.ours) == (post.text, ())
    mine = await answer_by_hand(http, pds, post, "Yes:   we are\n\n\nsorry https://status.acme.example/12.")
    theirs = ask(pds, "@acme.example me too", name="Di", reply_to=post.id)
    await answer_by_hand(http, pds, theirs, "yes")
    be_customer(pds).edit("bluesky", post.id, "@acme.example never mind")
    now_there = await listener.look_again(kept, thread=None)
    assert now_there.mention
    assert now_there.mention.text == "@acme.example never mind"
    assert [(each.id, each.text, each.is_ours, each.parent) for each in now_there.ours or ()] == [
        (mine.id, mine.text, True, post.id)
    ]
    be_customer(pds).delete("bluesky", post.id)
    assert (await listener.look_again(kept, thread=None)).mention is None


@pytest.mark.parametrize(
    ("thread", "outcome"),
    [
        ({"$type": "app.bsky.feed.defs#blockedPost", "blocked": True}, Refused),
        ({"$type": "app.bsky.feed.defs#threadViewPost", "post": {}}, NotSent),
        (7, NotSent),
    ],
)
async def test_what_is_not_shown_is_not_taken_for_deleted(http: Http, thread: object, outcome: type[Exception]) -> None:
    body = json.dumps({"thread": thread}).encode()
    async with serve(SESSION, answer(200, body=body)) as place:
        with pytest.raises(outcome):
            await build(http, place.port).look_again(keep(await first_mention(http)), thread=None)
    gone = b'{"thread": {"$type": "app.bsky.feed.defs#notFoundPost", "notFound": true}}'
    async with serve(SESSION, answer(200, body=gone)) as place:
        assert (await build(http, place.port).look_again(keep(await first_mention(http)), thread=None)).mention is None


async def first_mention(http: Http) -> Mention:
    body = json.dumps({"notifications": [VIEW]}).encode()
    async with serve(SESSION, answer(200, body=body)) as place:
        return (await build(http, place.port).listen(None, since=LONG_AGO)).mentions[0]


async def make_posting(http: Http, pds: StandIn, words: str = "We are on it.") -> tuple[Post, ReplyPosting]:
    post = ask(pds)
    mention = next(each for each in await hear(build(http, pds), pds) if each.id == post.id)
    return post, build_posting(mention, words)


async def test_an_answer_stands_under_the_post(http: Http, pds: StandIn) -> None:
    words = "We are on it: https://status.acme.example/incidents/12."
    post, posting = await make_posting(http, pds, words)
    replied = await build(http, pds, language="de").reply(posting)
    (ours,) = pds.posts
    reference = {"uri": post.id, "cid": post.facts["cid"]}
    record = ours.facts["record"]
    assert (ours.parent, ours.text, record["langs"]) == (post, words, ["de"])
    assert record["reply"] == {"root": reference, "parent": reference}
    assert record["facets"][0]["features"][0]["uri"] == "https://status.acme.example/incidents/12"
    assert replied == Replied(url=pds.network.permalink(ours), remote_id=ours.id)
    thanks = ask(pds, "thanks", reply_to=ours.id)
    heard = next(each for each in await hear(build(http, pds), pds) if each.id == thanks.id)
    assert (heard.kind, heard.parent, heard.thread) == (MentionKind.REPLY, replied.remote_id, post.id)


async def test_an_answer_within_our_thread_names_its_root(http: Http, pds: StandIn) -> None:
    ours = await publish(http, pds)
    post = ask(pds, "still down", reply_to=ours.id)
    mention = (await hear(build(http, pds), pds))[0]
    await build(http, pds).reply(build_posting(mention, "We know."))
    reply = pds.posts[-1].facts["record"]["reply"]
    assert reply["root"] == {"uri": ours.id, "cid": ours.facts["cid"]}
    assert reply["parent"] == {"uri": post.id, "cid": post.facts["cid"]}


async def test_a_deleted_post_is_never_answered(http: Http, pds: StandIn) -> None:
    post, posting = await make_posting(http, pds)
    pds.network.feed.delete(post)
    with pytest.raises(Refused, match="the author has deleted it"):
        await build(http, pds).reply(posting)
    assert pds.posts == []


async def test_a_thread_in_which_we_may_not_answer(http: Http, pds: StandIn) -> None:
    post, posting = await make_posting(http, pds)
    post.facts["viewer"] = {"replyDisabled": True}
    with pytest.raises(Refused, match="does not let us answer"):
        await build(http, pds).reply(posting)
    assert pds.posts == []


async def test_a_post_deleted_at_the_last_moment_is_not_answered_either(http: Http) -> None:
    posting = build_posting(await first_mention(http), "We are on it.")
    there = answer(200, body=json.dumps({"posts": [VIEW]}).encode())
    gone = answer(200, body=b'{"posts": []}')
    no = answer(400, body=b'{"error": "InvalidRequest"}')
    none = answer(400, body=b'{"error": "RecordNotFound"}')
    async with serve(SESSION, there, no, gone, none) as place:
        with pytest.raises(Refused, match="the author has deleted it"):
            await build(http, place.port).reply(posting)
    async with serve(SESSION, there, no, there) as place:
        with pytest.raises(Refused, match="does not take this post of 13 of 300 characters"):
            await build(http, place.port).reply(posting)


async def test_an_answer_that_stands_is_found_even_when_the_post_was_deleted_since(http: Http, pds: StandIn) -> None:
    post, posting = await make_posting(http, pds)
    pds.network.switches.switch_on("drop", times=1)
    with pytest.raises(Uncertain):
        await build(http, pds).reply(posting)
    pds.network.feed.delete(post)
    replied = await build(http, pds).reply(posting)
    assert replied == await build(http, pds).find_reply(posting)
    assert [each.id for each in pds.posts] == [replied.remote_id]


async def test_a_repeat_is_the_same_answer_though_the_post_and_the_clock_have_changed(http: Http, pds: StandIn) -> None:
    post, posting = await make_posting(http, pds)
    first = await build(http, pds).reply(posting)
    be_customer(pds).edit("bluesky", post.id, "@acme.example never mind")
    later = replace(posting, written_at=posting.written_at + MINUTE, first_tried_at=posting.written_at + 9 * MINUTE)
    assert await build(http, pds).reply(later) == first
    assert len(pds.posts) == 1
    with pytest.raises(Refused, match="other words under the key"):
        await build(http, pds).reply(replace(posting, words="Other words."))


async def test_find_reply_looks_under_our_key_only(http: Http, pds: StandIn) -> None:
    post, posting = await make_posting(http, pds)
    await answer_by_hand(http, pds, post, posting.words)
    listener = build(http, pds)
    assert await listener.find_reply(posting) is None
    assert await listener.reply(posting) == await listener.find_reply(posting)
    assert len(pds.posts) == 2


async def settle(listener: BlueskyListener, posting: ReplyPosting, pds: StandIn) -> Replied:
    """As the use case does with an own key: the same again; its times are counted anew, and differ a little."""
    for _ in range(200):
        try:
            return await listener.reply(posting)
        except (NotSent, Uncertain):
            pds.wait(pds.lots.choice((MINUTE, 20 * MINUTE, timedelta(hours=30))))
            posting = replace(posting, written_at=posting.written_at + timedelta(microseconds=700))
    raise AssertionError("it never went through")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_twenty_answers_whatever_gets_lost(http: Http, pds: StandIn, seed: int) -> None:
    posts = [ask(pds, f"@acme.example down? {number}", name=f"c{number}") for number in range(20)]
    mentions = {each.id: each for each in await hear(build(http, pds), pds)}
    pds.lots.seed(seed)
    pds.faults = {"500": 0.2, "drop": 0.3, "down": 0.1, "revoked": 0.02, "429": 0.05}
    for number, post in enumerate(posts):
        posting = replace(build_posting(mentions[post.id], "We are on it."), key=f"mention:{number}/1/0")
        replied = await settle(build(http, pds), posting, pds)
        assert replied.remote_id == pds.posts[-1].id
    assert [each.parent for each in pds.posts] == posts


async def test_words_that_are_not_taken_say_why(http: Http, pds: StandIn) -> None:
    _, posting = await make_posting(http, pds, "x" * 301)
    with pytest.raises(Refused, match="301 of 300 characters"):
        await build(http, pds).reply(posting)
    with pytest.raises(Refused, match="cannot be sent"):
        await build(http, pds).reply(replace(posting, words="broken \ud83d"))


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_key_is_a_moment_of_the_past_and_of_no_clock(key: str, answers: str) -> None:
    mention = Mention(id=answers, author=None, text="", posted_at=LONG_AGO)  # type: ignore[arg-type]
    posting = replace(build_posting(mention, "We are on it."), key=key)
    tid = build_key(posting)
    assert make_tid(1_672_531_200, 0) <= tid < make_tid(1_704_067_200, 0)
    assert tid == build_key(replace(posting, first_tried_at=LONG_AGO, written_at=LONG_AGO))


def test_each_answer_has_a_key_of_its_own() -> None:
    mention = Mention(id="at://a/b/c", author=None, text="", posted_at=LONG_AGO)  # type: ignore[arg-type]
    posting = build_posting(mention, "We are on it.")
    keys = {build_key(replace(posting, key=f"mention:{number}/1/0")) for number in range(5_000)}
    assert len(keys | {build_key(replace(posting, answers="at://a/b/d"))}) == 5_001


LINK = {"$type": "app.bsky.richtext.facet#link", "uri": "https://status.example/incidents/12"}


@pytest.mark.parametrize(
    ("text", "begin", "end", "read"),
    [
        ("🚒 see status.example/inc… now", 9, 30, "🚒 see https://status.example/incidents/12 now"),
        ("see here", 4, 8, "see here (https://status.example/incidents/12)"),
        ("see here", 4, 9, "see here"),
        ("see here", -1, 3, "see here"),
        ("see here", 4, 4, "see here"),
        ("see here", True, 8, "see here"),
        ("see here", "4", 8, "see here"),
    ],
)
def test_links_are_written_out(text: str, begin: object, end: object, read: str) -> None:
    facet = {"index": {"byteStart": begin, "byteEnd": end}, "features": [LINK]}
    mention = {"index": {"byteStart": 0, "byteEnd": 1}, "features": [{"did": "did:plc:cy"}]}
    assert read_text({"text": text, "facets": [facet, mention, facet, 7]}) == read
