"""Listening on Mastodon against the sandbox's server on a socket, and against servers that misbehave."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from chatops.domain.errors import NotSent, Refused
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Mention, MentionKind
from chatops.outlets import mastodon
from chatops.outlets.http import Http
from chatops.outlets.listening import newest_first
from chatops.outlets.listening.mastodon import build_listener
from tests.outlets.http_servers import answer, serve
from tests.outlets.listening.answering import build_posting, hear_all, keep
from tests.outlets.listening.on_mastodon import (
    ACCOUNT,
    MINUTE,
    STATUS,
    TOKEN,
    ask,
    be_customer,
    build,
    first_mention,
    hear,
    wrap,
    write_ours,
)
from tests.outlets.stand_ins import StandIn, run_stand_in


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    async with run_stand_in("mastodon") as running:
        yield running


async def test_a_mention_as_people_read_it(http: Http, server: StandIn) -> None:
    text = "@acme is it <down>?\nSee https://status.acme.example/incidents/a-very-long-address-12"
    post = ask(server, text, handle="cy@mastodon.example", followers=900)
    listener = build_listener(
        mastodon.Settings.model_validate({"base_url": server.base_url, "token": TOKEN}),
        key=OutletKey("mastodon"),
        label="Mastodon",
        http=http,
    )
    (mention,) = (await listener.listen(None, since=server.now() - MINUTE)).mentions
    assert (mention.id, mention.text, mention.kind) == (post.id, text, MentionKind.MENTION)
    assert mention.url == server.network.permalink(post)
    assert (mention.author.handle, mention.author.name, mention.author.followers) == ("cy@mastodon.example", "Cy", 900)
    assert abs(mention.posted_at - server.now()) < MINUTE
    assert (mention.parent, mention.about, mention.thread, mention.is_ours) == (None, None, None, False)


async def test_replies_quotes_and_boosts_say_what_they_are_about(http: Http, server: StandIn) -> None:
    ours = write_ours(server)
    first = ask(server, "still down", reply_to=ours.id)
    again = ask(server, "@acme hello?", reply_to=first.id)
    quote = ask(server, "what a mess", name="Di", quote=ours.id)
    server.network.feed.add(quote.account, "", quoted=ours)
    be_customer(server).repost("mastodon", ours.id, name="Ed")
    ask(server, "nothing to do with us")
    heard = {each.text: each for each in await hear(build(http, server), server)}
    by_us, by_themselves = heard["@acme still down"], heard["@cy @acme hello?"]
    assert (by_us.kind, by_us.parent) == (MentionKind.REPLY, ours.id)
    assert (by_themselves.kind, by_themselves.parent) == (MentionKind.MENTION, first.id)
    assert (heard["what a mess"].kind, heard["what a mess"].about) == (MentionKind.QUOTE, ours.id)
    assert again.id == by_themselves.id
    without_words = [each for each in await hear(build(http, server), server) if not each.text]
    assert sorted((each.kind, each.about) for each in without_words) == [
        (MentionKind.QUOTE, ours.id),
        (MentionKind.REPOST, ours.id),
    ]
    assert len(heard) == 4


async def test_a_direct_message_is_one(http: Http, server: StandIn) -> None:
    ask(server).facts["visibility"] = "direct"
    assert [each.kind for each in await hear(build(http, server), server)] == [MentionKind.MESSAGE]


async def test_an_edit_is_heard_and_what_was_deleted_is_not(http: Http, server: StandIn) -> None:
    listener, customers = build(http, server), be_customer(server)
    post, other = ask(server), ask(server, "@acme hello", name="Di")
    heard = await listener.listen(None, since=server.now())
    customers.edit("mastodon", post.id, "@acme it works again")
    customers.delete("mastodon", other.id)
    assert [(each.id, each.text) for each in await hear(listener, server, heard.cursor)] == [
        (post.id, "@acme it works again")
    ]


async def test_nothing_is_missed_when_posts_arrive_while_reading(
    http: Http, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest_first, "PAGES_AT_ONCE", 1)
    listener, since = build(http, server), server.now()
    posts = []
    for number in range(170):
        server.wait(timedelta(milliseconds=10))
        posts.append(ask(server, f"@acme {number}", name=f"c{number % 7}"))
    found: set[str] = set()
    cursor, looks, is_more = None, 0, True
    while is_more or looks < 6:
        heard = await listener.listen(cursor, since=since)
        found |= {each.id for each in heard.mentions}
        cursor, is_more, looks = heard.cursor, heard.is_more, looks + 1
        if looks < 5:
            posts.append(ask(server, f"@acme meanwhile {looks}"))
    heard = await hear_all(listener, cursor, since)
    assert found | {each.id for each in heard.mentions} == {each.id for each in posts}
    monkeypatch.undo()
    server.calls.clear()
    assert len((await listener.listen(heard.cursor, since=since)).mentions) == 80
    assert len(server.calls) == 2


async def test_a_list_that_is_too_long_is_read_in_smaller_pages(http: Http) -> None:
    big = json.dumps([{"type": "mention", "created_at": STATUS["created_at"], "filler": "x" * 5_000_000}]).encode()
    page = json.dumps([wrap(STATUS)]).encode()
    async with serve(ACCOUNT, answer(200, body=big), answer(200, body=page), answer(200, body=b"[]")) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(
            None, since=datetime(2026, 11, 23, tzinfo=UTC)
        )
    assert [each.id for each in heard.mentions] == ["5"]
    assert ["limit=80" in place.requests[1].line, "limit=40" in place.requests[2].line] == [True, True]


async def test_a_malformed_item_costs_only_itself(http: Http) -> None:
    author = {**STATUS["account"], "acct": "cy hello @everybody"}  # type: ignore[dict-item]
    items = [
        None,
        7,
        {},
        wrap(None),
        wrap({**STATUS, "created_at": "soon"}),
        wrap({**STATUS, "account": author}),
        wrap({**STATUS, "id": 5}),
        wrap(STATUS, type="favourite"),
        wrap({**STATUS, "url": "javascript:alert(1)", "content": "x" * 50_000, "quote": "no", "spoiler_text": None}),
        wrap({**STATUS, "id": "6", "spoiler_text": "outage", "quote": {"quoted_status_id": "3"}}, type="quote"),
    ]
    body = json.dumps(items).encode()
    async with serve(ACCOUNT, answer(200, body=body), answer(200, body=b"[]")) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(
            None, since=datetime(2026, 11, 23, tzinfo=UTC)
        )
    long, quote = heard.mentions
    assert (long.url, len(long.text)) == (None, 10_000)
    assert (quote.text, quote.kind, quote.about) == ("outage\n\ndown?", MentionKind.QUOTE, "3")


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (answer(200, body=b"<html>sesame"), NotSent),
        (answer(200, body=b'{"error": "sesame"}'), NotSent),
        (answer(200, body=b"[" * 100_000), NotSent),
        (answer(401, body=b'{"error": "sesame"}'), NotSent),
        (answer(403, body=b'{"error": "sesame"}'), NotSent),
        (answer(404, body=b'{"error": "sesame"}'), Refused),
        (answer(503), NotSent),
        (answer(302), Refused),
        (b"", NotSent),
    ],
)
async def test_trouble_with_listening_is_named_and_repeats_nothing(
    http: Http, said: bytes, outcome: type[Exception]
) -> None:
    async with serve(ACCOUNT, said) as place:
        with pytest.raises(outcome) as caught:
            await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=datetime.now(UTC))
    assert "sesame" not in str(caught.value)


async def test_a_bad_token_is_named_and_never_shown(http: Http, server: StandIn) -> None:
    mention = (ask(server), (await hear(build(http, server), server))[0])[1]
    listener = build(http, server, token="sesame-9f27", token_env="MASTODON_TOKEN_EU")
    posting = build_posting(mention, "@cy We are on it.")
    calls = (
        listener.listen(None, since=server.now()),
        listener.look_again(keep(mention), thread=None),
        listener.reply(posting),
        listener.find_reply(posting),
    )
    for call in calls:
        with pytest.raises(NotSent, match="MASTODON_TOKEN_EU") as caught:
            await call
        assert "sesame" not in str(caught.value)


async def test_too_many_requests_name_their_pause(http: Http, server: StandIn) -> None:
    server.network.switches.switch_on("429", times=1)
    listener = build(http, server)
    with pytest.raises(NotSent) as caught:
        await listener.listen(None, since=server.now())
    assert caught.value.retry_after is not None
    assert await hear(listener, server) == []


async def test_looking_again_shows_the_post_and_our_answers_to_it(http: Http, server: StandIn) -> None:
    listener, post = build(http, server), ask(server, handle="cy@mastodon.example")
    kept = keep((await hear(listener, server))[0])
    untouched = await listener.look_again(kept, thread=None)
    assert untouched.mention
    assert (untouched.mention.text, untouched.ours) == ("@acme is it down?", ())
    by_hand = "@cy@mastodon.example Yes:   we are\nsorry https://status.acme.example/incidents/12"
    mine = write_ours(server, by_hand, post)
    theirs = ask(server, "@acme me too", name="Di", reply_to=post.id)
    write_ours(server, "@di yes", theirs)
    be_customer(server).edit("mastodon", post.id, "@acme never mind")
    now_there = await listener.look_again(kept, thread=None)
    assert now_there.mention
    assert now_there.mention.text == "@acme never mind"
    assert [(each.id, each.text, each.is_ours, each.parent) for each in now_there.ours or ()] == [
        (mine.id, by_hand, True, post.id)
    ]
    be_customer(server).delete("mastodon", post.id)
    assert (await listener.look_again(kept, thread=None)).mention is None


async def test_a_thread_too_long_to_read_is_not_taken_for_an_empty_one(http: Http) -> None:
    mention = Mention(id="5", author=(await first_mention(http)).author, text="", posted_at=datetime.now(UTC))
    long = answer(200, body=b'{"descendants": [' + b" " * 5_000_000 + b"]}")
    async with serve(answer(200, body=json.dumps(STATUS).encode()), ACCOUNT, long) as place:
        now_there = await build(http, f"http://127.0.0.1:{place.port}").look_again(keep(mention), thread=None)
    assert now_there.mention
    assert now_there.ours is None


async def test_an_answer_of_ours_that_is_removed_while_we_look(http: Http) -> None:
    ours = {
        **STATUS,
        "id": "6",
        "account": {"id": "1", "acct": "acme"},
        "in_reply_to_id": "5",
        "content": "<p>Yes.</p>",
    }
    there, context = json.dumps(STATUS).encode(), json.dumps({"descendants": [7, ours, STATUS]}).encode()
    kept = keep(await first_mention(http))
    async with serve(answer(200, body=there), ACCOUNT, answer(200, body=context), answer(404)) as place:
        now_there = await build(http, f"http://127.0.0.1:{place.port}").look_again(kept, thread=None)
    assert [(each.id, each.text) for each in now_there.ours or ()] == [("6", "Yes.")]
