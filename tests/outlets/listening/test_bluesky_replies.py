"""Answers on Bluesky: under the right post, exactly once, and never alone."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.mention import Mention, MentionKind
from chatops.outlets.http import Http
from chatops.outlets.listening.bluesky import BlueskyListener, build_key
from chatops.sandbox.social.bluesky_records import make_tid
from chatops.usecases.mention_ports import Replied, ReplyPosting
from tests.outlets.http_servers import answer, serve
from tests.outlets.listening.answering import build_posting
from tests.outlets.listening.on_bluesky import (
    LONG_AGO,
    MINUTE,
    SESSION,
    VIEW,
    answer_by_hand,
    ask,
    be_customer,
    build,
    first_mention,
    hear,
    make_posting,
    publish,
)
from tests.outlets.stand_ins import StandIn, run_stand_in


@pytest.fixture
async def pds() -> AsyncIterator[StandIn]:
    async with run_stand_in("bluesky") as running:
        yield running


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


async def test_what_cannot_be_read_is_neither_gone_nor_sent(http: Http) -> None:
    posting = build_posting(await first_mention(http), "We are on it.")
    odd = answer(200, body=json.dumps({"posts": [{**VIEW, "author": {}}]}).encode())
    async with serve(SESSION, odd) as place:
        with pytest.raises(NotSent, match="cannot be read"):
            await build(http, place.port).reply(posting)
    there = answer(200, body=json.dumps({"posts": [{"uri": "at://did:plc:di/x/y"}, VIEW]}).encode())
    async with serve(SESSION, there, answer(200, body=b"<html>")) as place:
        with pytest.raises(Uncertain, match="unreadably"):
            await build(http, place.port).reply(posting)


async def test_an_answer_that_was_removed_meanwhile_is_sent_anew(http: Http) -> None:
    posting = build_posting(await first_mention(http), "We are on it.")
    there = answer(200, body=json.dumps({"posts": [VIEW]}).encode())
    swap = answer(400, body=b'{"error": "InvalidSwap"}')
    none = answer(400, body=b'{"error": "RecordNotFound"}')
    async with serve(SESSION, there, swap, none) as place:
        with pytest.raises(NotSent, match="has it no more"):
            await build(http, place.port).reply(posting)


async def test_an_answer_stands_though_the_thread_was_closed_since(http: Http, pds: StandIn) -> None:
    post, posting = await make_posting(http, pds)
    first = await build(http, pds).reply(posting)
    post.facts["viewer"] = {"replyDisabled": True}
    assert await build(http, pds).reply(posting) == first
