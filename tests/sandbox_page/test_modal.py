"""Modals: filling, submitting, errors, updates, and that nothing typed is lost."""

import asyncio

import pytest
from playwright.async_api import Locator, Page, expect

from chatops.sandbox.server import RunningSandbox
from tests.sandbox_page.sample_app import SampleApp, start_sample_app

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def run_command(page: Page, text: str) -> None:
    box = page.get_by_label("Message #general")
    await box.fill(text)
    await box.press("Enter")


async def open_note(page: Page, title: str = "") -> Locator:
    await run_command(page, f"/note {title}".strip())
    modal = page.get_by_role("dialog", name="Write a note")
    await expect(modal).to_be_visible()
    return modal


async def test_a_filled_modal_reaches_the_app_as_slack_sends_it(belle: Page, sample: SampleApp) -> None:
    modal = await open_note(belle, "Posts are delayed")
    await modal.get_by_role("combobox", name="Kind").click()
    await modal.get_by_role("option", name="Idea").click()
    readers = modal.get_by_role("combobox", name="Readers")
    await readers.fill("joel")
    await readers.press("Enter")
    await modal.get_by_label("Urgent").check()
    await modal.get_by_role("button", name="Save").click()
    await expect(modal).to_be_hidden()
    await expect(belle.get_by_role("heading", name="Note: open")).to_be_visible()
    values = sample.values[0]
    assert values["words"]["v"]["value"] == "Posts are delayed"
    assert values["kind"]["v"]["selected_option"]["value"] == "idea"
    assert values["who"]["v"]["selected_users"] == ["U01JOEL"]
    assert [chosen["value"] for chosen in values["tags"]["v"]["selected_options"]] == ["urgent"]


async def test_field_errors_keep_what_was_typed(belle: Page, sample: SampleApp) -> None:
    modal = await open_note(belle)
    words = modal.get_by_label("Words")
    await words.fill("something wrong")
    await modal.get_by_role("button", name="Save").click()
    await expect(modal.get_by_text("These words are wrong.")).to_be_visible()
    await expect(words).to_have_value("something wrong")
    await expect(words).to_be_focused()
    await expect(words).to_have_attribute("aria-invalid", "true")
    await words.fill("something right")
    await modal.get_by_role("button", name="Save").click()
    await expect(modal).to_be_hidden()


async def test_a_required_field_is_asked_for_before_the_app_is(belle: Page, sample: SampleApp) -> None:
    modal = await open_note(belle)
    await modal.get_by_role("button", name="Save").click()
    await expect(modal.get_by_text("Please complete this required field.")).to_be_visible()
    assert sample.values == []


async def test_words_that_are_too_long_are_counted_and_not_sent(belle: Page, sample: SampleApp) -> None:
    modal = await open_note(belle)
    await modal.get_by_label("Words").fill("x" * 203)
    await expect(modal.get_by_text("3 too many")).to_be_visible()
    await modal.get_by_role("button", name="Save").click()
    await expect(modal.get_by_text("Please shorten this to 200 characters")).to_be_visible()
    assert sample.values == []


async def test_an_app_that_does_not_answer_costs_no_words(
    belle: Page, sample: SampleApp, sandbox: RunningSandbox
) -> None:
    modal = await open_note(belle)
    await modal.get_by_label("Words").fill("Precious words")
    await sample.stop()
    await modal.get_by_role("button", name="Save").click()
    await expect(modal.get_by_role("alert").filter(has_text="What you typed is still here")).to_be_visible()
    await expect(modal.get_by_label("Words")).to_have_value("Precious words")
    again = await start_sample_app(sandbox)
    await modal.get_by_role("button", name="Save").click()
    await expect(modal).to_be_hidden()
    await expect(belle.get_by_role("heading", name="Note: open")).to_be_visible()
    await again.stop()


async def test_an_update_of_the_view_keeps_the_fields_that_remain(belle: Page) -> None:
    modal = await open_note(belle)
    await modal.get_by_label("Words").fill("Half a sentence")
    await modal.get_by_label("Urgent").check()
    await modal.get_by_role("button", name="Add a line").click()
    await expect(modal.get_by_label("Another line")).to_be_visible()
    await expect(modal.get_by_label("Words")).to_have_value("Half a sentence")
    await expect(modal.get_by_label("Urgent")).to_be_checked()


async def test_escape_asks_before_typed_words_are_dropped(belle: Page) -> None:
    modal = await open_note(belle)
    await modal.get_by_label("Words").fill("Half a sentence")
    await belle.keyboard.press("Escape")
    question = belle.get_by_role("dialog", name="Leave without saving?")
    await expect(question).to_be_visible()
    await belle.keyboard.press("Escape")
    await expect(question).to_be_hidden()
    await expect(modal.get_by_label("Words")).to_have_value("Half a sentence")
    await belle.keyboard.press("Escape")
    await question.get_by_role("button", name="Leave").click()
    await expect(modal).to_be_hidden()
    await expect(belle.get_by_label("Message #general")).to_be_focused()


async def test_the_focus_stays_in_the_modal(belle: Page) -> None:
    modal = await open_note(belle)
    await expect(modal.get_by_label("Words")).to_be_focused()
    for _ in range(20):
        await belle.keyboard.press("Tab")
        inside = await belle.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
        assert inside


async def test_another_person_for_a_moment_loses_no_words(belle: Page, sandbox: RunningSandbox) -> None:
    modal = await open_note(belle)
    await modal.get_by_label("Words").fill("Half a sentence")
    await belle.evaluate("location.hash = '#as=U01JOEL&at=C01GENERAL'")
    await expect(modal).to_be_hidden()
    await belle.evaluate("location.hash = '#as=U01BELLE&at=C01GENERAL'")
    await expect(modal.get_by_label("Words")).to_have_value("Half a sentence")


async def test_a_message_shortcut_opens_a_modal_with_its_words(belle: Page, sample: SampleApp) -> None:
    await sample.say("Customers report delays")
    message = belle.locator(".message").filter(has_text="Customers report delays")
    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    await belle.get_by_role("menuitem", name="Note this").click()
    modal = belle.get_by_role("dialog", name="Write a note")
    await expect(modal.get_by_label("Words")).to_have_value("Customers report delays")


async def test_the_lightning_menu_opens_a_global_shortcut(belle: Page) -> None:
    await belle.get_by_role("button", name="Shortcuts").click()
    await belle.get_by_role("menuitem", name="New note").click()
    await expect(belle.get_by_role("dialog", name="Write a note")).to_be_visible()


async def test_a_slow_submit_shows_that_it_is_under_way(belle: Page, sandbox: RunningSandbox) -> None:
    modal = await open_note(belle)
    await modal.get_by_label("Words").fill("Patience")
    gate = asyncio.Event()
    await belle.route("**/sandbox/act", lambda route: _after(gate, route))
    save = modal.get_by_role("button", name="Save")
    await save.click()
    await expect(save).to_have_attribute("aria-disabled", "true")
    await expect(modal.get_by_role("img", name="Waiting for the app")).to_be_visible()
    gate.set()
    await expect(modal).to_be_hidden()


async def _after(gate: asyncio.Event, route: object) -> None:
    await gate.wait()
    await route.continue_()  # type: ignore[attr-defined]
