"""The modals about customers: the reply, the two reasons, handing over, the team's answer, the brief."""

from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.conversation import ReplyState
from chatops.domain.errors import BadInput
from chatops.domain.incident import Incident
from chatops.domain.mention import digest_text
from chatops.domain.policy import MentionPolicy
from chatops.domain.wording import Abilities, TextLimits
from chatops.slack.views import brief_modal, hand_over_modal, mention_reasons, reply_modal, team_answer_modal
from chatops.usecases.conversations import ReplyForm
from chatops.usecases.customer_snapshots import ConversationSnapshot
from tests.builders import BEN, build_published_journal, build_spec, minute, open_journal
from tests.slack.views.checking import NEVER, check_screen, field, field_labels, read, submit
from tests.slack.views.customers import (
    SPECS,
    build_answer,
    build_conversation,
    build_group,
    build_mention,
    build_reply,
    build_row,
    build_snapshot,
    snapshots,
)
from tests.slack.views.texts import LAW, incidents, long_text

POLICY = MentionPolicy()
TICK = "We promised to come back to this person"


def test_the_reply_shows_the_customer_the_facts_and_the_limit() -> None:
    snapshot = build_snapshot(incident=build_published_journal().incident)
    spec = build_spec(
        "mastodon", limits=TextLimits(max_chars=500), form="short", abilities=Abilities(reply_names_author=True)
    )
    screen = check_screen(reply_modal.build(snapshot, (spec,), POLICY, "Ana"))
    assert [screen[name]["text"] for name in ("title", "submit")] == ["Reply to mention", "Send"]
    assert field_labels(screen) == ["Reply", "Sign as", "Follow-up"]
    text = read(screen["blocks"])
    assert "Is my password safe?" in text
    assert "What we have told everybody\n\nLogins fail." in text
    assert "*Do not say:* when it will be fixed; whose fault it is; what is not in the facts" in text
    assert "At most 500 characters, with their name and your signature. Everybody can read it." in text
    assert field(screen, "Sign as")["element"]["initial_value"] == "Ana"
    assert not NEVER.search(text)


def test_the_reply_round_trips_with_what_the_form_showed() -> None:
    snapshot = build_snapshot(row=build_row(last_seq=7), incident=build_published_journal().incident)
    screen = check_screen(reply_modal.build(snapshot, SPECS, POLICY, "Ana"))
    number, form = reply_modal.parse(submit(screen, {"Reply": "Yes.", "Follow-up": [TICK]}))
    assert number == 17
    shown = snapshot.last
    assert shown is not None
    read = digest_text(shown.text)
    assert form == ReplyForm(
        text="Yes.", sign_as="Ana", covers=7, facts_update=1, follow_up=True, fits=False, read_digest=read
    )
    with pytest.raises(BadInput, match="Copy your words"):
        reply_modal.parse({**submit(screen), "private_metadata": "{}"})


def test_the_form_says_until_when_nobody_else_can_answer() -> None:
    held = build_conversation(claimed_by=BEN.id, claimed_until=minute(25))
    text = read(check_screen(reply_modal.build(build_snapshot(conversation=held), SPECS, POLICY, "Ben"))["blocks"])
    assert "✋ Yours until <!date^" in text
    over = build_snapshot(conversation=held, now=minute(26))
    assert "Yours until" not in read(check_screen(reply_modal.build(over, SPECS, POLICY, "Ben"))["blocks"])


def test_the_teams_answer_is_a_start_that_has_to_be_ticked() -> None:
    screen = check_screen(
        reply_modal.build(build_snapshot(answer=build_answer(approved_by=BEN.id)), SPECS, POLICY, "A")
    )
    assert field_labels(screen) == ["Reply", "The team's answer", "Sign as", "Follow-up"]
    assert field(screen, "Reply")["element"]["initial_value"] == "Passwords are not touched."
    assert not reply_modal.parse(submit(screen))[1].fits
    ticked = submit(screen, {"The team's answer": ["It fits this person as it is"]})
    assert reply_modal.parse(ticked)[1].fits


def test_before_anything_is_published_nothing_may_be_claimed() -> None:
    text = read(check_screen(reply_modal.build(build_snapshot(), SPECS, POLICY, "Ana"))["blocks"])
    assert "Nothing is published yet. Say that we are looking into it" in text


def test_a_pause_and_what_we_said_before_stand_above_the_form() -> None:
    sent = build_reply(state=ReplyState.SENT)
    snapshot = build_snapshot(sent, paused="Legal reads.")
    text = read(check_screen(reply_modal.build(snapshot, SPECS, POLICY, "Ana"))["blocks"])
    assert "⏸️ *All replying is paused:* Legal reads.\nNothing can be sent before it is resumed." in text
    assert "We answered before: “@lena Your password is safe. — Ana”" in text


