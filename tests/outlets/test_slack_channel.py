"""Another Slack channel, against the Slack stand-in: threads, edits, exactly once, and what Slack's noes mean."""

import json
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chatops.checkup import find_manifest
from chatops.domain.errors import BadSettings, NotSent, Refused, Uncertain
from chatops.domain.ids import OutletKey
from chatops.outlets import slack_channel
from chatops.outlets.http import Http
from chatops.outlets.slack_channel import MAX_SECTION_CHARS, SlackChannel, build_words, cut_pieces, escape
from chatops.sandbox.channels import Channel
from chatops.sandbox.faults import Fault
from chatops.sandbox.messages import Message
from chatops.sandbox.server import RunningSandbox, SandboxSettings, start_sandbox
from chatops.settings import read_settings

from .http_servers import Reply, answer, serve
from .settling import build_posting, change, outcome, publish_by_reading

TOKEN = "xoxb-sandbox-bot"


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    running = await start_sandbox(SandboxSettings(manifest=find_manifest("http"), smtp_port=None))
    running.workspace.create_channel("partners-status", kind="public", creator="U01JOEL")
    yield running
    await running.stop()


def get_channel(sandbox: RunningSandbox, name: str = "partners-status") -> Channel:
    channel = sandbox.workspace.find_channel(name)
    assert channel is not None
    return channel


def list_posts(sandbox: RunningSandbox) -> list[Message]:
    return [each for each in get_channel(sandbox).messages.values() if each.by_app]


def build(http: Http, base_url: str, *, token: str = TOKEN, channel: str = "#partners-status") -> SlackChannel:
    chosen = slack_channel.Settings.model_validate({"token": token, "channel": channel, "base_url": base_url})
    return SlackChannel(chosen, slack_channel.build_spec(chosen, key=OutletKey("a"), label="Slack"), http)


def test_a_named_one_uses_chatops_own_token_and_address(tmp_path: Path) -> None:
    (tmp_path / "chatops.toml").write_text('[outlets.slack_channel.partners]\nchannel = "partners-status"\n')
    environ = {"SLACK_BOT_TOKEN": "xoxb-sesame", "SLACK_API_URL": "http://127.0.0.1:9/api/"}
    chosen = read_settings(environ, tmp_path).outlets[1].settings
    assert isinstance(chosen, slack_channel.Settings)
    assert (chosen.token.get_secret_value(), chosen.base_url) == ("xoxb-sesame", "http://127.0.0.1:9/api")
    (tmp_path / "chatops.toml").write_text(
        '[outlets.slack_channel.partners]\nchannel = "p"\ntoken_env = "OTHER"\nbase_url = "https://slack.example/api"\n'
    )
    chosen = read_settings(environ | {"OTHER": "xoxb-other"}, tmp_path).outlets[1].settings
    assert isinstance(chosen, slack_channel.Settings)
    assert (chosen.token.get_secret_value(), chosen.base_url) == ("xoxb-other", "https://slack.example/api")
    with pytest.raises(BadSettings, match="OTHER"):
        read_settings(environ, tmp_path)


async def test_it_joins_and_posts_and_goes_on_in_the_thread(http: Http, sandbox: RunningSandbox) -> None:
    outlet = build(http, sandbox.api_url)
    first = await outlet.send(build_posting("It <!channel> broke & *hurts*."))
    assert first.remote_id
    second = await outlet.send(build_posting("It works.", update=2, earlier=(first.remote_id,)))
    posts = list_posts(sandbox)
    assert [post.text for post in posts] == ["It &lt;!channel&gt; broke &amp; *hurts*.", "It works."]
    assert (posts[1].thread_ts, posts[1].broadcast) == (posts[0].ts, True)
    assert first.remote_id == f"{get_channel(sandbox).id}/{posts[0].ts}"
    assert (first.url or "").startswith(f"{sandbox.base_url}/archives/")
    assert second.url != first.url
    assert sandbox.violations.wire() == []


async def test_without_its_first_post_the_next_update_stands_alone(http: Http, sandbox: RunningSandbox) -> None:
    outlet = build(http, sandbox.api_url)
    first = await outlet.send(build_posting("It broke."))
    await outlet.retract(change(build_posting(""), "", first.remote_id))
    assert first.remote_id
    later = build_posting("It works.", update=2, earlier=(first.remote_id,))
    second = await outlet.send(later)
    assert list_posts(sandbox)[-1].thread_ts is None
    assert await outlet.find(later) == second


async def test_editing_and_removing_may_be_repeated(http: Http, sandbox: RunningSandbox) -> None:
    outlet = build(http, sandbox.api_url)
    posting = build_posting("It broke. " * 600)
    sent = await outlet.send(posting)
    (post,) = list_posts(sandbox)
    assert len(post.blocks) > 1
    for _ in range(2):
        edited = await outlet.edit(change(posting, "It broke at <3>.", sent.remote_id))
        assert edited.remote_id == sent.remote_id
    assert (post.text, post.blocks) == ("It broke at &lt;3&gt;.", [])
    await outlet.edit(change(posting, "At 3. " * 1000, sent.remote_id))
    for _ in range(2):
        await outlet.retract(change(posting, "", sent.remote_id))
    assert list_posts(sandbox) == []
    with pytest.raises(Refused, match="no longer there"):
        await outlet.edit(change(posting, "Again", sent.remote_id))
    with pytest.raises(Refused, match="by hand"):
        await outlet.edit(change(posting, "Again", None))


