"""Mastodon: idempotency keys, edits, threads, notifications, limits."""

from datetime import datetime
from typing import Any

import pytest

from chatops.sandbox.social.mastodon_wire import count_chars
from tests.sandbox.social.conftest import Got, Town


async def post(town: Town, status: str, key: str | None = None, **more: Any) -> Got:
    headers = {"Idempotency-Key": key} if key else {}
    return await town.mastodon("POST", "/api/v1/statuses", json={"status": status} | more, headers=headers)


def test_length() -> None:
    assert count_chars("https://status.acme.example/incidents/INC-1 x") == 25
    assert count_chars("@ann@social.example hi") == 7
    assert count_chars("👨‍👩‍👧‍👦") == 1


async def test_a_key_makes_one_status_for_an_hour(town: Town) -> None:
    first = (await post(town, "Hello", "k1")).body
    assert (await post(town, "Hello", "k1")).body["id"] == first["id"]
    assert (await post(town, "Hello")).body["id"] != first["id"]
    town.clock.ahead = 3601
    assert (await post(town, "Hello", "k1")).body["id"] != first["id"]
    assert len(town.social.list_posts("mastodon")) == 3


async def test_a_status_as_html(town: Town) -> None:
    got = await post(town, "Hi @acme <b>\nhttps://acme.example/a?b=1&c=2\n\nEnd", visibility="unlisted")
    content = got.body["content"]
    assert "&lt;b&gt;<br />" in content
    assert 'href="https://acme.example/a?b=1&amp;c=2"' in content
    assert content.endswith("</p><p>End</p>")
    assert got.body["mentions"][0]["acct"] == "acme"
    assert got.body["visibility"] == "unlisted"


async def test_forms_are_taken_too(town: Town) -> None:
    got = await town.mastodon("POST", "/api/v1/statuses", data={"status": "By form", "media_ids[]": "1"})
    assert got.body["content"] == "<p>By form</p>"


async def test_edits_keep_a_history(town: Town) -> None:
    status_id = (await post(town, "Frist")).body["id"]
    edited = (await town.mastodon("PUT", f"/api/v1/statuses/{status_id}", json={"status": "First"})).body
    assert datetime.fromisoformat(edited["edited_at"])
    await town.mastodon("PUT", f"/api/v1/statuses/{status_id}", json={"status": "First"})
    history = (await town.mastodon("GET", f"/api/v1/statuses/{status_id}/history")).body
    assert [each["content"] for each in history] == ["<p>Frist</p>", "<p>First</p>"]
    source = (await town.mastodon("GET", f"/api/v1/statuses/{status_id}/source")).body
    assert source == {"id": status_id, "text": "First", "spoiler_text": ""}
    gone = (await town.mastodon("DELETE", f"/api/v1/statuses/{status_id}")).body
    assert gone["text"] == "First"
    assert (await town.mastodon("GET", f"/api/v1/statuses/{status_id}")).body == {"error": "Record not found"}


async def test_threads_and_notifications(town: Town) -> None:
    root = (await post(town, "We are looking.")).body
    theirs = await town.be_customer("mastodon", name="Ann", handle="ann@social.example", text="hm", reply_to=root["id"])
    assert theirs["text"] == "@acme hm"
    ours = (await post(town, "@ann@social.example sorry", in_reply_to_id=theirs["id"])).body
    await town.be_customer("mastodon", name="Bob", do="repost", id=root["id"])
    context = (await town.mastodon("GET", f"/api/v1/statuses/{theirs['id']}/context")).body
    assert [each["id"] for each in context["ancestors"]] == [root["id"]]
    assert [each["id"] for each in context["descendants"]] == [ours["id"]]
    only = {"types[]": "mention"}
    (mention,) = (await town.mastodon("GET", "/api/v1/notifications", params=only)).body
    assert (mention["type"], mention["account"]["acct"]) == ("mention", "ann@social.example")
    assert (mention["status"]["id"], mention["status"]["in_reply_to_id"]) == (theirs["id"], root["id"])
    everything = (await town.mastodon("GET", "/api/v1/notifications")).body
    assert [each["type"] for each in everything] == ["reblog", "mention"]
    later = {"since_id": mention["id"], **only}
    assert (await town.mastodon("GET", "/api/v1/notifications", params=later)).body == []


async def test_quotes_are_told_of_and_shown(town: Town) -> None:
    ours = (await post(town, "We are looking.")).body
    quote = await town.be_customer("mastodon", name="Ann", text="what a mess", quote=ours["id"])
    (told,) = (await town.mastodon("GET", "/api/v1/notifications", params={"types[]": "quote"})).body
    status = told["status"]
    assert (told["type"], status["id"], status["quote"]["quoted_status"]["id"]) == ("quote", quote["id"], ours["id"])
    assert status["content"].startswith('<p class="quote-inline">RE: <a href=')
    await town.mastodon("DELETE", f"/api/v1/statuses/{ours['id']}")
    shown = (await town.mastodon("GET", f"/api/v1/statuses/{quote['id']}")).body
    assert shown["quote"] == {"state": "deleted", "quoted_status": None}


