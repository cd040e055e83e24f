"""The person who reads labels: finds what is there, and says what was there instead."""

import pytest

from chatops.sandbox.filling import CannotFill, fill_element
from chatops.sandbox.person import CannotDo, Person
from chatops.sandbox.reading import choices_by_label, clickables, same_label, text_of
from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.wire import Json
from tests.sandbox.conftest import BUTTONS, MODAL, Api


async def test_errors_show_what_is_there(sandbox: RunningSandbox, api: Api, belle: Person) -> None:
    with pytest.raises(CannotDo, match="has no modal open"):
        await belle.fill({"Title": "x"})
    with pytest.raises(CannotDo, match="no modal is open"):
        await belle.wait_for_view("Open an incident", timeout_seconds=0.01)
    await api("views.open", trigger_id=sandbox.parts.triggers.issue("U01BELLE"), view=MODAL)
    with pytest.raises(CannotDo, match="“Open an incident” is open"):
        await belle.wait_for_view("Another", timeout_seconds=0.01)
    with pytest.raises(CannotDo, match=r"has no “Colour”; it has: “Title”, “Impact”"):
        await belle.fill({"Colour": "x"})
    with pytest.raises(CannotDo, match=r"no option “Huge”; there are: Minor, Critical"):
        await belle.fill({"Impact": "Huge"})
    with pytest.raises(CannotDo, match="called “Zed”"):
        await belle.fill({"Commander": "Zed"})
    await belle.post("general", "seen")
    with pytest.raises(CannotDo, match="'seen'"):
        await belle.wait_for_message("general", containing="unseen", timeout_seconds=0.01)


async def test_clicking_the_newest_also_in_threads(api: Api, belle: Person, sandbox: RunningSandbox) -> None:
    await api("conversations.join", channel="C01INCIDENTS")
    first = await api("chat.postMessage", channel="C01INCIDENTS", text="a", blocks=BUTTONS)
    second = await api("chat.postMessage", channel="C01INCIDENTS", text="b", thread_ts=first["ts"], blocks=BUTTONS)
    found = await belle.wait_for_message("incidents", containing="Revision 1")
    assert found["ts"] == second["ts"]
    answer = await belle.click("Approve", in_channel="incidents")
    assert answer["app"] == "dispatch_failed"
    await belle.click("Approve", message=found | {"ts": first["ts"]})


def test_text_is_read_as_shown() -> None:
    message: Json = {"text": "a &amp; b", "blocks": BUTTONS}
    assert text_of(message).splitlines() == ["a & b", "Revision 1", "Approve", "Withdraw", "Minor", "Major"]
    assert [clickable.label for clickable in clickables(BUTTONS)] == ["Approve", "Withdraw", "Minor", "Major"]


def test_labels_match_without_emoji_and_case() -> None:
    assert same_label(":white_check_mark: Approve", "approve")
    assert same_label("✅ Approve", "Approve")
    assert not same_label("Approve all", "Approve")


def test_labels_of_a_form() -> None:
    labels = list(choices_by_label(MODAL["blocks"]))
    assert labels == [
        "Title", "Impact", "Components", "Commander", "Private", "Only the people named", "Status",
    ]  # fmt: skip


def test_filling() -> None:
    members = [{"id": "U1", "name": "belle", "real_name": "Belle Cooper"}]
    channels = [{"id": "C1", "name": "general"}]

    def fill(kind: str, answer: object) -> object:
        value = fill_element({"type": kind}, answer, members=members, channels=channels)  # type: ignore[arg-type]
        return next(content for key, content in value.items() if key != "type")

    assert fill("users_select", "Belle") == "U1"
    assert fill("multi_users_select", ["belle", "Belle Cooper"]) == ["U1", "U1"]
    assert fill("conversations_select", "#general") == "C1"
    assert fill("datepicker", "2026-11-23") == "2026-11-23"
    assert fill("datetimepicker", 1_790_000_000) == 1_790_000_000
    assert fill("plain_text_input", None) is None
    with pytest.raises(CannotFill):
        fill("users_select", "Zed")
