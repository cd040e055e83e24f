"""Calls of JSON APIs: long answers, unreadable ones, and secrets that never show."""

import json
from datetime import timedelta

import pytest

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.outlets.http import LONGEST_RETRY_AFTER, Http
from chatops.outlets.json_calls import JsonApi, find_in, list_in, require_target

from .http_servers import Reply, answer, answer_half, serve


async def test_a_long_list_is_read_to_its_end(http: Http) -> None:
    long = [{"text": "x" * 1000}] * 500
    async with serve(answer(200, body=json.dumps(long).encode())) as server:
        reply = await JsonApi(http, f"http://127.0.0.1:{server.port}").call("GET", "/posts", query={"limit": "500"})
    assert reply.data == long
    assert server.requests[0].line == "GET /posts?limit=500 HTTP/1.1"


@pytest.mark.parametrize("reply", [answer(200, body=b"<html>"), answer_half, answer(200, body=b"[" * 100_000)])
async def test_what_cannot_be_read_is_no_answer(http: Http, reply: Reply) -> None:
    async with serve(reply) as server:
        api = JsonApi(http, f"http://127.0.0.1:{server.port}")
        with pytest.raises(Uncertain, match="cannot be read"):
            (await api.call("POST", body={})).require_json()
        with pytest.raises(NotSent, match="cannot be read"):
            (await api.call("GET", is_repeatable=True)).require_json()


async def test_what_may_be_repeated_is_not_sent_where_the_answer_is_lost(http: Http) -> None:
    async with serve(b"") as server:
        api = JsonApi(http, f"http://127.0.0.1:{server.port}")
        with pytest.raises(Uncertain):
            await api.call("POST", body={})
        with pytest.raises(NotSent):
            await api.call("POST", body={}, is_repeatable=True)


async def test_half_characters_are_refused_and_nothing_is_sent(http: Http) -> None:
    async with serve(answer(200)) as server:
        api = JsonApi(http, f"http://127.0.0.1:{server.port}")
        for call in (api.call("POST", body={"a": "\ud800"}), api.call("POST", form={"a": "\ud800"})):
            with pytest.raises(Refused, match="a character"):
                await call
    assert server.requests == []


async def test_a_query_joins_one_that_is_there(http: Http) -> None:
    async with serve(answer(204)) as server:
        api = JsonApi(http, f"http://127.0.0.1:{server.port}/hook?thread=1")
        reply = await api.call("POST", form={"a": "ü & b"}, query={"wait": "true"})
    assert server.requests[0].line == "POST /hook?thread=1&wait=true HTTP/1.1"
    assert server.requests[0].body == b"a=%C3%BC+%26+b"
    assert reply.is_fine
    reply.require_success()


@pytest.mark.parametrize("seconds", [None, True, "soon", -1, float("nan"), 1e9])
async def test_only_a_sensible_pause_counts(http: Http, seconds: object) -> None:
    async with serve(answer(429, "Retry-After: 5")) as server:
        reply = await JsonApi(http, f"http://127.0.0.1:{server.port}").call("GET")
    assert reply.with_retry_after(seconds).answer.retry_after == timedelta(seconds=5)
    assert reply.with_retry_after(0.5).answer.retry_after == timedelta(seconds=0.5)
    assert reply.with_retry_after(99_999).answer.retry_after == LONGEST_RETRY_AFTER


def test_secrets_do_not_show() -> None:
    api = JsonApi(Http(), "https://api.example/bot-sesame", {"Authorization": "sesame"})
    assert "sesame" not in f"{api!r}{api}"


def test_looking_into_json_of_any_shape() -> None:
    assert find_in({"a": {"b": 1}}, "a", "b") == 1
    assert find_in([{"a": 1}], "a") is None
    assert list_in([{"a": 1}, 2, None]) == [{"a": 1}]
    assert list_in({"a": 1}) == []
    assert require_target("7") == "7"
    with pytest.raises(Refused, match="by hand"):
        require_target(None)
