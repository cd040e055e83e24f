"""A Facebook Page: posts, comments, duplicates, tokens and the headers of use."""

import json
from typing import Any

import pytest

from tests.sandbox.social.conftest import Found, Got, Town

PAGE = "100200300400500"


async def post(town: Town, message: str, **more: Any) -> Got:
    return await town.facebook("POST", f"/{PAGE}/feed", json={"message": message} | more)


def code(got: Got) -> int:
    assert got.status >= 400, got.body
    assert got.body["error"]["fbtrace_id"]
    return int(got.body["error"]["code"])


async def test_post_edit_read_delete(town: Town) -> None:
    post_id = (await post(town, "We are looking.")).body["id"]
    assert post_id.startswith(f"{PAGE}_")
    fields = {"fields": "message,permalink_url,created_time,from{name}"}
    got = await town.facebook("GET", f"/v26.0/{PAGE}/published_posts", params=fields)
    (shown,) = got.body["data"]
    assert (shown["message"], shown["id"]) == ("We are looking.", post_id)
    assert shown["permalink_url"].startswith("https://www.facebook.com/")
    assert shown["from"] == {"name": "Acme", "id": PAGE}
    assert (await town.facebook("POST", f"/{post_id}", json={"message": "Found."})).body == {"success": True}
    assert (await town.facebook("GET", f"/{post_id}")).body["message"] == "Found."
    assert (await town.facebook("DELETE", f"/{post_id}")).body == {"success": True}
    assert code(await town.facebook("GET", f"/{post_id}")) == 100


async def test_forms_and_a_token_among_the_arguments(town: Town) -> None:
    form = {"message": "By form", "access_token": town.social.settings.facebook_page_token}
    got = await town.call("POST", town.at("facebook", "/me/feed"), data=form)
    assert got.status == 200
    got = await town.call("GET", town.at("facebook", "/me"), params={"access_token": form["access_token"]})
    assert got.body == {"name": "Acme", "id": PAGE}


async def test_only_the_last_post_is_a_duplicate(town: Town) -> None:
    await post(town, "One")
    again = await post(town, "One")
    assert (again.status, code(again)) == (400, 506)
    assert again.body["error"]["message"] == "(#506) Duplicate status message"
    assert (await post(town, "Two")).status == 200
    assert (await post(town, "One")).status == 200


async def test_since(town: Town) -> None:
    await post(town, "Early")
    town.clock.ahead = 100
    await post(town, "Late")
    since = {"since": str(int(town.clock()) - 50), "fields": "message"}
    got = await town.facebook("GET", f"/{PAGE}/published_posts", params=since)
    assert [each["message"] for each in got.body["data"]] == ["Late"]
    assert code(await town.facebook("GET", f"/{PAGE}/posts", params={"since": "yesterday-ish"})) == 100


async def test_unpublished_posts_are_not_listed(town: Town) -> None:
    post_id = (await post(town, "Later", published=False)).body["id"]
    assert (await town.facebook("GET", f"/{PAGE}/published_posts")).body["data"] == []
    await town.facebook("POST", f"/{post_id}", json={"is_published": True})
    assert len((await town.facebook("GET", f"/{PAGE}/published_posts")).body["data"]) == 1


async def test_pages_of_posts(town: Town) -> None:
    for number in range(5):
        await post(town, f"No {number}")
    first = (await town.facebook("GET", f"/{PAGE}/feed", params={"limit": "3"})).body
    after = first["paging"]["cursors"]["after"]
    rest = (await town.facebook("GET", f"/{PAGE}/feed", params={"limit": "3", "after": after})).body
    assert [each["message"] for each in first["data"] + rest["data"]] == [f"No {n}" for n in range(4, -1, -1)]
    assert "next" in first["paging"]
    assert "next" not in rest["paging"]


async def test_comments_and_who_wrote_them(town: Town) -> None:
    post_id = (await post(town, "We are looking.")).body["id"]
    theirs = await town.be_customer("facebook", name="Eve", text="Help!", reply_to=post_id)
    answer = await town.facebook("POST", f"/{theirs['id']}/comments", json={"message": "On it."})
    assert answer.status == 200
    (comment,) = (await town.facebook("GET", f"/{post_id}/comments")).body["data"]
    assert (comment["message"], comment["from"]["name"]) == ("Help!", "Eve")
    (below,) = (await town.facebook("GET", f"/{theirs['id']}/comments", params={"fields": "message,from,parent"})).body[
        "data"
    ]
    assert (below["message"], below["from"]["name"], below["parent"]) == ("On it.", "Acme", {"id": theirs["id"]})
    assert code(await town.facebook("POST", f"/{theirs['id']}", json={"message": "mine now"})) == 200
    await town.facebook("DELETE", f"/{post_id}")
    assert not town.social.facebook.feed.list_live()


