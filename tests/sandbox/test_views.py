"""Modals and App Home: triggers, the stack, hashes, form state and what an acknowledgement does."""

import copy

import aiohttp
import pytest

from chatops.sandbox.person import CannotDo, Person
from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.wire import Json
from tests.sandbox.conftest import MODAL, Api, Recorder, Start, api_of


@pytest.fixture
def connected(sandbox: RunningSandbox, recorder: Recorder) -> Recorder:
    sandbox.set_request_url(recorder.url)
    return recorder


async def open_modal(sandbox: RunningSandbox, api: Api, view: Json = MODAL, member: str = "U01BELLE") -> Json:
    answer = await api("views.open", trigger_id=sandbox.parts.triggers.issue(member), view=view)
    assert answer["ok"], answer
    opened: Json = answer["view"]
    return opened


async def test_triggers_serve_once_and_soon(start: Start, session: aiohttp.ClientSession) -> None:
    now = [1_000_000.0]
    sandbox = await start(clock=lambda: now[0])
    api = api_of(sandbox, session)
    trigger = sandbox.parts.triggers.issue("U01BELLE")
    assert (await api("views.open", trigger_id=trigger, view=MODAL))["ok"]
    assert (await api("views.open", trigger_id=trigger, view=MODAL))["error"] == "exchanged_trigger_id"
    late = sandbox.parts.triggers.issue("U01BELLE")
    now[0] += 3.1
    assert (await api("views.open", trigger_id=late, view=MODAL))["error"] == "expired_trigger_id"
    assert (await api("views.open", trigger_id="1.2.3", view=MODAL))["error"] == "invalid_trigger_id"
    assert (await api("views.open", view=MODAL))["error"] == "invalid_arguments"


async def test_bad_view_keeps_the_trigger(sandbox: RunningSandbox, api: Api) -> None:
    trigger = sandbox.parts.triggers.issue("U01BELLE")
    bad = await api("views.open", trigger_id=trigger, view=MODAL | {"title": {"type": "plain_text", "text": "x" * 25}})
    assert bad["error"] == "invalid_arguments"
    assert bad["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]
    assert (await api("views.open", trigger_id=trigger, view=MODAL))["ok"]
    large = {
        "type": "modal",
        "title": MODAL["title"],
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "€" * 3000}}] * 40,
    }
    answer = await api("views.open", trigger_id=sandbox.parts.triggers.issue("U01BELLE"), view=large)
    assert answer["error"] == "view_too_large"


async def test_stack_of_three(sandbox: RunningSandbox, api: Api, belle: Person, connected: Recorder) -> None:
    triggers = sandbox.parts.triggers
    assert (await api("views.push", trigger_id=triggers.issue("U01BELLE"), view=MODAL))["error"] == "not_found"
    first = await open_modal(sandbox, api)
    for _ in range(2):
        pushed = await api("views.push", trigger_id=triggers.issue("U01BELLE"), view=MODAL)
        assert pushed["view"]["root_view_id"] == first["id"]
    over = await api("views.push", trigger_id=triggers.issue("U01BELLE"), view=MODAL)
    assert over["error"] == "push_limit_reached"
    await belle.close(everything=True)
    assert await belle.view() is None
    assert [closed["is_cleared"] for closed in connected.payloads("view_closed")] == [True] * 3


async def test_update_by_hash_and_external_id(sandbox: RunningSandbox, api: Api, belle: Person) -> None:
    opened = await open_modal(sandbox, api, MODAL | {"external_id": "draft-1"})
    changed = MODAL | {"title": {"type": "plain_text", "text": "Changed"}}
    stale = await api("views.update", view_id=opened["id"], hash="1.x", view=changed)
    assert stale["error"] == "hash_conflict"
    updated = await api("views.update", external_id="draft-1", hash=opened["hash"], view=changed)
    assert updated["view"]["hash"] != opened["hash"]
    await belle.wait_for_view("Changed")
    taken = await api("views.open", trigger_id=sandbox.parts.triggers.issue("U01JOEL"), view=MODAL)
    assert taken["ok"]
    assert (await api("views.update", view_id="V0", view=MODAL))["error"] == "not_found"


async def test_the_client_checks_inputs(sandbox: RunningSandbox, api: Api, belle: Person, connected: Recorder) -> None:
    await open_modal(sandbox, api)
    assert await belle.submit() == {"Title": "Please complete this required field."}
    await belle.fill({"Title": "ab"})
    assert await belle.submit() == {"Title": "Please enter at least 3 characters."}
    await belle.fill({"Title": "x" * 21})
    assert await belle.submit() == {"Title": "Please enter no more than 20 characters."}
    assert connected.payloads("view_submission") == []
    await belle.fill({"Title": "Checkout"})
    assert await belle.submit() == {}
    view = connected.payloads("view_submission")[0]["view"]
    values = view["state"]["values"]
    assert values["impact"]["value"]["selected_option"]["value"] == "minor"
    assert values["components"]["value"] == {"type": "multi_static_select", "selected_options": []}
    assert values["row"]["status"] == {"type": "static_select", "selected_option": None}
    assert (view["private_metadata"], view["callback_id"]) == ("kept", "open")


