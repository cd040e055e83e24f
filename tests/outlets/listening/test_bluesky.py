"""Listening on Bluesky against the sandbox's server on a socket, and against servers that misbehave."""

import json
from collections.abc import AsyncIterator

import pytest

from chatops.domain.errors import NotSent, Refused
from chatops.domain.ids import OutletKey
from chatops.domain.mention import MentionKind
from chatops.outlets.http import Http
from chatops.outlets.listening import newest_first
from chatops.outlets.listening.bluesky import build_listener, read_text
from tests.outlets.http_servers import answer, serve
from tests.outlets.listening.answering import keep
from tests.outlets.listening.on_bluesky import (
    LONG_AGO,
    MINUTE,
    SESSION,
    VIEW,
    answer_by_hand,
    ask,
    be_customer,
    build,
    choose,
    first_mention,
    hear,
    make_posting,
    publish,
)
from tests.outlets.stand_ins import StandIn, run_stand_in

LINK = {"$type": "app.bsky.richtext.facet#link", "uri": "https://status.example/incidents/12"}


@pytest.fixture
async def pds() -> AsyncIterator[StandIn]:
    async with run_stand_in("bluesky") as running:
        yield running


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
