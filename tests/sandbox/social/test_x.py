"""X: posts, threads, edits, mentions, prices and refusals in its own words."""

from typing import Any

import pytest

from chatops.sandbox.social.x_text import count_weighted, has_link, show
from tests.sandbox.social.conftest import Got, Town


async def post(town: Town, text: str, **more: Any) -> Got:
    return await town.x("POST", "/2/tweets", {"text": text} | more)


async def post_id(town: Town, text: str, **more: Any) -> str:
    got = await post(town, text, **more)
    assert got.status == 201, got.body
    return str(got.body["data"]["id"])


def reply_to(post_id: str) -> dict[str, Any]:
    return {"reply": {"in_reply_to_tweet_id": post_id}}


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("abc", 3), ("e\u0301", 1), ("字", 2), ("👍🏽", 2), ("👨‍👩‍👧‍👦", 2), ("🇩🇪!", 3), ("…", 2), ("–", 1), ("1️⃣", 2),
        ("https://status.acme.example/incidents/INC-1", 23), ("see acme.com/x.", 28), ("a@acme.com", 10),
    ],
)  # fmt: skip
def test_weighted_length(text: str, weight: int) -> None:
    assert count_weighted(text) == weight


def test_weights_agree_with_the_parser_of_others() -> None:
    twitter_text = pytest.importorskip("twitter_text")
    for text in ("plain words", "字 and 👍🏽", "https://acme.com/a?b=c#d more", "naïve café", "한국어 🇰🇷", "x" * 300):
        assert count_weighted(text) == twitter_text.parse_tweet(text).weightedLength, text


def test_shown_text_is_escaped_and_shortened() -> None:
    shown = show("a & b <c> https://acme.com/x, see @acme", {"acme": "7"})
    (url,) = shown.entities["urls"]
    assert shown.text == f"a &amp; b &lt;c&gt; {url['url']}, see @acme"
    assert shown.text[url["start"] : url["end"]] == url["url"]
    assert url["expanded_url"] == "https://acme.com/x"
    assert len(url["url"]) == 23
    assert shown.entities["mentions"] == [
        {"start": len(shown.text) - 5, "end": len(shown.text), "username": "acme", "id": "7"}
    ]
    assert has_link("acme.io")
    assert not has_link("e.g. this")


async def test_posts_threads_and_reading_back(town: Town) -> None:
    first = await post_id(town, "We are looking. https://status.acme.example/INC-1")
    second = await post_id(town, "Found it.", **reply_to(first))
    me = (await town.x("GET", "/2/users/me")).body["data"]
    assert (me["username"], set(me)) == ("acme", {"id", "name", "username"})
    fields = {"tweet.fields": "created_at,entities,conversation_id,referenced_tweets"}
    got = await town.x("GET", f"/2/users/{me['id']}/tweets", None, max_results=5, **fields)
    newest, oldest = got.body["data"]
    assert (newest["id"], newest["conversation_id"]) == (second, first)
    assert newest["referenced_tweets"] == [{"type": "replied_to", "id": first}]
    assert oldest["entities"]["urls"][0]["expanded_url"] == "https://status.acme.example/INC-1"
    assert got.body["meta"] == {"result_count": 2, "newest_id": second, "oldest_id": first}
    since = await town.x("GET", f"/2/users/{me['id']}/tweets", None, since_id=first)
    assert [each["id"] for each in since.body["data"]] == [second]
    assert set(since.body["data"][0]) == {"id", "text", "edit_history_tweet_ids"}


async def test_pages_of_posts(town: Town) -> None:
    ids = [await post_id(town, f"Update {number}") for number in range(7)]
    path = f"/2/users/{town.social.x.feed.ours.id}/tweets"
    first = (await town.x("GET", path, None, max_results=5)).body
    rest = (await town.x("GET", path, None, max_results=5, pagination_token=first["meta"]["next_token"])).body
    assert [each["id"] for each in first["data"] + rest["data"]] == ids[::-1]
    assert "next_token" not in rest["meta"]


async def test_too_long_empty_and_duplicate(town: Town) -> None:
    assert (await post(town, "x" * 280)).status == 201
    long = await post(town, "字" * 141)
    assert long.status == 400
    assert long.body["errors"][0]["message"].startswith("Your Tweet text is too long.")
    assert (await post(town, " ")).status == 400
    await post_id(town, "Same words")
    again = await post(town, "Same words")
    detail = "You are not allowed to create a Tweet with duplicate content."
    assert (again.status, again.body) == (
        403,
        {"detail": detail, "type": "about:blank", "title": "Forbidden", "status": 403},
    )
    town.clock.ahead = 13 * 3600
    assert (await post(town, "Same words")).status == 201