async def test_an_answer_to_what_was_deleted_answers_nothing_and_cannot_be_repeated(town: Town) -> None:
    theirs = await town.be_customer("mastodon", name="Ann", text="@acme down?")
    ours = (await post(town, "@ann yes", in_reply_to_id=theirs["id"], key="k")).body
    await town.be_customer("mastodon", do="delete", id=theirs["id"])
    assert (await post(town, "@ann yes", in_reply_to_id=theirs["id"], key="k")).status == 404
    assert (await town.mastodon("GET", f"/api/v1/statuses/{ours['id']}")).body["in_reply_to_id"] is None
    assert (await town.mastodon("GET", "/api/v1/notifications")).body == []


async def test_lists_are_cut_by_id(town: Town) -> None:
    ids = [(await post(town, f"No {number}")).body["id"] for number in range(5)]
    path = f"/api/v1/accounts/{town.social.mastodon.feed.ours.id}/statuses"
    newest = await town.mastodon("GET", path, params={"limit": "2", "exclude_reblogs": "true", "since_id": ids[0]})
    assert [each["id"] for each in newest.body] == [ids[4], ids[3]]
    assert f'max_id={ids[3]}>; rel="next"' in newest.headers["link"]
    following = await town.mastodon("GET", path, params={"limit": "2", "min_id": ids[0]})
    assert [each["id"] for each in following.body] == [ids[2], ids[1]]
    before = await town.mastodon("GET", path, params={"max_id": ids[1]})
    assert [each["id"] for each in before.body] == [ids[0]]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"status": "x" * 501}, 422, "Validation failed: Text character limit of 500 exceeded"),
        ({"status": ""}, 422, "Validation failed: Text can't be blank"),
        ({"status": "x", "visibility": "secret"}, 422, "Validation failed: Visibility is not included in the list"),
        (
            {"status": "x", "in_reply_to_id": "1"},
            404,
            "The post you are trying to reply to does not appear to exist.",
        ),
    ],
)
async def test_refusals(town: Town, body: dict[str, str], status: int, error: str) -> None:
    got = await town.mastodon("POST", "/api/v1/statuses", json=body)
    assert (got.status, got.body) == (status, {"error": error})


async def test_other_peoples_posts_cannot_be_changed(town: Town) -> None:
    theirs = await town.be_customer("mastodon", name="Ann", text="@acme hi")
    for method, more in (("PUT", {"json": {"status": "x"}}), ("DELETE", {})):
        got = await town.mastodon(method, f"/api/v1/statuses/{theirs['id']}", **more)
        assert (got.status, got.body) == (404, {"error": "Record not found"})


async def test_tokens_and_paths(town: Town) -> None:
    bad = await town.mastodon("GET", "/api/v1/accounts/verify_credentials", token="bad")
    assert (bad.status, bad.body) == (401, {"error": "The access token is invalid"})
    me = (await town.mastodon("GET", "/api/v1/accounts/verify_credentials")).body
    assert (me["acct"], me["source"]["privacy"]) == ("acme", "public")
    assert (await town.mastodon("GET", f"/api/v1/accounts/{me['id']}")).body["id"] == me["id"]
    assert (await town.mastodon("GET", "/api/v1/accounts/5")).status == 404
    assert (await town.mastodon("GET", "/api/v9/things")).status == 404
    instance = await town.call("GET", town.at("mastodon", "/api/v2/instance"))
    statuses = instance.body["configuration"]["statuses"]
    assert (statuses["max_characters"], statuses["characters_reserved_per_url"]) == (500, 23)
    assert (await town.call("GET", town.at("mastodon", "/api/v1/instance"))).body["version"]


async def test_rate_limits(town: Town) -> None:
    got = await post(town, "Hello")
    assert (got.headers["x-ratelimit-limit"], got.headers["x-ratelimit-remaining"]) == ("300", "299")
    reset = datetime.fromisoformat(got.headers["x-ratelimit-reset"])
    assert abs(reset.timestamp() - town.clock() - 300) < 3
    ids = [(await post(town, f"No {number}")).body["id"] for number in range(31)]
    answers = [await town.mastodon("DELETE", f"/api/v1/statuses/{each}") for each in ids]
    assert [each.status for each in answers] == [200] * 30 + [429]
    assert answers[-1].body == {"error": "Too many requests"}
