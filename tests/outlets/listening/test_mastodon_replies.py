"""Answers on Mastodon: under the right post, exactly once, and never alone."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.mention import Mention, MentionKind
from chatops.outlets.http import Http
from chatops.outlets.listening.mastodon import MastodonListener, build_key
from chatops.usecases.mention_ports import Replied, ReplyPosting
from tests.outlets.http_servers import answer, serve
from tests.outlets.listening.answering import build_posting
from tests.outlets.listening.on_mastodon import (
    ACCOUNT,
    MINUTE,
    STATUS,
    ask,
    build,
    first_mention,
    hear,
    make_posting,
    write_ours,
)
from tests.outlets.stand_ins import StandIn, run_stand_in


@pytest.fixture
async def server() -> AsyncIterator[StandIn]:
    async with run_stand_in("mastodon") as running:
        yield running


async def test_an_answer_stands_under_the_post(http: Http, server: StandIn) -> None:
    post, posting = await make_posting(http, server)
    replied = await build(http, server, language="de").reply(posting)
    (ours,) = server.posts
    assert (ours.parent, ours.text, ours.facts["language"]) == (post, posting.words, "de")
    assert (replied.remote_id, replied.url) == (ours.id, server.network.permalink(ours))
    heard = (ask(server, "thanks", reply_to=ours.id), await hear(build(http, server), server))[1]
    assert [each.parent for each in heard if each.kind is MentionKind.REPLY] == [replied.remote_id]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("public", "public"),
        ("unlisted", "unlisted"),
        ("private", "private"),
        ("direct", "direct"),
        ("circle", "direct"),
    ],
)
async def test_an_answer_is_as_public_as_what_it_answers(
    http: Http, server: StandIn, asked: str, answered: str
) -> None:
    post, posting = await make_posting(http, server)
    post.facts["visibility"] = asked
    await build(http, server).reply(posting)
    assert server.posts[0].facts["visibility"] == answered


async def test_a_deleted_post_is_never_answered(http: Http, server: StandIn) -> None:
    post, posting = await make_posting(http, server)
    server.network.feed.delete(post)
    with pytest.raises(Refused, match="the author has deleted it"):
        await build(http, server).reply(posting)
    assert server.posts == []


async def test_a_post_deleted_at_the_last_moment_is_not_answered_either(http: Http) -> None:
    posting = build_posting(await first_mention(http), "@cy We are on it.")
    status = answer(200, body=json.dumps(STATUS).encode())
    async with serve(status, answer(404), ACCOUNT, answer(200, body=b"[]")) as place:
        with pytest.raises(Refused, match="the author has deleted it"):
            await build(http, f"http://127.0.0.1:{place.port}").reply(posting)


async def test_an_answer_that_stands_is_found_even_when_the_post_was_deleted_since(http: Http, server: StandIn) -> None:
    post, posting = await make_posting(http, server)
    server.network.switches.switch_on("drop", times=1)
    with pytest.raises(Uncertain):
        await build(http, server).reply(posting)
    server.network.feed.delete(post)
    replied = await build(http, server).reply(posting)
    assert replied == await build(http, server).find_reply(posting)
    assert [each.id for each in server.posts] == [replied.remote_id]


async def settle(listener: MastodonListener, posting: ReplyPosting, server: StandIn) -> Replied:
    """As the use case does with an own key: the same again, soon or late."""
    for _ in range(200):
        try:
            return await listener.reply(posting)
        except (NotSent, Uncertain):
            server.wait(server.lots.choice((MINUTE, 20 * MINUTE, timedelta(hours=2))))
    raise AssertionError("it never went through")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_twenty_answers_whatever_gets_lost(http: Http, server: StandIn, seed: int) -> None:
    posts = [ask(server, f"@acme down? {number}", name=f"c{number}") for number in range(20)]
    mentions = {each.id: each for each in await hear(build(http, server), server)}
    server.lots.seed(seed)
    server.faults = {"500": 0.2, "drop": 0.3, "down": 0.1, "revoked": 0.02, "429": 0.05}
    for number, post in enumerate(posts):
        now = server.now()
        posting = replace(build_posting(mentions[post.id], "@c We are on it."), key=f"mention:{number}/1/0")
        posting = replace(posting, first_tried_at=now, written_at=now)
        replied = await settle(build(http, server), posting, server)
        assert replied.remote_id == server.posts[-1].id
    assert [each.parent for each in server.posts] == posts


async def test_find_reply_takes_no_other_post_for_it(http: Http, server: StandIn) -> None:
    post, posting = await make_posting(http, server)
    other = ask(server, name="Di")
    listener = build(http, server)
    earlier = write_ours(server, posting.words, post)
    write_ours(server, posting.words, other)
    write_ours(server, "@cy Something else.", post)
    posting = replace(posting, own=(earlier.id,))
    assert await listener.find_reply(posting) is None
    mine = write_ours(server, f"{posting.words}\n", post)
    found = await listener.find_reply(posting)
    assert found == Replied(url=server.network.permalink(mine), remote_id=mine.id)
    assert (
        await listener.find_reply(
            replace(posting, written_at=server.now() + 10 * MINUTE, first_tried_at=server.now() + 10 * MINUTE)
        )
        is None
    )


async def test_words_that_are_not_taken_say_why(http: Http, server: StandIn) -> None:
    _, posting = await make_posting(http, server, "x" * 501)
    with pytest.raises(Refused, match="They are 501 of 500 characters"):
        await build(http, server).reply(posting)
    with pytest.raises(Refused, match="cannot be sent"):
        await build(http, server).reply(replace(posting, words="broken \ud83d"))


def test_the_key_is_one_for_all_tries_of_these_words() -> None:
    now = datetime.now(UTC)
    mention = Mention(id="5", author=None, text="", posted_at=now)  # type: ignore[arg-type]
    posting = build_posting(mention, "We are on it.")
    later = replace(posting, first_tried_at=now + MINUTE, written_at=now + MINUTE, own=("7",))
    assert build_key(posting) == build_key(later)
    others = (replace(posting, key="mention:5/2"), replace(posting, words="Done."), replace(posting, answers="6"))
    assert len({build_key(each) for each in (posting, *others)}) == 4