async def test_replies_only_to_those_who_named_us(town: Town) -> None:
    stranger = await town.be_customer("x", name="Bob", text="Acme is down, is it?")
    refused = await post(town, "Sorry!", **reply_to(stranger["id"]))
    assert refused.status == 403
    assert refused.body["detail"].startswith("Reply to this conversation is not allowed because you have not been")
    for wish in ({"text": "hey @ACME"}, {"text": "look", "quote": await post_id(town, "Our post")}):
        engaged = await town.be_customer("x", name="Ann", **wish)
        assert (await post(town, f"Hello {wish['text']}", **reply_to(engaged["id"]))).status == 201
    gone = await post(town, "Nobody", **reply_to("123"))
    assert (gone.status, gone.body["title"]) == (403, "Forbidden")


async def test_mentions_with_authors(town: Town) -> None:
    ours = await post_id(town, "We are looking.")
    asked = await town.be_customer("x", name="Ann Lee", handle="annlee", followers=1200, text="@acme is it down?")
    answer = await town.be_customer("x", name="Cy", handle="cy", text="thanks", reply_to=ours)
    await town.be_customer("x", name="Di", text="@acmecorp is another one")
    query = {"expansions": "author_id", "user.fields": "public_metrics", "tweet.fields": "author_id,entities"}
    path = f"/2/users/{town.social.x.feed.ours.id}/mentions"
    got = (await town.x("GET", path, None, **query)).body
    assert [each["id"] for each in got["data"]] == [answer["id"], asked["id"]]
    assert got["data"][0]["text"] == "@acme thanks"
    followers = {user["username"]: user["public_metrics"]["followers_count"] for user in got["includes"]["users"]}
    assert followers == {"annlee": 1200, "cy": 0}
    later = (await town.x("GET", path, None, since_id=answer["id"])).body
    assert later == {"meta": {"result_count": 0}}


async def test_edits_are_new_ids_of_one_chain(town: Town) -> None:
    first = await post_id(town, "Frist words")
    second = await post_id(town, "First words", edit_options={"previous_post_id": first})
    fields = {"tweet.fields": "edit_history_tweet_ids"}
    now = (await town.x("GET", f"/2/tweets/{second}", None, **fields)).body["data"]
    then = (await town.x("GET", f"/2/tweets/{first}")).body["data"]
    assert (now["text"], then["text"]) == ("First words", "Frist words")
    assert now["edit_history_tweet_ids"] == [first, second]
    assert (await post(town, "Older one", edit_options={"previous_post_id": first})).status == 403
    assert (await town.x("DELETE", f"/2/tweets/{first}")).body == {"data": {"deleted": True}}
    gone = await town.x("GET", f"/2/tweets/{second}")
    assert (gone.status, gone.body["errors"][0]["title"]) == (200, "Not Found Error")


async def test_edits_end_after_half_an_hour_and_five(town: Town) -> None:
    latest = await post_id(town, "Words 0")
    for number in range(1, 6):
        latest = await post_id(town, f"Words {number}", edit_options={"previous_post_id": latest})
    assert (await post(town, "Words 6", edit_options={"previous_post_id": latest})).status == 403
    late = await post_id(town, "Other words")
    town.clock.ahead = 31 * 60
    assert (await post(town, "Too late", edit_options={"previous_post_id": late})).status == 403


async def test_deleting(town: Town) -> None:
    theirs = await town.be_customer("x", name="Bob", text="@acme hi")
    assert (await town.x("DELETE", f"/2/tweets/{theirs['id']}")).status == 403
    assert (await town.x("DELETE", "/2/tweets/99")).status == 404
    assert (await town.x("DELETE", "/2/tweets/abc")).status == 400


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Requests bodies must not be empty."),
        ({"text": "x", "status": "y"}, "$.status: is not defined in the schema"),
        ({"text": 7}, "$.text: int found, string expected"),
        ({"text": "x", "reply": {"to": "1"}}, "$.to: is not defined in the schema"),
    ],
)
async def test_bodies_are_checked(town: Town, body: dict[str, Any], message: str) -> None:
    got = await town.x("POST", "/2/tweets", body)
    assert got.status == 400
    assert got.body["errors"][0]["message"].startswith(message)
    assert got.body["title"] == "Invalid Request"


@pytest.mark.parametrize(
    "query",
    [{"fields": "id"}, {"tweet.fields": "nonsense"}, {"max_results": 4}, {"max_results": 101}, {"since_id": "x"}],
)
async def test_queries_are_checked(town: Town, query: dict[str, Any]) -> None:
    got = await town.x("GET", f"/2/users/{town.social.x.feed.ours.id}/tweets", None, **query)
    assert (got.status, got.body["title"]) == (400, "Invalid Request")


async def test_what_self_serve_may_not(town: Town) -> None:
    assert (await post(town, "$AAPL and $MSFT")).status == 403
    assert (await post(town, "quoting", quote_tweet_id="1")).status == 403


