"""Corrections and retractions on every screen: what will happen at each outlet, and what did."""

from dataclasses import replace

import pytest

from chatops.domain.broadcast import plan_deliveries
from chatops.domain.ids import CHATOPS, PAGE, OutletKey
from chatops.domain.records import (
    Action,
    DeliveryRefused,
    DeliverySent,
    DeliverySkipped,
    DeliveryUncertain,
    OutletWords,
    Purpose,
    RevisionProposed,
)
from chatops.domain.update import DraftForm, Revision
from chatops.domain.wording import OutletSpec, TextLimits
from chatops.slack.drafting import build_prefill, form_about
from chatops.slack.views import delivery_card, draft_card, draft_modal, preview_modal
from chatops.slack.views.outlet_lines import list_outlet_lines, word_fate
from tests.builders import (
    EMAIL,
    PAGE_SPEC,
    PEOPLE,
    POLICY,
    Journal,
    approve,
    broadcast,
    build_revision,
    build_spec,
    open_journal,
    propose,
    send,
)
from tests.slack.views.checking import check_message, check_screen, field_labels, labels, read, submit

MEMBERS = {member.id: member for member in PEOPLE}
X = OutletKey("x")
LIMITS = TextLimits(max_chars=280)
X_SPEC = build_spec("x", limits=LIMITS, cost=lambda text: "$0.200 with its link" if "http" in text else "$0.015")
SPECS: tuple[OutletSpec, ...] = (PAGE_SPEC, build_spec("email", limits=LIMITS), X_SPEC)


def start() -> Journal:
    """Update 1 stands on page, mail and X."""
    journal = broadcast(approve(propose(open_journal(), build_revision(outlets=(PAGE, EMAIL, X)))))
    return send(send(journal), X)


def words_of(action: Action, outlet: str = X, *parts: str, fallback: tuple[str, ...] = ()) -> OutletWords:
    return OutletWords(
        outlet=OutletKey(outlet), account="@acme", action=action, parts=parts or ("Logins fail.",), fallback=fallback
    )


def about(*words: OutletWords, purpose: Purpose = Purpose.CORRECTION) -> RevisionProposed:
    return build_revision(draft=2).model_copy(update={"purpose": purpose, "of_update": 1, "words": words})


def drafted(*words: OutletWords, purpose: Purpose = Purpose.CORRECTION) -> tuple[Journal, Revision]:
    journal = propose(start(), about(*words, purpose=purpose))
    draft = journal.incident.draft
    assert draft is not None
    return journal, draft.current


def lines(*words: OutletWords, purpose: Purpose = Purpose.CORRECTION) -> list[str]:
    return list_outlet_lines(drafted(*words, purpose=purpose)[1], SPECS)


@pytest.mark.parametrize(
    ("words", "purpose", "fate"),
    [
        (words_of("post"), Purpose.UPDATE, ""),
        (words_of("post"), Purpose.CORRECTION, "a new post that says what it replaces"),
        (words_of("edit"), Purpose.CORRECTION, "edited in place"),
        (words_of("retract"), Purpose.RETRACTION, "taken away"),
        (words_of("edit"), Purpose.RETRACTION, "these words in its place: it cannot be removed"),
        (words_of("retract", PAGE), Purpose.RETRACTION, "these words in its place, marked as retracted"),
    ],
)
def test_the_fate_of_words(words: OutletWords, purpose: Purpose, fate: str) -> None:
    assert word_fate(words, purpose) == fate


def test_the_card_tells_per_outlet_what_will_happen_and_what_it_costs() -> None:
    assert lines(words_of("edit")) == ["• *X* @acme — edited in place · 12 of 280 characters · $0.015"]
    assert lines(words_of("retract", X, "No.", "No."), purpose=Purpose.RETRACTION) == [
        "• *X* @acme — taken away · 2 posts"
    ]
    assert lines(words_of("retract"), purpose=Purpose.RETRACTION) == ["• *X* @acme — taken away"]
    [line] = lines(words_of("post", X, "One.", "Two.", "http://a"))
    assert "3 posts: 4 + 4 + 8 of 280 characters each · 2 × $0.015 + 1 × $0.200 with its link" in line
    [line] = lines(words_of("post", fallback=("Update: Logins fail.",)))
    assert line.endswith("other words where our thread is refused, see `Preview`")


def test_the_draft_card_of_a_correction() -> None:
    journal, revision = drafted(words_of("edit", PAGE), words_of("post", EMAIL))
    draft = journal.incident.draft
    assert draft is not None
    message = draft_card.build(journal.incident, draft, revision, MEMBERS, SPECS, POLICY, journal.records[-1])
    shown = read(check_message(message))
    assert "Draft 2 · Revision 1 — Correction of update 1" in shown
    assert "Status and promise of the incident stay as they are." in shown
    assert "edited in place" in shown
    assert "*Promise*" not in shown


