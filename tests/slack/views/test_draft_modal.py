"""The modal “Draft an update”: the same words in, the same words out; and two people at once."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from chatops.domain.errors import BadInput
from chatops.domain.ids import PAGE, IncidentNumber
from chatops.domain.records import Sections, Status
from chatops.domain.update import DraftForm
from chatops.slack.views import draft_modal
from chatops.slack.views.draft_modal import DraftPrefill
from tests.builders import EMAIL, PAGE_SPEC, build_form, build_spec
from tests.slack.views.checking import Json, check_screen, field, field_labels, option_texts, read, submit
from tests.slack.views.texts import LAW, forms, long_text

SPECS = (PAGE_SPEC, build_spec("email"))
LABELS = [
    "Status",
    "What happened",
    "Who is affected",
    "What we are doing",
    "What you should do",
    "Short version",
    "Next update in",
    "Outlets",
    "Sign as",
]


def build(form: DraftForm | None = None, **changes: Any) -> Json:
    prefill = DraftPrefill(incident=IncidentNumber(12), name="INC-12", title="Logins <fail>", form=form or build_form())
    return check_screen(draft_modal.build(replace(prefill, **changes), SPECS))


def test_its_words_are_those_of_the_surface() -> None:
    screen = build()
    assert [screen[name]["text"] for name in ("title", "submit")] == ["Draft an update", "Propose"]
    assert field_labels(screen) == LABELS
    assert option_texts(screen, "Status") == ["Investigating", "Identified", "Monitoring", "Resolved"]
    assert option_texts(screen, "Next update in") == [
        "15 minutes",
        "30 minutes",
        "1 hour",
        "2 hours",
        "4 hours",
        "No promise",
    ]
    assert option_texts(screen, "Outlets") == ["Page", "Email"]
    assert screen["callback_id"] == draft_modal.CALLBACK_PROPOSE
    assert "INC-12 · Logins &lt;fail&gt;" in read(screen["blocks"])


def test_editing_is_the_same_form_that_saves() -> None:
    screen = build(draft=1, base_revision=2)
    assert [screen[name]["text"] for name in ("title", "submit")] == ["Edit the draft", "Save"]
    assert field_labels(screen) == LABELS
    assert screen["callback_id"] == draft_modal.CALLBACK_SAVE
    assert draft_modal.parse(submit(screen))[:3] == (12, 1, 2)


def test_only_what_is_needed_is_asked_for() -> None:
    screen = build()
    needed = [label for label in LABELS if not field(screen, label).get("optional")]
    assert needed == ["Status", "What happened", "Next update in", "Outlets"]


def test_a_form_filled_in_comes_back_whole() -> None:
    answers = {
        "Status": "Monitoring",
        "What happened": "It works.",
        "Who is affected": "Nobody.",
        "What we are doing": "Watching.",
        "What you should do": "Nothing.",
        "Short version": "Fixed.",
        "Next update in": "1 hour",
        "Outlets": ["Email"],
        "Sign as": "Ben",
    }
    parsed = draft_modal.parse(submit(build(), answers))
    assert (parsed.incident, parsed.draft, parsed.base_revision) == (12, None, None)
    assert parsed.form == DraftForm(
        sections=Sections(
            what_happened="It works.",
            who_is_affected="Nobody.",
            what_we_are_doing="Watching.",
            what_you_should_do="Nothing.",
            short_version="Fixed.",
        ),
        status=Status.MONITORING,
        promise_minutes=60,
        outlets=(EMAIL,),
        sign_as="Ben",
    )


def test_no_promise_is_a_choice_of_its_own() -> None:
    parsed = draft_modal.parse(submit(build(build_form(promise_minutes=30)), {"Next update in": "No promise"}))
    assert parsed.form.promise_minutes is None


def test_an_unusual_promise_survives_editing() -> None:
    screen = build(build_form(promise_minutes=45))
    assert "45 minutes" in option_texts(screen, "Next update in")
    assert draft_modal.parse(submit(screen)).form.promise_minutes == 45


def test_who_saves_second_sees_what_the_other_saved() -> None:
    mine = build_form("My words.")
    theirs = Sections(what_happened="Their *words*.", who_is_affected="")
    screen = build(mine, draft=1, base_revision=3, conflict_text="Revision 3 was <saved> meanwhile.", theirs=theirs)
    shown = read(screen["blocks"][:3])
    assert "⚠️ Revision 3 was &lt;saved&gt; meanwhile." in shown
    assert "Theirs · What happened\n\nTheir *words*." in shown
    assert "Who is affected" not in shown
    assert field(screen, "What happened")["element"]["initial_value"] == "My words."


def test_what_the_other_emptied_is_shown_as_empty() -> None:
    mine = replace(build_form(), sections=Sections(what_happened="Same.", who_is_affected="Mine."))
    screen = build(mine, draft=1, base_revision=3, conflict_text="Saved.", theirs=Sections(what_happened="Same."))
    assert "Theirs · Who is affected\n\n(left empty)" in read(screen["blocks"])


def test_a_conflict_without_other_words_is_just_said() -> None:
    shown = read(build(conflict_text="Saved meanwhile.")["blocks"])
    assert "Saved meanwhile." in shown
    assert "Theirs" not in shown


def test_without_outlets_the_field_is_left_out() -> None:
    prefill = DraftPrefill(incident=IncidentNumber(12), name="INC-12", title="x", form=build_form(outlets=()))
    screen = check_screen(draft_modal.build(prefill, ()))
    assert "Outlets" not in field_labels(screen)
    assert draft_modal.parse(submit(screen)).form.outlets == ()


@pytest.mark.parametrize("missing", ["Status", "Next update in"])
def test_a_missing_choice_is_asked_for_at_its_field(missing: str) -> None:
    screen = build()
    with pytest.raises(BadInput) as error:
        draft_modal.parse(submit(screen, {missing: None}))
    assert draft_modal.field_block_id(error.value.field) == field(screen, missing)["block_id"]


@pytest.mark.parametrize(("block", "value"), [("status", "broken"), ("promise_minutes", "soon")])
def test_a_choice_we_never_offered_is_refused(block: str, value: str) -> None:
    view = submit(build())
    view["state"]["values"][block]["input"]["selected_option"] = {"value": value}
    with pytest.raises(BadInput) as error:
        draft_modal.parse(view)
    assert error.value.field == block


@pytest.mark.parametrize("metadata", ["", "[1]", "{}", "{", '{"incident": "x"}'])
def test_a_form_that_is_not_ours_is_refused(metadata: str) -> None:
    with pytest.raises(BadInput, match="open it again"):
        draft_modal.parse({**submit(build()), "private_metadata": metadata})


def test_every_error_finds_a_block() -> None:
    blocks = {block.get("block_id") for block in build()["blocks"]}
    for name in (*Sections.model_fields, "outlets", "sign_as", None, "unheard of"):
        assert draft_modal.field_block_id(name) in blocks


@LAW
@given(form=forms(), title=long_text(), theirs=forms(), conflict=long_text(3000))
def test_the_same_words_come_out_as_went_in(form: DraftForm, title: str, theirs: DraftForm, conflict: str) -> None:
    screen = build(form, title=title, draft=1, base_revision=1, conflict_text=conflict, theirs=theirs.sections)
    parsed = draft_modal.parse(submit(screen))
    assert parsed.form == form
    assert PAGE in parsed.form.outlets