async def test_a_conversation_can_be_searched(town: Town) -> None:
    root = await post_id(town, "We are looking.")
    answer = await town.be_customer("x", name="Ann", text="hm", reply_to=root)
    got = await town.x("GET", "/2/tweets/search/recent", None, query=f"conversation_id:{root}")
    assert [each["id"] for each in got.body["data"]] == [answer["id"], root]
    mine = await town.x("GET", "/2/tweets/search/recent", None, query=f"conversation_id:{root} from:ann to:acme")
    assert [each["id"] for each in mine.body["data"]] == [answer["id"]]
    assert (await town.x("GET", "/2/tweets/search/recent", None, query="cats")).status == 400
    several = await town.x("GET", "/2/tweets", None, ids=f"{root},5")
    assert ([each["id"] for each in several.body["data"]], len(several.body["errors"])) == ([root], 1)


async def test_rate_limits_and_prices(town: Town) -> None:
    got = await post(town, "One")
    assert (got.headers["x-rate-limit-limit"], got.headers["x-rate-limit-remaining"]) == ("100", "99")
    assert abs(int(got.headers["x-rate-limit-reset"]) - town.clock() - 900) < 3
    for number in range(99):
        assert (await post(town, f"No {number}")).status == 201
    over = await post(town, "One more")
    assert (over.status, over.body["title"], over.headers["x-rate-limit-remaining"]) == (429, "Too Many Requests", "0")
    assert town.social.x.cost_usd == pytest.approx(100 * 0.015)
    town.clock.ahead = 901
    await post_id(town, "See https://acme.example")
    asked = await town.be_customer("x", name="Ann", text="@acme?")
    await post_id(town, "Yes", **reply_to(asked["id"]))
    assert town.social.x.cost_usd == pytest.approx(1.5 + 0.2 + 0.01)
    assert town.social.x.list_facts() == ["Cost so far: $1.710"]


async def test_unknown_paths_and_an_app_token(town: Town) -> None:
    unknown = await town.x("GET", "/2/things")
    assert (unknown.status, unknown.body["title"]) == (404, "Not Found")
    app_only = await town.call("GET", town.at("x", "/2/users/me"), headers={"Authorization": "Bearer AAAA"})
    assert (app_only.status, app_only.body["title"]) == (403, "Unsupported Authentication")


async def test_an_edit_has_an_id_of_its_own_among_the_mentions(town: Town) -> None:
    path = f"/2/users/{town.social.x.feed.ours.id}/mentions"
    first = await town.be_customer("x", name="Ann", text="@acme down?")
    edited = await town.be_customer("x", do="edit", id=first["id"], text="@acme still down?")
    newest = edited["versions"][-1]["id"]
    (shown,) = (await town.x("GET", path, None, since_id=first["id"])).body["data"]
    assert (shown["id"], shown["edit_history_tweet_ids"]) == (newest, [first["id"], newest])
    assert (await town.x("GET", f"/2/tweets/{first['id']}")).body["data"]["text"] == "@acme down?"


async def test_reposts_and_quotes_are_shown_with_what_x_adds(town: Town) -> None:
    path = f"/2/users/{town.social.x.feed.ours.id}/mentions"
    ours = town.social.x.feed.add(town.social.x.feed.ours, "Our words")
    await town.be_customer("x", do="repost", name="Bob", id=ours.id)
    await town.be_customer("x", name="Cy", text="look", quote=ours.id)
    got = await town.x("GET", path, None, **{"tweet.fields": "referenced_tweets,entities"})
    quote, repost = got.body["data"]
    assert (repost["text"], repost["referenced_tweets"]) == (
        "RT @acme: Our words",
        [{"type": "retweeted", "id": ours.id}],
    )
    assert quote["text"].startswith("look https://t.co/")
    assert quote["entities"]["urls"][0]["expanded_url"] == f"https://twitter.com/acme/status/{ours.id}"


async def test_a_page_begins_where_its_token_says_whatever_came_and_went(town: Town) -> None:
    path = f"/2/users/{town.social.x.feed.ours.id}/mentions"
    made = [await town.be_customer("x", name="Ann", text=f"@acme {number}") for number in range(8)]
    first = (await town.x("GET", path, None, max_results=5)).body
    await town.be_customer("x", do="delete", id=made[-1]["id"])
    await town.be_customer("x", name="Ann", text="@acme new")
    rest = (await town.x("GET", path, None, max_results=5, pagination_token=first["meta"]["next_token"])).body
    assert [each["text"] for each in rest["data"]] == ["@acme 2", "@acme 1", "@acme 0"]
    assert (await town.x("GET", path, None, pagination_token="stale")).status == 400
    assert (await town.x("GET", path, None, start_time="soon")).status == 400


async def test_a_post_read_is_charged_once_a_day(town: Town) -> None:
    path = f"/2/users/{town.social.x.feed.ours.id}/mentions"
    await town.be_customer("x", name="Ann", text="@acme down?")
    for _ in range(3):
        await town.x("GET", path)
    assert town.social.x.cost_usd == pytest.approx(0.001)
    town.clock.ahead = 86_400
    await town.x("GET", path)
    assert town.social.x.cost_usd == pytest.approx(0.002)
