"""X: each of its answers, the thread and its refusal, and exactly one post for each update, come what may."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from chatops.domain.errors import BadSettings, DeliveryError, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.domain.records import Status
from chatops.outlets import x, x_calls
from chatops.outlets.http import Http
from chatops.outlets.x import STAND_ALONE, X, build_gist, word_cost
from chatops.sandbox.social.world import Social
from chatops.settings import read_settings
from chatops.usecases.ports import Posting
from tests.builders import MASTODON
from tests.outlets.http_servers import Reply, answer, reset, serve
from tests.outlets.social_site import LONG_AGO, BadLuck, list_texts, publish_many, serve_social
from tests.usecases.conftest import empty_database, scene  # noqa: F401 - fixtures
from tests.usecases.scene import Scene

SECRETS = {
    "consumer_key": "key-sesame",
    "consumer_secret": "key-secret-sesame",
    "access_token": "42-token-sesame",
    "access_secret": "token-secret-sesame",
}
POSTING = Posting(
    key="INC-12/3/x/0",
    words="It broke & we <mend> it.\n\nhttps://status.acme.com/incidents/INC-12\n\n— Ana 🚒",
    subject=None,
    status=Status.IDENTIFIED,
    digest="0" * 64,
    first_tried_at=datetime.now(UTC),
)


@pytest.fixture
async def social() -> AsyncIterator[Social]:
    async with serve_social(allowance_factor=100) as served:
        yield served


def build_x(http: Http, base_url: str, key: str = "x", **changes: Any) -> X:
    settings = x.Settings.model_validate({"base_url": base_url, **SECRETS, **changes})
    outlet = x.build(settings, key=OutletKey(key), label="X", http=http)
    assert isinstance(outlet, X)
    return outlet


def build_at(social: Social, http: Http, **changes: Any) -> X:
    secrets = {name: getattr(social.settings, f"x_{name}") for name in SECRETS}
    return build_x(http, social.list_base_urls()["x"], **{**secrets, **changes})


def problem(status: int, detail: str = "", *headers: str, **more: str) -> bytes:
    body = {"detail": detail, "type": "about:blank", "title": "sesame", "status": status, **more}
    return answer(status, *headers, body=json.dumps(body).encode())


DUPLICATE = problem(403, "You are not allowed to create a Tweet with duplicate content.")
NO_REPLY = problem(403, "Reply to this conversation is not allowed because you have not been mentioned")
POSTED = answer(201, body=b'{"data": {"id": "77", "text": "It broke."}}')
ME = answer(200, body=b'{"data": {"id": "42", "username": "acme", "name": "Acme"}}')


def list_posts(*texts: str, at: datetime | None = None, first_id: int = 90, **meta: str) -> bytes:
    created = (at or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = [{"id": str(first_id + nth), "text": text, "created_at": created} for nth, text in enumerate(texts)]
    return answer(200, body=json.dumps({"data": data, "meta": {"result_count": len(data), **meta}}).encode())


# With the stand-in


async def test_an_update_is_posted_signed_and_as_approved(social: Social, http: Http) -> None:
    sent = await build_at(social, http).send(POSTING)
    (post,) = social.x.feed.list_ours()
    assert (post.id, post.text, post.parent) == (sent.remote_id, POSTING.words, None)
    assert sent.url == f"{social.list_base_urls()['x']}/i/web/status/{post.id}"


async def test_updates_and_parts_of_one_incident_are_a_thread(social: Social, http: Http) -> None:
    outlet = build_at(social, http)
    ids: tuple[str, ...] = ()
    for number in range(3):
        sent = await outlet.send(replace(POSTING, words=f"Update {number}", earlier=ids))
        ids += (str(sent.remote_id),)
    first, second, third = social.x.feed.list_ours()
    assert (first.parent, second.parent, third.parent) == (None, first, second)


async def test_where_the_thread_is_refused_the_stand_alone_words_go_out(social: Social, http: Http) -> None:
    outlet = build_at(social, http)
    first = await outlet.send(POSTING)
    social.x.feed.delete(social.x.feed.list_ours()[0])
    second = replace(POSTING, words="More.", fallback="Update on “API down”: More.", earlier=(str(first.remote_id),))
    sent = await outlet.send(second)
    (post,) = social.x.feed.list_ours()
    assert (post.text, post.parent, sent.note) == ("Update on “API down”: More.", None, STAND_ALONE)
    found = await outlet.find(second)
    assert found
    assert (found.remote_id, found.note) == (post.id, STAND_ALONE)
    with pytest.raises(Refused, match="no stand-alone words were approved"):
        await outlet.send(replace(second, fallback=None))


async def test_a_lost_answer_is_found_by_the_text_as_x_shows_it(social: Social, http: Http) -> None:
    outlet = build_at(social, http)
    assert await outlet.find(POSTING) is None
    social.x.switches.switch_on("drop", times=1)
    with pytest.raises(Uncertain):
        await outlet.send(POSTING)
    (post,) = social.x.feed.list_ours()
    found = await outlet.find(POSTING)
    assert found
    assert (found.remote_id, found.note) == (post.id, None)
    assert found.url == f"{social.list_base_urls()['x']}/acme/status/{post.id}"
    assert (await outlet.send(POSTING)).remote_id == post.id, "a duplicate that is ours is success"
    assert await outlet.find(replace(POSTING, earlier=(post.id,))) is None, "it is an earlier update's"
    assert await outlet.find(replace(POSTING, first_tried_at=datetime.now(UTC) + LONG_AGO)), "a replay runs ahead"


async def test_a_retraction_removes_it_and_what_is_gone_is_removed(social: Social, http: Http) -> None:
    outlet = build_at(social, http)
    target = replace(POSTING, target=(await outlet.send(POSTING)).remote_id)
    for _ in range(2):
        assert (await outlet.retract(target)).remote_id == target.target
        assert social.x.feed.list_ours() == []
    with pytest.raises(Refused, match="by hand"):
        await outlet.retract(POSTING)


async def test_a_check_names_the_account_and_posts_nothing(social: Social, http: Http) -> None:
    assert (await build_at(social, http).check()).endswith("knows us as @acme; nothing was posted")
    assert social.x.feed.list_ours() == []
    for name in SECRETS:
        with pytest.raises(NotSent, match="X refuses the token: check X_ACCESS_TOKEN, X_ACCESS_SECRET"):
            await build_at(social, http, **{name: "another-sesame"}).check()


async def test_too_many_calls_wait_until_the_window_ends(social: Social, http: Http) -> None:
    for _ in range(3):
        social.x.switches.switch_on("429", times=1)
    with pytest.raises(NotSent) as caught:
        await build_at(social, http).send(POSTING)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after <= timedelta(seconds=3)


LUCK = {"drop": 0.3, "500": 0.2, "429": 0.05, "late": 0.02, "timeout": 0.02, "down": 0.05}


@pytest.mark.impatient
async def test_fifty_updates_through_bad_luck_are_each_posted_once(
    social: Social,
    http: Http,
    scene: Scene,  # noqa: F811 - the fixture
) -> None:
    luck = social.x.switches = BadLuck(LUCK)
    words = [f"Update {number} & more, see https://acme.com/{number}" for number in range(50)]
    states = await publish_many(scene, build_at(social, http, key=MASTODON), words)
    assert states == ["sent"] * 50
    assert [text.partition(" &")[0] for text in list_texts(social.x)] == [f"Update {number}" for number in range(50)]
    assert {"drop", "500", "429"} <= set(luck.struck)


# With exact answers


@pytest.mark.parametrize(
    ("reply", "outcome", "words"),
    [
        (problem(401), NotSent, "check X_ACCESS_TOKEN"),
        (problem(401, "", f"Date: {format_datetime(datetime.now(UTC) - LONG_AGO)}"), NotSent, "clock is wrong"),
        (problem(403, "no oauth1 app permissions", type="x/oauth1-permissions"), NotSent, "Read and write"),
        (problem(403, "You are not permitted to perform this action."), Refused, "the account may be locked"),
        (problem(402, "CreditsDepleted"), Refused, "X wants money"),
        (problem(403, "spend cap reached"), Refused, "X wants money"),
        (problem(429, "Usage cap exceeded: Monthly product cap", type="x/usage-capped"), Refused, "X wants money"),
        (problem(400, "too long"), Refused, "too long for it"),
        (problem(404), Refused, "Check the address"),
        (problem(429), NotSent, "asks us to wait"),
        (problem(500), Uncertain, "may have been taken"),
        (problem(503), Uncertain, "may have been taken"),
        (answer(302, "Location: https://sesame/"), Refused, "redirects are not followed"),
        (answer(201, body=b"<html>sesame"), Uncertain, "cannot be read"),
        (answer(200, body=b'{"data": {"id": "../sesame"}}'), Uncertain, "cannot be read"),
        (b"\x00sesame\r\n\r\n", Uncertain, "did not answer"),
        (reset, Uncertain, "did not answer"),
        pytest.param(None, Uncertain, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_an_answer_means(http: Http, reply: Reply, outcome: type[DeliveryError], words: str) -> None:
    async with serve(reply) as place:
        with pytest.raises(outcome) as caught:
            await build_x(http, f"http://127.0.0.1:{place.port}").send(POSTING)
    assert words in str(caught.value)
    assert "sesame" not in f"{caught.value!r}"
    assert len(place.requests) == 1


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        (["x-rate-limit-remaining: 0", "x-rate-limit-reset: {in_100}"], 95, 100),
        (["x-rate-limit-remaining: 7", "x-rate-limit-reset: {in_100}", "x-user-limit-24hour-remaining: 0",
          "x-user-limit-24hour-reset: {in_9999}"], 3600, 3600),
        (["x-rate-limit-reset: 5"], 0, 0),
        (["x-rate-limit-reset: sesame", "Retry-After: 30"], 30, 30),
    ],
)  # fmt: skip
async def test_the_pause_that_x_names(http: Http, headers: list[str], least: int, most: int) -> None:
    now = int(time.time())
    named = [each.format(in_100=now + 100, in_9999=now + 9999) for each in headers]
    async with serve(problem(429, "", *named)) as place:
        with pytest.raises(NotSent) as caught:
            await build_x(http, f"http://127.0.0.1:{place.port}").send(POSTING)
    assert caught.value.retry_after is not None
    assert least <= caught.value.retry_after.total_seconds() <= most


async def test_the_request_is_json_with_a_signature_and_nothing_in_the_address(http: Http) -> None:
    async with serve(POSTED) as place:
        await build_x(http, f"http://127.0.0.1:{place.port}").send(replace(POSTING, earlier=("5", "6")))
    (request,) = place.requests
    assert request.line == "POST /2/tweets HTTP/1.1"
    assert json.loads(request.body) == {"text": POSTING.words, "reply": {"in_reply_to_tweet_id": "6"}}
    assert request.headers["content-type"] == "application/json"
    assert request.headers["authorization"].startswith("OAuth oauth_nonce=")
    assert "secret-sesame" not in request.headers["authorization"]


@pytest.mark.parametrize("refusal", [NO_REPLY, problem(403, "You are not permitted to perform this action.")])
async def test_both_tries_are_one_attempt(http: Http, refusal: bytes) -> None:
    threaded = replace(POSTING, earlier=("5",), fallback="Stand alone.")
    async with serve(refusal, POSTED) as place:
        sent = await build_x(http, f"http://127.0.0.1:{place.port}").send(threaded)
    assert (sent.remote_id, sent.note) == ("77", STAND_ALONE)
    assert [json.loads(each.body).get("reply") for each in place.requests] == [{"in_reply_to_tweet_id": "5"}, None]
    async with serve(refusal, reset) as place:
        with pytest.raises(Uncertain):
            await build_x(http, f"http://127.0.0.1:{place.port}").send(threaded)


@pytest.mark.parametrize("refusal", [problem(402), problem(403, "app permissions"), problem(401), DUPLICATE])
async def test_other_refusals_are_not_about_the_thread(http: Http, refusal: bytes) -> None:
    async with serve(refusal) as place:
        with pytest.raises(DeliveryError):
            await build_x(http, f"http://127.0.0.1:{place.port}").send(replace(POSTING, earlier=("5",), fallback="F."))
    assert [each.line for each in place.requests if each.line.startswith("POST")] == ["POST /2/tweets HTTP/1.1"]


@pytest.mark.parametrize(
    ("posts", "outcome", "words"),
    [
        ([list_posts("Other", POSTING.words)], None, ""),
        ([list_posts("Other", next_token="t"), list_posts(POSTING.words)], None, ""),
        ([list_posts(POSTING.words, at=datetime.now(UTC) - timedelta(hours=3))], Refused, "Change the words"),
        ([list_posts()], Uncertain, "does not show them yet"),
        ([problem(500)], Uncertain, "looking it up failed"),
        ([list_posts("Other", next_token="t")], Uncertain, "too many posts"),
    ],
)
async def test_a_duplicate_is_looked_up(
    http: Http, posts: list[Reply], outcome: type[DeliveryError] | None, words: str
) -> None:
    async with serve(DUPLICATE, ME, *posts) as place:
        outlet = build_x(http, f"http://127.0.0.1:{place.port}")
        if outcome is None:
            assert (await outlet.send(POSTING)).remote_id in ("90", "91")
        else:
            with pytest.raises(outcome, match=words):
                await outlet.send(POSTING)
    assert sum(each.line.startswith("POST") for each in place.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        reset,
        answer(200, body=b"<html>"),
        problem(500),
        answer(200, body=b"[]"),
        pytest.param(None, marks=pytest.mark.impatient),
    ],
)
async def test_a_look_up_that_fails_says_nothing_of_the_post(http: Http, reply: Reply) -> None:
    async with serve(ME, reply) as place:
        with pytest.raises(DeliveryError):
            await build_x(http, f"http://127.0.0.1:{place.port}").find(POSTING)


@pytest.mark.parametrize("data", ["7", [7, {}, {"id": "8"}, {"id": "9", "text": "x", "created_at": "soon"}], {}])
async def test_rubbish_among_the_posts_is_passed_over(http: Http, data: object) -> None:
    async with serve(ME, answer(200, body=json.dumps({"data": data, "meta": 5}).encode())) as place:
        assert await build_x(http, f"http://127.0.0.1:{place.port}").find(POSTING) is None


@pytest.mark.parametrize("reply", [answer(200, body=b'{"data": {"deleted": true}}'), problem(404)])
async def test_a_removed_post_is_gone(http: Http, reply: Reply) -> None:
    async with serve(reply) as place:
        await build_x(http, f"http://127.0.0.1:{place.port}").retract(replace(POSTING, target="77"))
    assert place.requests[0].line == "DELETE /2/tweets/77 HTTP/1.1"


@pytest.mark.parametrize("reply", [problem(500), reset, answer(200, body=b'{"data": {"deleted": false}}')])
async def test_a_doubtful_removal_may_be_repeated(http: Http, reply: Reply) -> None:
    async with serve(reply) as place:
        with pytest.raises(NotSent):
            await build_x(http, f"http://127.0.0.1:{place.port}").retract(replace(POSTING, target="77"))


async def test_words_that_cannot_be_written_are_refused(http: Http) -> None:
    with pytest.raises(Refused, match="Remove it"):
        await build_x(http, "http://127.0.0.1:9").send(replace(POSTING, words="lone \ud800 half"))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("See acme.com.", "See http://acme.com/."),
        ("See HTTPS://Acme.com/x", "See https://acme.com/x"),
        ("a\n\n\nb ", "a\n\nb"),
        ("Cafe\u0301 https://acme.com/caf%C3%A9", "Café https://acme.com/café"),
    ],
)
def test_the_gist_survives_what_x_does_to_a_text(ours: str, theirs: str) -> None:
    assert build_gist(ours) == build_gist(theirs)
    assert build_gist(ours) != build_gist(f"{ours} more")


# What is declared


def test_the_price_tells_what_a_link_costs() -> None:
    assert word_cost("It broke.") == "$0.015 (with a link $0.200)"
    assert word_cost("It broke, see acme.com") == "$0.200 (without its link $0.015)"


def test_the_budget_for_reading_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "chatops.toml"
    for written, expected in (("mentions_daily_usd = 2", 2_000), ("", 5_000)):
        file.write_text(f"[outlets.x]\n{written}\n", encoding="utf-8")
        _, found = read_settings({f"X_{name.upper()}": value for name, value in SECRETS.items()}, tmp_path).outlets
        assert found.build_spec().daily_reads == expected
    for wrong in ("-1", '"five"', "nan"):
        file.write_text(f"[outlets.x]\nmentions_daily_usd = {wrong}\n", encoding="utf-8")
        with pytest.raises(BadSettings, match="mentions_daily_usd"):
            read_settings({f"X_{name.upper()}": value for name, value in SECRETS.items()}, tmp_path)


def test_the_specification() -> None:
    outlet = build_x(Http(), x_calls.API_URL)
    spec = outlet.spec
    assert (spec.form, spec.link, spec.split, spec.limits.max_chars) == ("short", "first", False, 280)
    assert spec.account == "api.x.com, account 42"
    assert outlet._calls.link("7") == "https://x.com/i/web/status/7"
    changed = build_x(Http(), x_calls.API_URL, link="always", split=True, access_token="sesame").spec
    assert (changed.link, changed.split, changed.account) == ("always", True, "api.x.com")


ENVIRON = {f"X_{name.upper()}": value for name, value in SECRETS.items()}


def test_the_settings_take_its_secrets_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "chatops.toml").write_text('[outlets.x]\nimpacts = ["major", "critical"]\n', encoding="utf-8")
    _, found = read_settings(ENVIRON, tmp_path).outlets
    assert {impact.value for impact in found.build_spec().impacts} == {"major", "critical"}
    assert "sesame" not in f"{found!r}{found.settings!r}"


@pytest.mark.parametrize(
    ("table", "environ", "words"),
    [
        ("", {}, "needs the environment variable X_CONSUMER_KEY"),
        ('base_url = "api.x.com"', ENVIRON, "line 2: outlets.x.base_url must be an address like https://"),
        ('base_url = "https://me:sesame@api.x.com"', ENVIRON, "must be an address like"),
        ('link = "sometimes"', ENVIRON, "outlets.x.link must be 'always', 'first' or 'never'"),
        ('impacts = ["huge"]', ENVIRON, "outlets.x.impacts must be 'none', 'minor', 'major' or 'critical'"),
        ('impacts = "major"', ENVIRON, "outlets.x.impacts must be a list"),
        ("split = 1", ENVIRON, "outlets.x.split must be true or false"),
    ],
)
def test_wrong_settings_say_what_to_write(tmp_path: Path, table: str, environ: dict[str, str], words: str) -> None:
    (tmp_path / "chatops.toml").write_text(f"[outlets.x]\n{table}\n", encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        read_settings(environ, tmp_path)
    assert words in str(caught.value)
    assert "sesame" not in str(caught.value)