async def test_every_update_stands_there_exactly_once(http: Http, sandbox: RunningSandbox) -> None:
    lots = random.Random(5)

    def draw() -> None:
        for fault, share in (("drop", 0.4), ("500", 0.2), ("429", 0.2), ("down", 0.1)):
            if lots.random() < share:
                sandbox.faults.switch_on(fault, Fault(method="c*", remaining=1))

    outlet = build(http, sandbox.api_url)
    plain_send = outlet.send

    async def send(posting: object) -> object:
        draw()
        return await plain_send(posting)  # type: ignore[arg-type]

    outlet.send = send  # type: ignore[method-assign,assignment]
    words = await publish_by_reading(outlet, wait=draw)
    assert sorted(post.text for post in list_posts(sandbox)) == sorted(words)


async def test_the_post_is_found_by_its_key_and_no_other(http: Http, sandbox: RunningSandbox) -> None:
    outlet = build(http, sandbox.api_url)
    posting = build_posting("It broke.")
    assert await outlet.find(posting) is None  # it joins to look
    sent = await outlet.send(posting)
    assert await build(http, sandbox.api_url).find(posting) == sent
    assert await outlet.find(build_posting("It broke.", update=2)) is None
    assert await outlet.find(build_posting("It broke.", update=2, earlier=(str(sent.remote_id),))) is None


def slack_says(**body: object) -> bytes:
    return answer(200, body=json.dumps(body).encode())


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (slack_says(ok=False, error="invalid_auth"), NotSent, "SLACK_BOT_TOKEN"),
        (slack_says(ok=False, error="channel_not_found"), Refused, "#partners-status"),
        (slack_says(ok=False, error="missing_scope"), Refused, "manifest"),
        (slack_says(ok=False, error="msg_too_long"), Refused, "too long"),
        (slack_says(ok=False, error="some_new_error"), Refused, "(some_new_error)"),
        (slack_says(ok=False, error="SESAME <!channel>"), Refused, "Slack refuses it."),
        (slack_says(ok=False, error="ratelimited"), NotSent, "slow down"),
        (slack_says(ok=False, error="internal_error"), Uncertain, "troubles of its own"),
        (answer(429, "Retry-After: 30"), NotSent, "429"),
        (answer(503), Uncertain, "503"),
        (answer(200, body=b"<html>sesame"), Uncertain, "cannot be read"),
        (slack_says(ok=True), Uncertain, "cannot be read"),
        pytest.param(None, Uncertain, "did not answer", marks=pytest.mark.impatient),
    ],
)
async def test_what_the_answers_mean(http: Http, reply: Reply, kind: type[Exception], said: str) -> None:
    async with serve(reply) as server:
        outlet = build(http, f"http://127.0.0.1:{server.port}/api", token="xoxb-sesame")
        error = await outcome(outlet.send(build_posting("It broke.")))
    assert type(error) is kind
    assert said in str(error)
    assert "sesame" not in repr(error).casefold()
    if said == "429":
        assert isinstance(error, NotSent)
        assert error.retry_after == timedelta(seconds=30)


async def test_a_private_channel_needs_an_invitation(http: Http, sandbox: RunningSandbox) -> None:
    sandbox.workspace.create_channel("secret", kind="private", creator="U01JOEL")
    with pytest.raises(Refused, match="invite chatops"):
        await build(http, sandbox.api_url, channel="secret").send(build_posting("It broke."))


async def test_checking_posts_and_joins_nothing(http: Http, sandbox: RunningSandbox) -> None:
    outlet = build(http, sandbox.api_url)
    assert "will join" in await outlet.check()
    with pytest.raises(NotSent, match="SLACK_BOT_TOKEN"):
        await build(http, sandbox.api_url, token="xoxb-wrong").check()
    with pytest.raises(Refused, match="#nowhere"):
        await build(http, sandbox.api_url, channel="nowhere").check()
    assert list(get_channel(sandbox).messages) == []
    await outlet.send(build_posting("It broke."))
    assert "is in #partners-status" in await outlet.check()


async def test_the_metadata_names_the_delivery(http: Http) -> None:
    async with serve(slack_says(ok=True, channel="C01", ts="1.5")) as server:
        await build(http, f"http://127.0.0.1:{server.port}/api").send(build_posting("It broke."))
    form = parse_qs(server.requests[0].body.decode())
    assert server.requests[0].line == "POST /api/chat.postMessage HTTP/1.1"
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    payload = json.loads(form["metadata"][0])
    assert payload["event_type"] == "chatops_post"
    assert payload["event_payload"]["key"].startswith("INC-12/1/outlet/0#")
    assert form["channel"] == ["partners-status"]


@given(st.text(alphabet="ab&<> \n🚒", max_size=400).map(lambda text: text * 40))
def test_pieces_lose_nothing_but_blanks_and_fit(words: str) -> None:
    pieces = cut_pieces(words)
    assert "".join("".join(pieces).split()) == "".join(words.split())
    assert all(0 < len(escape(piece)) <= MAX_SECTION_CHARS for piece in pieces)


def test_short_words_need_no_blocks() -> None:
    assert build_words("<3") == {"text": "&lt;3"}
    assert len(json.loads(build_words("word " * 2000)["blocks"])) == 4


@pytest.mark.parametrize("channel", ["", "two words", "<#C01>", "#a,b"])
def test_a_channel_is_a_name_or_an_id(channel: str) -> None:
    with pytest.raises(ValidationError, match="name or the id"):
        slack_channel.Settings.model_validate({"token": "x", "channel": channel})