async def test_posts_that_tag_us(town: Town) -> None:
    await town.be_customer("facebook", name="Eve", text="hello world")
    tagging = await town.be_customer("facebook", name="Eve", text="@acme is down")
    got = await town.facebook("GET", f"/{PAGE}/tagged", params={"fields": "message,from"})
    assert got.body["data"] == [{"message": "@acme is down", "id": tagging["id"]}]


@pytest.mark.parametrize(("token", "expected"), [("bad", 190), ("", 2500)])
async def test_tokens(town: Town, token: str, expected: int) -> None:
    got = await town.facebook("GET", "/me", token=token)
    assert (got.status, code(got)) == (400, expected)
    assert "invalid_token" in got.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", f"/{PAGE}/feed", {"message": " "}, 100),
        ("POST", f"/{PAGE}/feed", {"message": "x" * 63_207}, 100),
        ("POST", f"/{PAGE}/feed", {"message": "x", "text": "y"}, 100),
        ("POST", "/999/feed", {"message": "x"}, 100),
        ("GET", f"/{PAGE}/feed?fields=nonsense", None, 100),
        ("GET", "/me?fields=nonsense", None, 100),
        ("GET", "/1/2/3", None, 2500),
    ],
)
async def test_refusals(town: Town, method: str, path: str, body: Any, expected: int) -> None:
    await town.be_customer("facebook", name="Eve", text="hi")
    assert code(await town.facebook(method, path, json=body)) == expected


async def test_headers_of_use(town: Town) -> None:
    for _ in range(48):
        got = await town.facebook("GET", "/me")
    assert json.loads(got.headers["x-app-usage"])["call_count"] == 1
    (business,) = json.loads(got.headers["x-business-use-case-usage"])[PAGE]
    assert (business["type"], business["estimated_time_to_regain_access"]) == ("pages", 0)


async def test_edges_within_fields(town: Town) -> None:
    post_id = (await post(town, "We are looking.")).body["id"]
    await post(town, "Nobody says a word")
    first = await town.be_customer("facebook", name="Eve", text="Help!", reply_to=post_id)
    for number in range(3):
        await town.be_customer("facebook", name="Bob", text=f"Me too {number}", reply_to=first["id"])
    nested = "comments.filter(stream).order(reverse_chronological).since(0).limit(3){message,parent{id},from}"
    got = await town.facebook("GET", f"/{PAGE}/feed", params={"fields": f"id,{nested},message"})
    silent, (comments, message) = got.body["data"][0], (got.body["data"][1][name] for name in ("comments", "message"))
    assert ("comments" in silent, message) == (False, "We are looking.")
    assert [each["message"] for each in comments["data"]] == ["Me too 2", "Me too 1", "Me too 0"]
    assert comments["data"][0]["parent"] == {"id": first["id"]}
    assert "next" in comments["paging"]
    after = {"filter": "stream", "order": "reverse_chronological", "after": comments["paging"]["cursors"]["after"]}
    rest = await town.facebook("GET", f"/{post_id}/comments", params=after)
    assert [each["message"] for each in rest.body["data"]] == ["Help!"]
    assert len((await town.facebook("GET", f"/{post_id}/comments")).body["data"]) == 1, "without a filter, one level"
    for wrong in ("comments.limit(3){message", "{", "message,,"):
        assert code(await town.facebook("GET", f"/{post_id}", params={"fields": wrong})) == 2500


async def test_a_deleted_comment_takes_its_answers_with_it(town: Town) -> None:
    post_id = (await post(town, "We are looking.")).body["id"]
    theirs = await town.be_customer("facebook", name="Eve", text="Help!", reply_to=post_id)
    await town.facebook("POST", f"/{theirs['id']}/comments", json={"message": "On it."})
    await town.be_customer("facebook", do="delete", id=theirs["id"])
    assert [each.id for each in town.social.facebook.feed.list_live()] == [post_id]


async def test_people_are_named_only_where_that_is_permitted(found: Found) -> None:
    town = await found(facebook_names_people=False)
    post_id = (await post(town, "We are looking.")).body["id"]
    await town.be_customer("facebook", name="Eve", text="Help!", reply_to=post_id)
    (comment,) = (await town.facebook("GET", f"/{post_id}/comments")).body["data"]
    assert "from" not in comment
