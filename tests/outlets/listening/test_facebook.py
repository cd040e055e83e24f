"""Listening on a Facebook Page: comments, tags, and exactly one answer to each, come what may."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chatops.domain.errors import DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Author, Mention, MentionKind
from chatops.outlets import Configured, facebook
from chatops.outlets.http import Http
from chatops.outlets.listening.facebook import build_listener
from chatops.outlets.listening.facebook_mentions import NOBODY
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.switches import Switches
from chatops.sandbox.social.world import Social
from chatops.usecases.mention_ports import Listener, ThreadNow
from tests.outlets.http_servers import Reply, answer, reset, serve
from tests.outlets.listening.answering import build_posting, hear_all, keep, settle_reply
from tests.outlets.social_site import BadLuck, serve_social

TOKEN = "token-sesame"


@pytest.fixture
async def social() -> AsyncIterator[Social]:
    async with serve_social(allowance_factor=100) as served:
        yield served


@pytest.fixture
def listener(social: Social, http: Http) -> Listener:
    own = {"page_id": social.settings.facebook_page_id, "page_token": social.settings.facebook_page_token}
    return build(http, social.list_base_urls()["facebook"], **own)


@pytest.fixture
def update(social: Social) -> Post:
    """Of ours, below which people comment."""
    return publish(social, "We are looking.")


def build(http: Http, base_url: str, **changes: Any) -> Listener:
    values = {"base_url": base_url, "page_id": "1234", "page_token": TOKEN, **changes}
    settings = facebook.Settings.model_validate(values)
    return build_listener(settings, key=OutletKey("facebook"), label="Facebook", http=http)


def publish(social: Social, text: str, parent: Post | None = None) -> Post:
    feed = social.facebook.feed
    return feed.add(feed.ours, text, post_id=social.facebook.new_post_id(feed.ours, parent), parent=parent)


def write(social: Social, text: str, name: str = "Ann Lee", reply_to: Post | None = None) -> Post:
    return social.customers.post("facebook", text, name=name, reply_to=reply_to.id if reply_to else None)


def ago(hours: float = 1) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


async def hear(listener: Listener) -> dict[str, Mention]:
    return {each.id: each for each in (await hear_all(listener, None, ago())).mentions}


async def hear_one(listener: Listener) -> Mention:
    (mention,) = (await hear(listener)).values()
    return mention


# Hearing


async def test_a_comment_with_its_author_and_where_it_stands(social: Social, listener: Listener, update: Post) -> None:
    comment = write(social, "It's down & out", reply_to=update)
    mention = await hear_one(listener)
    assert mention == Mention(
        id=comment.id,
        author=Author(id=comment.account.id, handle="", name="Ann Lee"),
        text="It's down & out",
        posted_at=datetime.fromtimestamp(int(comment.created_at), UTC),
        kind=MentionKind.COMMENT,
        url=social.facebook.permalink(comment),
        thread=update.id,
        parent=update.id,
    )


async def test_comments_on_comments_visitors_and_tags(social: Social, listener: Listener, update: Post) -> None:
    comment = write(social, "Down?", reply_to=update)
    below = write(social, "Same here", name="Bob", reply_to=comment)
    ours = publish(social, "We are on it.", parent=comment)
    visitor = write(social, "Your shop is down")
    tagging = write(social, "@acme is down", name="Cy")
    found = await hear(listener)
    assert set(found) == {comment.id, below.id, ours.id, visitor.id, tagging.id}
    assert (found[below.id].parent, found[below.id].thread) == (comment.id, update.id)
    assert [each.id for each in found.values() if each.is_ours] == [ours.id]
    assert (found[visitor.id].kind, found[visitor.id].thread) == (MentionKind.MENTION, visitor.id)
    assert found[visitor.id].author.name == "Ann Lee"
    assert found[tagging.id].author == Author(id=tagging.id, handle="", name=NOBODY), "who tags a page is not named"


async def test_below_a_post_that_tags_us_only_answers_to_ours_are_heard(social: Social, listener: Listener) -> None:
    tagging = write(social, "@acme is down")
    chat = write(social, "Try another shop", name="Bob", reply_to=tagging)
    ours = publish(social, "We are on it.", parent=tagging)
    follow_up = write(social, "Still?", reply_to=ours)
    found = await hear(listener)
    assert chat.id not in found
    assert (found[follow_up.id].parent, found[follow_up.id].thread) == (ours.id, tagging.id)
    for number in range(30):
        follow_up = write(social, f"Still? {number}", reply_to=ours)
        write(social, f"Chat {number}", name="Bob", reply_to=tagging)
    texts = {each.text for each in (await hear(listener)).values()}
    assert {f"Still? {number}" for number in range(30)} <= texts
    assert not any(text.startswith("Chat") for text in texts)


@pytest.mark.parametrize("code", [10, 200, 100])
async def test_tags_that_may_not_be_read_do_not_keep_us_from_comments(
    http: Http, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    denied = error(code, status=403)
    async with serve(page({**UPDATE, "comments": {"data": [COMMENT]}}), denied, page(), denied) as place:
        listener = build(http, f"http://127.0.0.1:{place.port}")
        heard = await listener.listen(None, since=ago())
        assert ([each.id for each in heard.mentions], heard.is_more) == (["5_90"], False)
        assert not (await listener.listen(heard.cursor, since=ago())).is_more
    assert [record.message for record in caplog.records if "tags the page" in record.message] == [
        f"Facebook does not let us read who tags the page (error {code}); comments are read."
    ]


async def test_edited_comments_are_heard_again_and_deleted_ones_no_more(
    social: Social, listener: Listener, update: Post
) -> None:
    edited, deleted = write(social, "Down?", reply_to=update), write(social, "Never mind", reply_to=update)
    first = await hear_all(listener, None, ago())
    social.customers.edit("facebook", edited.id, "Still down?")
    social.customers.delete("facebook", deleted.id)
    second = await hear_all(listener, first.cursor, ago())
    assert [(each.id, each.text) for each in second.mentions] == [(edited.id, "Still down?")]


async def test_everything_is_read_page_by_page(social: Social, listener: Listener) -> None:
    updates = [publish(social, f"Update {number}") for number in range(25)]
    expected = set()
    for number in range(140):
        expected |= {write(social, f"@acme {number}").id, write(social, "Down?", reply_to=updates[0]).id}
        expected.add(write(social, f"Comment {number}", reply_to=updates[number % 25]).id)
    first = await listener.listen(None, since=ago())
    assert first.is_more
    late = write(social, "While reading", reply_to=updates[3])
    rest = await hear_all(listener, first.cursor, ago())
    then = await hear_all(listener, rest.cursor, ago())
    seen = {each.id for look in (first, rest, then) for each in look.mentions}
    assert seen == expected | {late.id}


async def test_old_posts_are_looked_below_and_old_comments_left_out(social: Social, listener: Listener) -> None:
    now = datetime.now(UTC).timestamp()
    social.facebook.feed.clock = lambda: now - 3 * 86_400
    update = publish(social, "An update of three days ago")
    write(social, "A comment of then", reply_to=update)
    write(social, "@acme A tag of then")
    social.facebook.feed.clock = lambda: now
    fresh = write(social, "A comment of now", reply_to=update)
    assert set(await hear(listener)) == {fresh.id}


@pytest.mark.parametrize("cursor", ["sesame", "[]", "{}", '{"since": "soon", "begun": "", "todo": []}', "7"])
async def test_a_broken_cursor_is_none(social: Social, listener: Listener, update: Post, cursor: str) -> None:
    comment = write(social, "Down?", reply_to=update)
    assert [each.id for each in (await listener.listen(cursor, since=ago())).mentions] == [comment.id]


async def test_mentions_heard_through_bad_luck_are_all_heard(social: Social, listener: Listener, update: Post) -> None:
    social.facebook.switches = BadLuck({"500": 0.15, "429": 0.1, "down": 0.1})
    seen: set[str] = set()
    cursor = None
    for number in range(40):
        write(social, f"Comment {number}", reply_to=update)
        try:
            heard = await listener.listen(cursor, since=ago())
        except NotSent:
            continue
        cursor = heard.cursor
        seen |= {each.text for each in heard.mentions}
    social.facebook.switches = Switches()
    seen |= {each.text for each in (await hear_all(listener, cursor, ago())).mentions}
    assert seen == {f"Comment {number}" for number in range(40)}


# Looking again


async def test_looking_again_shows_the_newest_words_and_our_answers(
    social: Social, listener: Listener, update: Post
) -> None:
    comment = write(social, "Down?", reply_to=update)
    other = write(social, "Hello?", name="Bob", reply_to=update)
    mention = (await hear(listener))[comment.id]
    social.customers.edit("facebook", comment.id, "Still down?")
    publish(social, "Hello.", parent=other)
    ours = publish(social, "By hand.", parent=comment)
    now = await listener.look_again(keep(mention), thread=mention.thread)
    assert now.mention == replace(mention, text="Still down?")
    assert now.ours is not None
    assert [(each.id, each.is_ours, each.parent) for each in now.ours] == [(ours.id, True, comment.id)]


async def test_an_answer_by_hand_beside_a_nested_comment_is_seen(
    social: Social, listener: Listener, update: Post
) -> None:
    comment = write(social, "Down?", reply_to=update)
    below = write(social, "Same here", name="Bob", reply_to=comment)
    mention = (await hear(listener))[below.id]
    publish(social, "Ann Lee we are on it.", parent=comment)
    ours = publish(social, "Bob we are on it.", parent=comment)
    now = await listener.look_again(keep(mention), thread=mention.thread)
    assert [each.id for each in now.ours or ()] == [ours.id]


async def test_posts_are_looked_at_as_well(social: Social, listener: Listener) -> None:
    tagging = write(social, "@acme is down")
    mention = await hear_one(listener)
    ours = publish(social, "We are on it.", parent=tagging)
    now = await listener.look_again(keep(mention), thread=mention.thread)
    assert now.mention == mention
    assert [each.id for each in now.ours or ()] == [ours.id]


async def test_a_deleted_comment_is_gone(social: Social, listener: Listener, update: Post) -> None:
    comment = write(social, "Down?", reply_to=update)
    mention = await hear_one(listener)
    social.customers.delete("facebook", comment.id)
    assert (await listener.look_again(keep(mention), thread=mention.thread)).mention is None
    posting = build_posting(mention, "We are on it.")
    assert await listener.find_reply(posting) is None
    with pytest.raises(Refused, match="The author has deleted this"):
        await listener.reply(posting)
    assert social.facebook.feed.list_ours() == [update]


# Answering


async def test_an_answer_stands_below_what_it_answers(social: Social, listener: Listener, update: Post) -> None:
    comment, tagging = write(social, "Down?", reply_to=update), write(social, "@acme is down")
    for post in (comment, tagging):
        mention = (await hear(listener))[post.id]
        replied = await listener.reply(build_posting(mention, "We are on it."))
        ours = social.facebook.feed.list_ours()[-1]
        assert (ours.text, ours.parent, ours.id) == ("We are on it.", post, replied.remote_id)
        assert replied.url == social.facebook.permalink(ours)
    for wrong in ("sesame", "../1", ""):
        with pytest.raises(Refused, match="nothing on Facebook"):
            await listener.reply(build_posting(replace(mention, id=wrong), "Hello"))


async def test_a_lost_receipt_is_found_below_the_right_comment(
    social: Social, listener: Listener, update: Post
) -> None:
    first, second = write(social, "Down?", reply_to=update), write(social, "Down?", name="Bob", reply_to=update)
    found = await hear(listener)
    await listener.reply(build_posting(found[second.id], "We are on it."))
    posting = build_posting(found[first.id], "We are on it.")
    assert await listener.find_reply(posting) is None, "the same words below another comment are not this answer"
    social.facebook.switches.switch_on("drop", times=1)
    with pytest.raises(Uncertain):
        await listener.reply(posting)
    ours = social.facebook.feed.list_ours()[-1]
    replied = await listener.find_reply(posting)
    assert replied
    assert (replied.remote_id, ours.parent) == (ours.id, first)
    assert await listener.find_reply(replace(posting, own=(ours.id,))) is None
    ahead = datetime.now(UTC) + timedelta(days=1)
    assert await listener.find_reply(replace(posting, first_tried_at=ahead)), "a replay runs ahead"


async def test_words_that_stand_beside_a_nested_comment_leave_doubt(
    social: Social, listener: Listener, update: Post
) -> None:
    comment = write(social, "Down?", reply_to=update)
    below = write(social, "Same here", name="Bob", reply_to=comment)
    posting = build_posting((await hear(listener))[below.id], "We are on it.")
    assert await listener.find_reply(posting) is None
    publish(social, "We are on it.", parent=comment)
    with pytest.raises(Uncertain, match="stand beside this comment"):
        await listener.find_reply(posting)


LUCK = {"drop": 0.2, "500": 0.1, "429": 0.05, "late": 0.02, "timeout": 0.02, "down": 0.05}


@pytest.mark.impatient
async def test_twenty_answers_through_bad_luck_stand_once_each(
    social: Social, listener: Listener, update: Post
) -> None:
    comments = [write(social, f"Down? {number}", name=f"Customer {number}", reply_to=update) for number in range(20)]
    found = await hear(listener)
    luck = social.facebook.switches = BadLuck(LUCK)
    for comment in comments:
        assert (await settle_reply(listener, build_posting(found[comment.id], "We are on it & sorry."))).remote_id
    assert [each.parent for each in social.facebook.feed.list_ours()[1:]] == comments
    assert {"drop", "500"} <= set(luck.struck)


# With exact answers


def error(code: int, *headers: str, status: int = 400, **more: Any) -> bytes:
    body = {"error": {"message": "sesame", "type": "OAuthException", "code": code, **more}}
    return answer(status, *headers, body=json.dumps(body).encode())


def page(*items: object, **more: object) -> bytes:
    return answer(200, body=json.dumps({"data": items, **more}).encode())


NOW = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
COMMENT = {"id": "5_90", "message": "Down?", "created_time": NOW, "from": {"id": "7", "name": "Ann"}}
UPDATE = {"id": "1234_5", "message": "We are looking.", "created_time": NOW, "from": {"id": "1234", "name": "Acme"}}
MENTION = Mention(
    id="5_90",
    author=Author(id="7", handle="", name="Ann"),
    text="Down?",
    posted_at=ago(0),
    kind=MentionKind.COMMENT,
    thread="1234_5",
)
POSTING = build_posting(MENTION, "Yes.")
ME = answer(200, body=b'{"id": "1234", "name": "Acme"}')
GONE = error(100, error_subcode=33)
THERE = answer(200, body=json.dumps(COMMENT).encode())


async def look(listener: Listener) -> ThreadNow:
    return await listener.look_again(keep(MENTION), thread=MENTION.thread)


@pytest.mark.parametrize(
    "rubbish", [7, {}, {**COMMENT, "id": "../sesame"}, {**COMMENT, "created_time": "soon"}, {"comments": 5}]
)
async def test_rubbish_is_passed_over_and_the_rest_is_kept(http: Http, rubbish: object) -> None:
    nested = {**UPDATE, "comments": {"data": [rubbish, COMMENT], "paging": rubbish}}
    async with serve(page(rubbish, nested), page(rubbish)) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=ago())
    assert [(each.id, each.thread) for each in heard.mentions if each.text] == [("5_90", "1234_5")]
    assert not heard.is_more


async def test_what_is_too_long_or_wordless_is_read_within_bounds(http: Http) -> None:
    long = {**COMMENT, "message": "x" * 20_000, "from": {"id": {"$ne": 1}, "name": "N" * 900}}
    sticker = {**COMMENT, "id": "5_91", "message": None, "from": None}
    nested = {**UPDATE, "comments": {"data": [long, sticker]}}
    async with serve(page(nested), page()) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=ago())
    first, second = heard.mentions
    assert (len(first.text), len(first.author.name), first.author.id) == (10_000, 200, "5_90")
    assert (second.text, second.author) == ("", Author(id="5_91", handle="", name=NOBODY))


async def test_a_page_longer_than_we_read_is_asked_for_in_smaller_pieces(http: Http) -> None:
    huge = answer(200, body=b'{"data": ["' + b"x" * 5_000_000 + b'"]}')
    async with serve(huge, page({**UPDATE, "comments": {"data": [COMMENT]}}), page()) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=ago())
    assert [each.id for each in heard.mentions] == ["5_90"]
    assert ["limit=20" in each.line for each in place.requests] == [True, False, True]


async def test_a_page_that_facebook_no_longer_knows_is_begun_anew(http: Http) -> None:
    more = {"paging": {"cursors": {"after": "a"}, "next": "https://sesame/"}}
    first, tag = page({**UPDATE, "comments": {"data": [COMMENT]}}, **more), page({**COMMENT, "id": "8_9"})
    async with serve(first, error(100), tag) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=(since := ago()))
    assert ([each.id for each in heard.mentions], heard.is_more) == (["5_90", "8_9"], False)
    assert ["after=a" in each.line for each in place.requests] == [False, True, False]
    assert not any("sesame" in each.line for each in place.requests)
    assert json.loads(str(heard.cursor))["since"] == since.isoformat(), "the next look begins where this one did"


async def test_a_post_that_is_gone_meanwhile_does_not_stop_the_rest(http: Http) -> None:
    paging = {"cursors": {"after": "a"}, "next": "https://sesame/"}
    nested = {**UPDATE, "comments": {"data": [COMMENT], "paging": paging}}
    async with serve(page(nested), GONE, ME, page({**COMMENT, "id": "8_9"})) as place:
        heard = await build(http, f"http://127.0.0.1:{place.port}").listen(None, since=ago())
    assert [each.id for each in heard.mentions] == ["5_90", "8_9"]


async def test_what_was_read_before_trouble_is_not_lost(http: Http) -> None:
    async with serve(page({**UPDATE, "comments": {"data": [COMMENT]}}), error(2, status=500), page()) as place:
        listener = build(http, f"http://127.0.0.1:{place.port}")
        heard = await listener.listen(None, since=ago())
        assert ([each.id for each in heard.mentions], heard.is_more) == (["5_90"], True)
        assert not (await listener.listen(heard.cursor, since=ago())).is_more
    assert [each.line.split("?")[0] for each in place.requests] == [
        "GET /1234/feed",
        "GET /1234/tagged",
        "GET /1234/tagged",
    ]


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (error(190), NotSent, "FACEBOOK_PAGE_TOKEN"),
        (error(10, status=403), NotSent, "pages_read_user_content"),
        (error(80001, 'X-Business-Use-Case-Usage: {"1": [{"estimated_time_to_regain_access": 7}]}'), NotSent, "wait"),
        (error(1, status=500), NotSent, "in trouble"),
        (error(999), Refused, "error 999"),
        (answer(503), NotSent, ""),
        (answer(200, body=b"<html>sesame"), NotSent, "cannot be read"),
        (answer(302, "Location: https://sesame/"), Refused, "redirects are not followed"),
        (reset, NotSent, "did not answer"),
        pytest.param(None, NotSent, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_goes_wrong_while_reading(
    http: Http, reply: Reply, outcome: type[DeliveryError], words: str
) -> None:
    for read in ("listen", "look_again"):
        async with serve(reply) as place:
            listener = build(http, f"http://127.0.0.1:{place.port}")
            with pytest.raises(outcome) as caught:
                await (listener.listen(None, since=ago()) if read == "listen" else look(listener))
        assert words in str(caught.value)
        assert "sesame" not in f"{caught.value!r}"
        if "wait" in words:
            assert isinstance(caught.value, NotSent)
            assert caught.value.retry_after == timedelta(minutes=7)


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (GONE, Refused, "The author has deleted this"),
        (error(999), Refused, "error 999"),
        (error(190), NotSent, "FACEBOOK_PAGE_TOKEN"),
        (error(32), NotSent, "wait"),
        (error(1, status=500), Uncertain, "in trouble"),
        (answer(503), Uncertain, "may have been taken"),
        (answer(200, body=b"<html>sesame"), Uncertain, "cannot be read"),
        (reset, Uncertain, "did not answer"),
        pytest.param(None, Uncertain, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_an_answer_means(http: Http, reply: Reply, outcome: type[DeliveryError], words: str) -> None:
    async with serve(reply) as place:
        with pytest.raises(outcome, match=words) as caught:
            await build(http, f"http://127.0.0.1:{place.port}").reply(POSTING)
    assert "sesame" not in f"{caught.value!r}"
    (request,) = place.requests
    assert (request.line, json.loads(request.body)) == ("POST /5_90/comments HTTP/1.1", {"message": "Yes."})
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


OURS = {**COMMENT, "id": "5_99", "message": "Yes.", "from": {"id": "1234", "name": "Acme"}}
OLDER = {**OURS, "created_time": "2020-01-01T00:00:00+0000"}


@pytest.mark.parametrize(
    ("code", "replies", "outcome", "words"),
    [
        (506, [THERE, page(OURS)], None, ""),
        (506, [THERE, page(), THERE, THERE, page(), THERE], Uncertain, "does not show them yet"),
        (506, [THERE, page(OLDER), THERE, THERE, page(OLDER), THERE], Uncertain, "does not show them yet"),
        (368, [THERE, page(), THERE, THERE, page(), THERE], Refused, "the page is blocked"),
        (506, [answer(500)], Uncertain, "looking it up failed"),
    ],
)
async def test_a_repeat_is_looked_up(
    http: Http, code: int, replies: list[Reply], outcome: type[DeliveryError] | None, words: str
) -> None:
    async with serve(error(code), *replies) as place:
        listener = build(http, f"http://127.0.0.1:{place.port}")
        if outcome is None:
            assert (await listener.reply(POSTING)).remote_id == "5_99"
        else:
            with pytest.raises(outcome, match=words):
                await listener.reply(POSTING)
    assert sum(each.line.startswith("POST") for each in place.requests) == 1


async def test_what_is_gone_is_believed_only_while_the_page_can_be_read(http: Http) -> None:
    for call in ("look_again", "find_reply"):
        async with serve(GONE, error(190)) as place:
            listener = build(http, f"http://127.0.0.1:{place.port}")
            with pytest.raises(NotSent, match="FACEBOOK_PAGE_TOKEN"):
                await (look(listener) if call == "look_again" else listener.find_reply(POSTING))


# What is declared


def test_the_settings_build_it() -> None:
    values = {"page_id": "1234", "page_token": TOKEN, "app_secret": "app-sesame"}
    configured = Configured(module=facebook, name=None, settings=facebook.Settings.model_validate(values))
    listener = configured.build_listener(Http())
    assert listener is not None
    assert "sesame" not in f"{configured.settings!r}{listener!r}{vars(listener)!r}"
    spec = configured.build_spec()
    assert (spec.abilities.mentions, spec.abilities.reply, spec.abilities.replies_settled_by) == (
        True,
        True,
        "read_back",
    )
    assert spec.reply_limits is not None
    assert spec.reply_limits.max_chars == 8_000
    assert spec.daily_reads is None