def test_the_preview_shows_fates_and_stand_ins_and_no_words_that_go_nowhere() -> None:
    journal, revision = drafted(
        words_of("edit", PAGE, "Page words."),
        words_of("post", EMAIL, "One.", "Two.", fallback=("Update: One.", "Two.")),
        words_of("retract", X, "Nowhere."),
    )
    shown = read(check_screen(preview_modal.build(journal.incident, revision, SPECS))["blocks"])
    assert " · @acme · edited in place · 11 of 50,000 characters" in shown
    assert "Where our thread is refused, part 1 of 2, instead\nUpdate: One." in shown
    assert "X\n · @acme · taken away" in shown
    assert "Nowhere." not in shown


@pytest.mark.parametrize(
    ("action", "doing", "done", "doubt", "sight"),
    [
        ("post", "sending", "sent", "it may stand there", "if you see it,"),
        ("edit", "editing", "edited", "it may be edited", "if you see the new words,"),
        ("retract", "taking away", "taken away", "it may be gone", "if it is gone,"),
    ],
)
def test_the_delivery_card_says_what_is_done(action: Action, doing: str, done: str, doubt: str, sight: str) -> None:
    journal = broadcast(approve(propose(start(), about(words_of(action)))))

    def show() -> str:
        record = next(each for each in reversed(journal.records) if each.kind == "broadcast_started")
        card = delivery_card.build(journal.incident, journal.update, (), MEMBERS, SPECS, record)
        blocks = check_message(card)
        assert {"Correct", "Retract"}.isdisjoint(labels(blocks)), "it is its update that is corrected"
        return read(blocks)

    assert f"⏳ *X* {doing}" in show()
    journal.write(DeliveryUncertain(update=2, outlet=X, reason="Lost."), by=CHATOPS)
    assert f"{doubt}: Lost." in show()
    assert sight in show()
    journal.write(DeliverySent(update=2, outlet=X, url="https://x.example/1"), by=CHATOPS)
    assert f"✅ *X* {done}" in show()
    assert ("https://x.example/1" in show()) is (action != "retract"), "no link to what is gone"


def test_a_skipped_delivery_is_shown_with_its_reason_and_retry() -> None:
    journal = broadcast(approve(propose(open_journal(), build_revision(outlets=(PAGE, EMAIL)))))
    journal.write(DeliverySkipped(update=1, outlet=EMAIL, reason="paused: <locked> out"), by=CHATOPS)
    card = delivery_card.build(journal.incident, journal.update, (), MEMBERS, SPECS, journal.records[-3])
    blocks = check_message(card)
    assert "⏸️ *Email* skipped: paused: &lt;locked&gt; out" in read(blocks)
    assert "Retry" in labels(blocks)


def test_the_buttons_stay_until_nothing_stands_any_more() -> None:
    journal = start()
    first = journal.update

    def offers() -> set[str]:
        record = journal.records[3]
        return set(labels(check_message(delivery_card.build(journal.incident, first, (), MEMBERS, SPECS, record))))

    assert offers() >= {"Correct", "Retract"}
    broadcast(approve(propose(journal, about(words_of("retract", PAGE), purpose=Purpose.RETRACTION))))
    assert offers() >= {"Correct", "Retract"}, "the mail and the post still stand"
    rest = about(words_of("post", EMAIL), words_of("retract"), purpose=Purpose.RETRACTION)
    journal = broadcast(approve(propose(journal, rest.model_copy(update={"draft": 3}))))
    assert len(plan_deliveries(journal.update.revision)) == 2
    journal.write(DeliverySent(update=3, outlet=EMAIL), DeliverySent(update=3, outlet=X), by=CHATOPS)
    assert offers().isdisjoint({"Correct", "Retract"})


def modal_of(form: DraftForm, journal: Journal) -> dict[str, object]:
    return check_screen(draft_modal.build(build_prefill(journal.incident, None, form), SPECS))


@pytest.mark.parametrize("purpose", [Purpose.CORRECTION, Purpose.RETRACTION])
def test_the_form_asks_for_words_and_outlets_only_and_comes_back_whole(purpose: Purpose) -> None:
    journal = start()
    form = form_about(journal.incident, journal.update, purpose)
    assert form.outlets == (PAGE, EMAIL, X)
    screen = modal_of(form, journal)
    names = field_labels(screen)
    assert "Status" not in names
    assert "Next update in" not in names
    assert f"{purpose.value.capitalize()} of update 1" in read(screen["blocks"])
    assert draft_modal.parse(submit(screen)).form == form


def test_only_outlets_where_it_stands_are_offered() -> None:
    journal = broadcast(approve(propose(open_journal(), build_revision(outlets=(PAGE, EMAIL)))))
    assert form_about(journal.incident, journal.update, Purpose.RETRACTION).outlets == (PAGE,)
    form = form_about(journal.incident, journal.update, Purpose.CORRECTION)
    assert form.outlets == (PAGE, EMAIL), "a correction takes the place of what is still on its way"
    journal.write(DeliveryRefused(update=1, outlet=EMAIL, reason="No."))
    form = form_about(journal.incident, journal.update, Purpose.CORRECTION)
    assert form.outlets == (PAGE,)
    shown = read(modal_of(replace(form, outlets=()), journal)["blocks"])
    assert "Page: edited in place" in shown
    assert "Email" not in shown
