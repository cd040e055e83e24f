"""Teams against the stand-in: what the card shows, and what a workflow's answers mean."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from chatops.domain.errors import NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.outlets import teams
from chatops.outlets.http import Http
from chatops.outlets.json_calls import encode_json
from chatops.outlets.teams import LIMITS, MAX_CARD_BYTES, MAX_URL_BYTES, Teams, build_message
from chatops.sandbox.social.teams import Teams as TeamsStandIn

from .http_servers import Reply, answer, serve
from .settling import build_posting, outcome, publish_by_person
from .stand_ins import StandIn, run_stand_in


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with run_stand_in("teams") as running:
        yield running


def build(http: Http, url: str) -> Teams:
    chosen = teams.Settings.model_validate({"workflow_url": url})
    return Teams(chosen, teams.build_spec(chosen, key=OutletKey("teams"), label="Teams"), http)


def build_for(http: Http, stand_in: StandIn) -> Teams:
    assert isinstance(stand_in.network, TeamsStandIn)
    return build(http, stand_in.base_url + stand_in.network.workflow_path)


async def test_the_words_stand_on_the_card_line_by_line(http: Http, stand_in: StandIn) -> None:
    words = (
        "Identified: API down\n\n*Uploads* [fail](https://evil.example).\nSorry.\n\nAll updates: https://status.acme"
    )
    sent = await build_for(http, stand_in).send(build_posting(words))
    (post,) = stand_in.posts
    assert post.text == words.replace("\n\n", "\n")
    assert (sent.remote_id, sent.url) == (None, None)
    card = post.facts["card"]
    assert {each["type"] for each in card["body"]} == {"RichTextBlock"}
    assert [each["spacing"] for each in card["body"]] == ["None", "Medium", "None", "Medium"]
    assert card["actions"][0]["url"] == "https://status.acme.example/incidents/INC-12"


def test_the_attachment_names_no_other_content() -> None:
    (attachment,) = build_message("It broke.")["attachments"]
    assert attachment["contentUrl"] is None


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60), st.integers(1, 700))
@settings(max_examples=60, deadline=None)
def test_what_fits_makes_a_card_that_fits(text: str, times: int) -> None:
    words = text * times
    message = encode_json(build_message(words, "https://" + "x" * (MAX_URL_BYTES - 8)))
    assert not LIMITS.fit(words) or len(message) <= MAX_CARD_BYTES


def test_the_limit_is_used_to_the_last_byte_but_for_the_button() -> None:
    words = "x" * 27_000
    while LIMITS.fit(words):
        words += "x"
    assert MAX_CARD_BYTES - len(encode_json(build_message(words))) < MAX_URL_BYTES + 200


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (answer(401, body=b"sesame"), NotSent, "TEAMS_WORKFLOW_URL"),
        (answer(404), Refused, "TEAMS_WORKFLOW_URL"),
        (answer(400, body=b"sesame"), Refused, "400 Bad Request"),
        (answer(302, "Location: https://sesame.example"), Refused, "moved"),
        (answer(429, "Retry-After: 3"), NotSent, "429"),
        (answer(500), Uncertain, "500"),
        (b"", Uncertain, "did not answer"),
        pytest.param(None, Uncertain, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_the_answers_mean(http: Http, reply: Reply, kind: type[Exception], said: str) -> None:
    async with serve(reply) as server:
        outlet = build(http, f"http://127.0.0.1:{server.port}/workflows/1?sig=sesame")
        error = await outcome(outlet.send(build_posting("It broke.")))
    assert type(error) is kind
    assert said in str(error)
    assert "sesame" not in repr(error)
    if said == "429":
        assert isinstance(error, NotSent)
        assert error.retry_after == timedelta(seconds=3)


async def test_half_characters_are_refused(http: Http, stand_in: StandIn) -> None:
    assert LIMITS.count("\ud800") > 0
    with pytest.raises(Refused, match="a character"):
        await build_for(http, stand_in).send(build_posting("\ud800"))


@pytest.mark.impatient
async def test_nothing_twice_and_every_doubt_is_shown(http: Http, stand_in: StandIn) -> None:
    stand_in.faults = {"drop": 0.1, "late": 0.03, "429": 0.1, "500": 0.1, "timeout": 0.02, "down": 0.05}
    sent, asked = await publish_by_person(build_for(http, stand_in))
    standing = [line for post in stand_in.posts for line in post.text.splitlines()]
    assert len(set(standing)) == len(standing)
    assert set(sent) <= set(standing) <= {*sent, *asked}
    assert asked


async def test_checking_posts_nothing_and_two_workflows_are_told_apart(http: Http, stand_in: StandIn) -> None:
    outlet = build_for(http, stand_in)
    assert "takes connections" in await outlet.check()
    assert stand_in.calls == []
    assert outlet.spec.account != build(http, stand_in.base_url).spec.account
    with pytest.raises(Uncertain, match="Look into Teams"):
        await outlet.find(build_posting("It broke."))


@pytest.mark.parametrize("url", ["sesame", "ftp://sesame.example", "https://user:sesame@teams.example", "https://"])
def test_the_address_must_be_one_and_never_shows(url: str) -> None:
    with pytest.raises(ValidationError, match="must be the address") as caught:
        teams.Settings.model_validate({"workflow_url": url})
    assert "sesame" not in str(caught.value)


def test_the_message_is_json_of_the_documented_shape() -> None:
    message = json.loads(encode_json(build_message("It broke.")))
    assert message["type"] == "message"
    assert message["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert message["attachments"][0]["content"]["version"] == "1.4"