def test_a_paused_outlet_is_said_above_the_form() -> None:
    snapshot = build_snapshot(outlet_paused="We are locked out.")
    text = read(check_screen(reply_modal.build(snapshot, SPECS, POLICY, "Ana"))["blocks"])
    assert "⏸️ *Mastodon is paused:* We are locked out.\nYour answer waits until it is resumed." in text


def test_an_outlet_that_was_taken_away_is_said() -> None:
    text = read(check_screen(reply_modal.build(build_snapshot(), (), POLICY, "Ana"))["blocks"])
    assert "not configured any more" in text


def test_a_mail_is_read_by_one_person_only() -> None:
    spec = build_spec("mastodon", form="letter")
    text = read(check_screen(reply_modal.build(build_snapshot(), (spec,), POLICY, "Ana"))["blocks"])
    assert "Only this person reads it." in text


@pytest.mark.parametrize("form", ["page", "short"])
def test_a_comment_on_a_page_is_read_by_everybody(form: Literal["page", "short"]) -> None:
    spec = build_spec("mastodon", form=form)
    text = read(check_screen(reply_modal.build(build_snapshot(), (spec,), POLICY, "Ana"))["blocks"])
    assert "Everybody can read it." in text


def test_closing_and_calling_ask_for_a_reason() -> None:
    posts = (build_mention(1, "Old"), build_mention(2, "New"))
    snapshot = build_snapshot(row=build_row(last_seq=2), mentions=posts, conversation=build_conversation(covers=1))
    close = check_screen(mention_reasons.build_no_reply(snapshot, SPECS))
    call = check_screen(mention_reasons.build_escalate(snapshot, SPECS))
    assert [each["title"]["text"] for each in (close, call)] == ["No reply needed", "Call the commander"]
    for screen in (close, call):
        assert field_labels(screen) == ["Reason"]
        assert "New" in read(screen["blocks"])
        assert mention_reasons.parse(submit(screen, {"Reason": "A joke."})) == (17, 2, "A joke.")
        with pytest.raises(BadInput, match="open it again"):
            mention_reasons.parse({**submit(screen), "private_metadata": "{}"})


def test_handing_over_names_a_colleague() -> None:
    screen = check_screen(hand_over_modal.build(build_snapshot(), SPECS))
    assert field_labels(screen) == ["Colleague"]
    assert hand_over_modal.parse(submit(screen, {"Colleague": "UBEN"})) == (17, "UBEN")
    assert hand_over_modal.parse(submit(screen)) == (17, "")


def test_the_teams_answer_says_that_new_words_need_a_new_approval() -> None:
    empty = check_screen(team_answer_modal.build(build_group(), None, "Logins fail.", POLICY))
    assert field_labels(empty) == ["Answer"]
    assert "*37 ask:* “is my password safe?”" in read(empty["blocks"])
    assert team_answer_modal.parse(submit(empty, {"Answer": "Yes."})) == (1, 3, "Yes.")
    assert "have to be approved again" not in read(empty["blocks"])
    known = check_screen(team_answer_modal.build(build_group(), build_answer(approved_by=BEN.id), "F", POLICY))
    assert "New words have to be approved again." in read(known["blocks"])
    assert team_answer_modal.parse(submit(known)) == (1, 3, "Passwords are not touched.")


def test_the_brief_fits_a_minute() -> None:
    screen = check_screen(brief_modal.build(open_journal().incident, POLICY, is_second_pair=True))
    text = read(screen["blocks"])
    for words in ("Say sorry once", "• whose fault it is", "Press `Next one`", "`Escalate`", "Somebody else", "INC-1"):
        assert words in text or words.lower() in text
    assert len(text.split()) < 220
    alone = brief_modal.build(open_journal().incident, replace(POLICY, do_not_say=()), is_second_pair=False)
    assert "Do not say" not in read(check_screen(alone)["blocks"])
    assert brief_modal.parse("12") == 12


@LAW
@given(
    snapshot=snapshots(),
    tone=long_text(2000),
    avoid=st.lists(long_text(300), max_size=12).map(tuple),
    name=long_text(60),
)
def test_any_words_can_be_shown(snapshot: ConversationSnapshot, tone: str, avoid: tuple[str, ...], name: str) -> None:
    policy = MentionPolicy(tone=tone, do_not_say=avoid)
    check_screen(reply_modal.build(snapshot, SPECS, policy, name))
    check_screen(mention_reasons.build_no_reply(snapshot, SPECS))
    check_screen(hand_over_modal.build(snapshot, SPECS))
    check_screen(brief_modal.build(snapshot.incident, policy, is_second_pair=True))
    if snapshot.group is not None:
        facts = reply_modal.find_facts(snapshot.incident)
        check_screen(team_answer_modal.build(snapshot.group, snapshot.answer, facts, policy))


@LAW
@given(incident=incidents())
def test_facts_are_found_in_any_incident(incident: Incident) -> None:
    assert 0 < len(reply_modal.find_facts(incident)) <= reply_modal.FACTS_CHARS
