"""Facebook's webhook: what it tells, whoever else says so, and that it is the same as what is read."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.ids import OutletKey
from chatops.domain.mention import Author, MentionKind
from chatops.outlets import facebook
from chatops.outlets.http import Http
from chatops.outlets.listening.facebook import build_listener
from chatops.outlets.listening.facebook_hook import parse_webhook, verify_signature
from chatops.sandbox.social.facebook_hook import sign
from chatops.sandbox.social.world import Social
from chatops.usecases.mention_ports import Heard
from tests.outlets.listening.answering import hear_all
from tests.outlets.social_site import serve_social

SECRET = "app-sesame"
VALUE = {
    "item": "comment",
    "verb": "add",
    "comment_id": "5_90",
    "post_id": "1234_5",
    "parent_id": "1234_5",
    "created_time": 1_760_000_000,
    "message": "Down?",
    "from": {"id": "7", "name": "Ann"},
}


def tell(*values: object, page: str = "1234", field: str = "feed") -> bytes:
    changes = [{"field": field, "value": value} for value in values]
    return json.dumps({"object": "page", "entry": [{"id": page, "time": 1, "changes": changes}]}).encode()


def parse(*values: object) -> Heard:
    return parse_webhook(tell(*values), page_id="1234")


def test_a_comment() -> None:
    (mention,) = parse(VALUE).mentions
    assert (mention.id, mention.thread, mention.parent, mention.kind) == (
        "5_90",
        "1234_5",
        "1234_5",
        MentionKind.COMMENT,
    )
    assert (mention.text, mention.author) == ("Down?", Author(id="7", handle="", name="Ann"))
    assert mention.posted_at == datetime.fromtimestamp(1_760_000_000, UTC)
    assert mention.url == "https://www.facebook.com/5_90"
    (nested,) = parse(VALUE | {"parent_id": "5_80"}).mentions
    assert (nested.thread, nested.parent) == ("1234_5", "5_80")
    (ours,) = parse(VALUE | {"from": {"id": "1234", "name": "Acme"}}).mentions
    assert ours.is_ours


@pytest.mark.parametrize("item", ["post", "status", "photo"])
def test_a_post_of_a_visitor_and_none_of_ours(item: str) -> None:
    value = {key: each for key, each in VALUE.items() if key not in ("comment_id", "parent_id")} | {"item": item}
    (mention,) = parse(value).mentions
    assert (mention.id, mention.thread, mention.kind) == ("1234_5", "1234_5", MentionKind.MENTION)
    assert parse(value | {"from": {"id": "1234", "name": "Acme"}}) == Heard()
    assert parse(value | {"verb": "remove"}).gone == ("1234_5",)


def test_the_last_word_on_a_comment_counts() -> None:
    edited = VALUE | {"verb": "edited", "message": "Still down?"}
    assert [each.text for each in parse(VALUE, edited).mentions] == ["Still down?"]
    assert parse(VALUE, edited, VALUE | {"verb": "remove"}) == Heard(gone=("5_90",))


@pytest.mark.parametrize(
    "value",
    [
        7,
        {},
        VALUE | {"item": "reaction"},
        VALUE | {"verb": "hide"},
        VALUE | {"comment_id": "../sesame"},
        VALUE | {"comment_id": 5},
        VALUE | {"post_id": None},
        VALUE | {"created_time": "soon"},
        VALUE | {"created_time": 10**30},
    ],
)
def test_what_is_not_ours_to_hear_is_passed_over(value: object) -> None:
    assert [each.id for each in parse(value, VALUE | {"comment_id": "5_91"}).mentions] == ["5_91"]


def test_other_pages_and_fields_are_not_heard() -> None:
    assert parse_webhook(tell(VALUE, page="99"), page_id="1234") == Heard()
    assert parse_webhook(tell(VALUE, field="mention"), page_id="1234") == Heard()


@given(st.one_of(st.binary(max_size=200), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(repr)))
def test_anything_else_is_nothing(body: bytes | str) -> None:
    assert parse_webhook(body if isinstance(body, bytes) else body.encode(), page_id="1234") == Heard()


@given(st.dictionaries(st.sampled_from(sorted(VALUE)), st.none() | st.integers() | st.text() | st.lists(st.none())))
def test_no_value_raises(changed: dict[str, object]) -> None:
    parse(VALUE | changed)
    assert parse_webhook(b"[" * 100_000, page_id="1234") == Heard()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (sign(tell(VALUE), SECRET), True),
        (sign(tell(VALUE), "another"), False),
        (sign(tell(), SECRET), False),
        (sign(tell(VALUE), SECRET).removeprefix("sha256="), False),
        ("sha256=", False),
        ("sha256=é\ud800", False),
        ("", False),
        (None, False),
    ],
)
def test_only_facebook_is_believed(header: str | None, *, expected: bool) -> None:
    assert verify_signature(tell(VALUE), header, SECRET) is expected


def test_an_empty_secret_believes_nobody() -> None:
    assert not verify_signature(b"{}", sign(b"{}", ""), "")


# With the stand-in


class Inbox:
    """Takes the webhook; says no `refusals` times."""

    def __init__(self, secret: str, page_id: str) -> None:
        self.heard: list[Heard] = []
        self.refusals = 0
        self._secret, self._page_id = secret, page_id
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        assert verify_signature(body, request.headers.get("X-Hub-Signature-256"), self._secret)
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503)
        self.heard.append(parse_webhook(body, page_id=self._page_id))
        return web.Response()


@pytest.fixture
async def social() -> AsyncIterator[Social]:
    async with serve_social() as served:
        yield served


@pytest.fixture
async def inbox(social: Social) -> AsyncIterator[Inbox]:
    opened = Inbox(social.settings.facebook_app_secret, social.settings.facebook_page_id)
    app = web.Application()
    app.router.add_post("/hooks/facebook", opened.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    social.facebook.hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks/facebook"
    yield opened
    await runner.cleanup()


async def test_told_and_read_are_the_same(social: Social, inbox: Inbox) -> None:
    feed, settings = social.facebook.feed, social.settings
    update = feed.add(feed.ours, "We are looking 🚒/", post_id=social.facebook.new_post_id(feed.ours))
    comment = social.customers.post("facebook", "Down? é/", name="Ann Lee", reply_to=update.id)
    social.customers.post("facebook", "Same here", name="Bob", reply_to=comment.id)
    social.customers.post("facebook", "Your shop is down", name="Cy")
    social.customers.post("facebook", "@acme tagged elsewhere", name="Dee")
    await social.facebook.hook.settle()
    told = {each.id: each for heard in inbox.heard for each in heard.mentions}
    async with Http() as http:
        values = {
            "base_url": social.list_base_urls()["facebook"],
            "page_id": settings.facebook_page_id,
            "page_token": settings.facebook_page_token,
        }
        chosen = facebook.Settings.model_validate(values)
        listener = build_listener(chosen, key=OutletKey("facebook"), label="Facebook", http=http)
        heard = await hear_all(listener, None, datetime.now(UTC) - timedelta(hours=1))
    read = {each.id: each for each in heard.mentions if each.author.name != "Somebody on Facebook"}
    assert len(told) == 3
    assert {
        key: (each.thread, each.parent, each.kind, each.author, each.text, each.posted_at) for key, each in told.items()
    } == {
        key: (each.thread, each.parent, each.kind, each.author, each.text, each.posted_at) for key, each in read.items()
    }


async def test_edits_deletions_retries_and_order(social: Social, inbox: Inbox) -> None:
    hook, feed = social.facebook.hook, social.facebook.feed
    update = feed.add(feed.ours, "We are looking.", post_id=social.facebook.new_post_id(feed.ours))
    await hook.settle()
    hook.is_holding = True
    comment = social.customers.post("facebook", "Down?", name="Ann", reply_to=update.id)
    social.customers.edit("facebook", comment.id, "Still down?")
    social.customers.delete("facebook", comment.id)
    await hook.release(reverse=True)
    told = inbox.heard[-3:]
    assert [each.gone for each in told] == [(comment.id,), (), ()]
    assert [[mention.text for mention in each.mentions] for each in told] == [[], ["Still down?"], ["Down?"]]
    inbox.refusals = 1
    social.customers.post("facebook", "Hello?", name="Bob", reply_to=update.id)
    await hook.settle()
    assert [each.text for each in inbox.heard[-1].mentions] == ["Hello?"]