async def test_selects_in_sections_tell_the_app(
    sandbox: RunningSandbox, api: Api, belle: Person, connected: Recorder
) -> None:
    await open_modal(sandbox, api)
    await belle.fill({"Title": "Typed before", "Status": "Identified"})
    click = connected.payloads("block_actions")[0]
    assert click["actions"][0]["selected_option"]["value"] == "identified"
    values = click["view"]["state"]["values"]
    assert values["title"]["value"]["value"] == "Typed before"
    assert values["row"]["status"]["selected_option"]["value"] == "identified"


async def test_hostile_values_are_refused(sandbox: RunningSandbox, api: Api, belle: Person) -> None:
    opened = await open_modal(sandbox, api)
    hostile: list[Json] = [
        {"nowhere": {"value": {"value": "x"}}},
        {"impact": {"value": {"selected_option": {"value": "apocalyptic"}}}},
        {"components": {"value": {"selected_options": "api"}}},
    ]
    for values in hostile:
        with pytest.raises(CannotDo):
            await belle.act("submit", view_id=opened["id"], values=values)
    with pytest.raises(CannotDo, match="not open"):
        await Person(sandbox.base_url, "Joel", belle._session).act("submit", view_id=opened["id"], values={})
    with pytest.raises(CannotDo, match="nothing like that"):
        await belle.act("click", container={"view_id": opened["id"]}, block_id="row", action_id="other")


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ({"response_action": "update", "view": MODAL | {"title": {"type": "plain_text", "text": "Second"}}}, "Second"),
        ({"response_action": "push", "view": MODAL | {"title": {"type": "plain_text", "text": "Third"}}}, "Third"),
        ({"response_action": "clear"}, None),
        (None, None),
    ],
)
async def test_response_actions(
    sandbox: RunningSandbox, api: Api, belle: Person, connected: Recorder, answer: object, title: str | None
) -> None:
    await open_modal(sandbox, api)
    connected.answers = [(200, answer)]
    await belle.fill({"Title": "Checkout"})
    assert await belle.submit() == {}
    view = await belle.view()
    assert (view["title"]["text"] if view else None) == title
    assert connected.payloads("view_closed") == []


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"row": "not an input"}},
        {"response_action": "errors", "errors": {"gone": "x"}},
        {"response_action": "errors"},
        {"response_action": "dance"},
        {"response_action": "update", "view": {"type": "modal"}},
        {"text": "no"},
    ],
)
async def test_bad_acknowledgements_are_noticed(
    sandbox: RunningSandbox, api: Api, belle: Person, connected: Recorder, answer: Json
) -> None:
    await open_modal(sandbox, api)
    connected.answers = [(200, answer)]
    await belle.fill({"Title": "Checkout"})
    with pytest.raises(CannotDo, match="trouble connecting"):
        await belle.submit()
    assert await belle.view() is not None
    assert sandbox.violations.found


async def test_late_submission(start: Start, session: aiohttp.ClientSession, recorder: Recorder) -> None:
    sandbox = await start(app_request_url=recorder.url, ack_seconds=0.05)
    belle = Person(sandbox.base_url, "Belle", session)
    await open_modal(sandbox, api_of(sandbox, session))
    await belle.fill({"Title": "Checkout"})
    recorder.delay_seconds = 0.3
    with pytest.raises(CannotDo, match="We had some trouble connecting"):
        await belle.submit()
    assert sandbox.violations.kinds() == ["late_ack"]


async def test_what_is_typed_survives_an_update(
    sandbox: RunningSandbox, api: Api, belle: Person, connected: Recorder
) -> None:
    opened = await open_modal(sandbox, api)
    await belle.fill({"Title": "Kept words", "Status": "Identified"})
    fewer = copy.deepcopy(MODAL)
    del fewer["blocks"][1]
    assert (await api("views.update", view_id=opened["id"], view=fewer))["ok"]
    view = await belle.view()
    assert view is not None
    assert view["state"]["values"]["title"]["value"]["value"] == "Kept words"
    assert "impact" not in view["state"]["values"]
    assert await belle.submit() == {}


async def test_home(sandbox: RunningSandbox, api: Api, belle: Person, connected: Recorder) -> None:
    assert await belle.home() is None
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "Welcome"}}
    published = await api("views.publish", user_id="U01BELLE", view={"type": "home", "blocks": [section]})
    assert published["view"]["type"] == "home"
    stale = await api("views.publish", user_id="U01BELLE", hash="0.0", view={"type": "home", "blocks": []})
    assert stale["error"] == "hash_conflict"
    assert (await api("views.publish", user_id="U0", view={"type": "home", "blocks": []}))[
        "error"
    ] == "invalid_arguments"
    assert (await api("views.publish", user_id="U01BELLE", view=MODAL))["error"] == "invalid_arguments"
    await belle.wait_for_home("Welcome")
