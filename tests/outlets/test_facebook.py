"""A Facebook Page: each of Graph's answers, edits and removals, and exactly one post for each update."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chatops.domain.errors import BadSettings, DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.records import Status
from chatops.outlets import facebook, facebook_calls
from chatops.outlets.facebook import Facebook
from chatops.outlets.http import Http
from chatops.sandbox.social.world import Social
from chatops.settings import read_settings
from chatops.usecases.ports import Posting
from tests.builders import MASTODON
from tests.outlets.http_servers import Reply, answer, reset, serve
from tests.outlets.social_site import LONG_AGO, BadLuck, list_texts, publish_many, serve_social
from tests.usecases.conftest import empty_database, scene  # noqa: F401 - fixtures
from tests.usecases.scene import Scene

TOKEN = "sesame"
PAGE_URL = "https://status.acme.example/incidents/INC-12"
POSTING = Posting(
    key="INC-12/3/facebook/0",
    words="It broke & we <mend> it.\n\n障害です 🚒\n\n— Ana",
    subject=None,
    status=Status.IDENTIFIED,
    digest="0" * 64,
    first_tried_at=datetime.now(UTC),
    page_url=PAGE_URL,
)


@pytest.fixture
async def social() -> AsyncIterator[Social]:
    async with serve_social(allowance_factor=100) as served:
        yield served


def build_facebook(http: Http, base_url: str, key: str = "facebook", **changes: Any) -> Facebook:
    values = {"base_url": base_url, "page_id": "1234", "page_token": TOKEN, **changes}
    settings = facebook.Settings.model_validate(values)
    outlet = facebook.build(settings, key=OutletKey(key), label="Facebook", http=http)
    assert isinstance(outlet, Facebook)
    return outlet


def build_at(social: Social, http: Http, **changes: Any) -> Facebook:
    own = {"page_id": social.settings.facebook_page_id, "page_token": social.settings.facebook_page_token}
    return build_facebook(http, social.list_base_urls()["facebook"], **{**own, **changes})


def error(code: int, *headers: str, status: int = 400, **more: Any) -> bytes:
    body = {"error": {"message": "sesame", "type": "OAuthException", "code": code, **more}}
    return answer(status, *headers, body=json.dumps(body).encode())


def list_posts(*texts: str, at: datetime | None = None, **more: Any) -> bytes:
    created = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S+0000")
    data = [{"id": f"1234_{nth}", "message": text, "created_time": created} for nth, text in enumerate(texts, 90)]
    return answer(200, body=json.dumps({"data": data, **more}).encode())


NEXT = {"paging": {"cursors": {"after": "a"}, "next": "https://sesame/"}}
POSTED = answer(200, body=b'{"id": "1234_77"}')
PAGE = answer(200, body=b'{"id": "1234", "name": "Acme"}')
GONE = error(100, error_subcode=33)


# With the stand-in


async def test_an_update_is_posted_as_approved(social: Social, http: Http) -> None:
    sent = await build_at(social, http).send(POSTING)
    (post,) = social.facebook.feed.list_ours()
    assert (post.id, post.text, post.facts["link"]) == (sent.remote_id, POSTING.words, None)
    assert sent.url == social.facebook.permalink(post)


@pytest.mark.parametrize(("link", "earlier", "expected"), [("always", ("1_2",), True), ("first", ("1_2",), False)])
async def test_the_link_to_our_page_is_attached_where_the_settings_say_so(
    social: Social, http: Http, link: str, earlier: tuple[str, ...], *, expected: bool
) -> None:
    outlet = build_at(social, http, link=link)
    await outlet.send(POSTING)
    await outlet.send(replace(POSTING, words="More.", earlier=earlier))
    first, second = social.facebook.feed.list_ours()
    assert first.facts["link"] == PAGE_URL
    assert second.facts["link"] == (PAGE_URL if expected else None)


async def test_a_lost_answer_is_found(social: Social, http: Http) -> None:
    outlet = build_at(social, http)
    assert await outlet.find(POSTING) is None
    social.facebook.switches.switch_on("drop", times=1)
    with pytest.raises(Uncertain):
        await outlet.send(POSTING)
    (post,) = social.facebook.feed.list_ours()
    found = await outlet.find(POSTING)
    assert found
    assert (found.remote_id, found.url) == (post.id, social.facebook.permalink(post))
    assert await outlet.send(POSTING) == found, "a repeat that is ours is success"
    assert await outlet.find(replace(POSTING, earlier=(post.id,))) is None, "it is an earlier update's"
    assert await outlet.find(replace(POSTING, first_tried_at=datetime.now(UTC) + LONG_AGO)), "a replay runs ahead"


async def test_corrections_and_retractions(social: Social, http: Http) -> None:
    outlet = build_at(social, http)
    target = replace(POSTING, words="It works.", target=(await outlet.send(POSTING)).remote_id)
    for _ in range(2):
        edited = await outlet.edit(target)
        assert list_texts(social.facebook) == ["It works."]
        assert edited.url == social.facebook.permalink(social.facebook.feed.list_ours()[0])
    for _ in range(2):
        assert (await outlet.retract(target)).remote_id == target.target
        assert list_texts(social.facebook) == []
    with pytest.raises(Refused, match="knows no such post"):
        await outlet.edit(target)
    for call in (outlet.edit, outlet.retract):
        with pytest.raises(Refused, match="by hand"):
            await call(POSTING)


async def test_a_check_proves_the_token_and_the_page(social: Social, http: Http) -> None:
    said = await build_at(social, http).check()
    assert said.endswith(f"knows us as page {social.settings.facebook_page_id}; nothing was posted")
    with pytest.raises(Refused, match="is not that of page 99"):
        await build_at(social, http, page_id="99").check()
    with pytest.raises(NotSent, match="put a new one of the page into FACEBOOK_PAGE_TOKEN"):
        await build_at(social, http, page_token="another").check()


async def test_too_many_calls_wait_as_the_header_says(social: Social, http: Http) -> None:
    social.facebook.switches.switch_on("429", times=1)
    with pytest.raises(NotSent) as caught:
        await build_at(social, http).send(POSTING)
    assert caught.value.retry_after == timedelta(minutes=1)


LUCK = {"drop": 0.3, "500": 0.2, "429": 0.05, "late": 0.02, "timeout": 0.02, "down": 0.05}


@pytest.mark.impatient
async def test_fifty_updates_through_bad_luck_are_each_posted_once(
    social: Social,
    http: Http,
    scene: Scene,  # noqa: F811 - the fixture
) -> None:
    luck = social.facebook.switches = BadLuck(LUCK)
    words = [f"Update {number}" for number in range(50)]
    states = await publish_many(scene, build_at(social, http, key=MASTODON), words)
    assert states == ["sent"] * 50
    assert [text.partition("\n")[0] for text in list_texts(social.facebook)] == words
    assert {"drop", "500", "429"} <= set(luck.struck)


# With exact answers


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (error(190, status=401), NotSent, "FACEBOOK_PAGE_TOKEN"),
        (answer(401), NotSent, "FACEBOOK_PAGE_TOKEN"),
        (error(200, status=403), NotSent, "pages_manage_posts"),
        (error(10, status=403), NotSent, "pages_manage_posts"),
        *[(error(code), NotSent, "asks us to wait") for code in (4, 17, 32, 613, 80001)],
        (answer(429, "Retry-After: 5"), NotSent, "try again later"),
        (error(1, status=500), Uncertain, "in trouble"),
        (error(2, status=500), Uncertain, "in trouble"),
        (error(999, is_transient=True), Uncertain, "in trouble"),
        (answer(503, body=b"sesame"), Uncertain, "may have been taken"),
        (error(100), Refused, "does not take this (error 100)"),
        (error(5_000_000), Refused, "(error 5000000)"),
        (answer(404), Refused, "Check the address"),
        (answer(302, "Location: https://sesame/"), Refused, "redirects are not followed"),
        (answer(200, body=b"<html>sesame"), Uncertain, "cannot be read"),
        (answer(200, body=b'{"id": "../sesame"}'), Uncertain, "cannot be read"),
        (b"\x00sesame\r\n\r\n", Uncertain, "did not answer"),
        (reset, Uncertain, "did not answer"),
        pytest.param(None, Uncertain, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_an_answer_means(http: Http, reply: Reply, outcome: type[DeliveryError], words: str) -> None:
    async with serve(reply) as place:
        with pytest.raises(outcome) as caught:
            await build_facebook(http, f"http://127.0.0.1:{place.port}").send(POSTING)
    assert words in str(caught.value)
    assert "sesame" not in f"{caught.value!r}"
    assert len(place.requests) == 1


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [
        ('{"1234": [{"estimated_time_to_regain_access": 7}, {"estimated_time_to_regain_access": 0}]}', 420),
        ('{"1234": [{"estimated_time_to_regain_access": 99999999}]}', 3600),
        ('{"1234": [{}]}', 30),
        ("[]", 30),
        ("sesame", 30),
    ],
)
async def test_the_pause_that_facebook_names(http: Http, usage: str, seconds: int) -> None:
    async with serve(error(32, f"X-Business-Use-Case-Usage: {usage}", "Retry-After: 30")) as place:
        with pytest.raises(NotSent) as caught:
            await build_facebook(http, f"http://127.0.0.1:{place.port}").send(POSTING)
    assert caught.value.retry_after == timedelta(seconds=seconds)


async def test_the_token_is_in_a_header_and_never_in_the_address(http: Http) -> None:
    async with serve(POSTED, PAGE) as place:
        sent = await build_facebook(http, f"http://127.0.0.1:{place.port}/v26.0/").send(POSTING)
    post, read = place.requests
    assert post.line == "POST /v26.0/1234/feed HTTP/1.1"
    assert json.loads(post.body) == {"message": POSTING.words, "published": True}
    assert read.line == "GET /v26.0/1234_77?fields=permalink_url HTTP/1.1"
    assert {each.headers["authorization"] for each in place.requests} == {f"Bearer {TOKEN}"}
    assert sent.url == f"http://127.0.0.1:{place.port}/v26.0/1234_77"


@pytest.mark.parametrize(
    "reply",
    [
        reset,
        error(190),
        answer(500),
        answer(200, body=b'{"permalink_url": 7}'),
        pytest.param(None, marks=pytest.mark.impatient),
    ],
)
async def test_trouble_with_the_permalink_casts_no_doubt_on_the_post(http: Http, reply: Reply) -> None:
    async with serve(POSTED, reply) as place:
        sent = await build_facebook(http, f"http://127.0.0.1:{place.port}").send(POSTING)
    assert (sent.remote_id, sent.url) == ("1234_77", f"http://127.0.0.1:{place.port}/1234_77")


async def test_where_the_link_is_refused_the_words_go_out_without_it(http: Http) -> None:
    async with serve(error(1500), POSTED, PAGE) as place:
        sent = await build_facebook(http, f"http://127.0.0.1:{place.port}", link="always").send(POSTING)
    assert [json.loads(each.body).get("link") for each in place.requests[:2]] == [PAGE_URL, None]
    assert sent.note == "Facebook did not take the link to our page."


@pytest.mark.parametrize(
    ("code", "posts", "outcome", "words"),
    [
        (506, [list_posts("Other", POSTING.words)], None, ""),
        (506, [list_posts("Other", **NEXT), list_posts(f" {POSTING.words}\n")], None, ""),
        (506, [list_posts(POSTING.words, at=datetime.now(UTC) - timedelta(hours=3))], Refused, "Change the words"),
        (506, [list_posts()], Uncertain, "does not show them yet"),
        (506, [answer(500)], Uncertain, "looking it up failed"),
        (506, [list_posts("Other", **NEXT)], Uncertain, "too many posts"),
        (368, [list_posts(POSTING.words)], None, ""),
        (368, [list_posts()], Refused, "the page is blocked"),
    ],
)
async def test_a_repeat_is_looked_up(
    http: Http, code: int, posts: list[Reply], outcome: type[DeliveryError] | None, words: str
) -> None:
    async with serve(error(code), *posts) as place:
        outlet = build_facebook(http, f"http://127.0.0.1:{place.port}")
        if outcome is None:
            assert (await outlet.send(POSTING)).remote_id in ("1234_90", "1234_91")
        else:
            with pytest.raises(outcome, match=words):
                await outlet.send(POSTING)
    assert sum(each.line.startswith("POST") for each in place.requests) == 1
    assert not any("sesame" in each.line for each in place.requests)


@pytest.mark.parametrize(
    "reply", [reset, answer(200, body=b"<html>"), error(1), error(190), pytest.param(None, marks=pytest.mark.impatient)]
)
async def test_a_look_up_that_fails_says_nothing_of_the_post(http: Http, reply: Reply) -> None:
    async with serve(reply) as place:
        with pytest.raises(DeliveryError):
            await build_facebook(http, f"http://127.0.0.1:{place.port}").find(POSTING)


@pytest.mark.parametrize("data", ["7", [7, {}, {"id": "1_8"}, {"id": "1_9", "created_time": "soon"}], {}])
async def test_rubbish_among_the_posts_is_passed_over(http: Http, data: object) -> None:
    async with serve(answer(200, body=json.dumps({"data": data, "paging": 5}).encode())) as place:
        assert await build_facebook(http, f"http://127.0.0.1:{place.port}").find(POSTING) is None


@pytest.mark.parametrize("gone", [GONE, answer(404)])
async def test_what_is_gone_is_removed_only_if_the_token_still_sees_the_page(http: Http, gone: bytes) -> None:
    target = replace(POSTING, target="1234_77")
    async with serve(gone, PAGE) as place:
        assert (await build_facebook(http, f"http://127.0.0.1:{place.port}").retract(target)).remote_id == "1234_77"
    async with serve(gone, error(190)) as place:
        with pytest.raises(NotSent, match="FACEBOOK_PAGE_TOKEN"):
            await build_facebook(http, f"http://127.0.0.1:{place.port}").retract(target)


@pytest.mark.parametrize("call", ["edit", "retract"])
@pytest.mark.parametrize("reply", [error(1, status=500), reset, answer(200, body=b'{"success": false}'), answer(503)])
async def test_a_doubtful_change_may_be_repeated(http: Http, call: str, reply: Reply) -> None:
    async with serve(reply) as place:
        with pytest.raises(NotSent):
            await getattr(build_facebook(http, f"http://127.0.0.1:{place.port}"), call)(
                replace(POSTING, target="1234_77")
            )


async def test_words_that_cannot_be_written_are_refused(http: Http) -> None:
    with pytest.raises(Refused, match="Remove it"):
        await build_facebook(http, "http://127.0.0.1:9").send(replace(POSTING, words="lone \ud800 half"))


# What is declared


def test_the_specification() -> None:
    outlet = build_facebook(Http(), facebook_calls.API_URL)
    spec = outlet.spec
    assert (spec.form, spec.account, spec.limits.max_chars) == ("page", "graph.facebook.com, page 1234", 63_206)
    assert spec.limits.count("👍") == 2
    assert outlet._calls.link("1234_5") == "https://www.facebook.com/1234_5"


TABLE = '[outlets.facebook]\npage_id = "1234"\n'
ENVIRON = {"FACEBOOK_PAGE_TOKEN": TOKEN}


def test_the_settings_take_its_token_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "chatops.toml").write_text(TABLE, encoding="utf-8")
    _, found = read_settings(ENVIRON, tmp_path).outlets
    assert found.build_spec().account == "graph.facebook.com, page 1234"
    assert TOKEN not in f"{found!r}{found.settings!r}"


def test_the_secret_of_its_webhooks_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "chatops.toml").write_text(TABLE, encoding="utf-8")
    for more, expected in (({}, None), ({"FACEBOOK_APP_SECRET": f"app-{TOKEN}"}, f"app-{TOKEN}")):
        _, found = read_settings(ENVIRON | more, tmp_path).outlets
        assert isinstance(found.settings, facebook.Settings)
        secret = found.settings.app_secret
        assert (secret.get_secret_value() if secret else None) == expected
        assert TOKEN not in f"{found!r}{found.settings!r}"


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        (TABLE, {}, "needs the environment variable FACEBOOK_PAGE_TOKEN"),
        ("[outlets.facebook]\n", ENVIRON, 'needs page_id, like page_id = "1234"'),
        ('[outlets.facebook]\npage_id = "acme/../1"\n', ENVIRON, "must be the number of the page in quotes"),
        ("[outlets.facebook]\npage_id = 1234\n", ENVIRON, "must be text in quotes"),
        (TABLE + "split = true\n", ENVIRON, "unknown key “split”"),
    ],
)
def test_wrong_settings_say_what_to_write(tmp_path: Path, text: str, environ: dict[str, str], words: str) -> None:
    (tmp_path / "chatops.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        read_settings(environ, tmp_path)
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)
