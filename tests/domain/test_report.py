"""Records in plain sentences."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.ids import PAGE, MemberId
from chatops.domain.mention_records import ReplyHeld, ReplyRequeued, ReplySent, ReplyWritten
from chatops.domain.records import (
    AnyData,
    BroadcastStarted,
    DeliveryRequeued,
    DeliverySent,
    DeliveryStalled,
    ReminderMoved,
    UpdatePublished,
)
from chatops.domain.report import ERASED, describe, format_minute, shorten
from tests.builders import EMAIL, OPENED_AT, SAMPLES, Journal, build_opened, build_revision, minute


def name_of(member: MemberId) -> str:
    return member.removeprefix("m-").capitalize()


def tell(data: AnyData) -> str:
    return describe(Journal().write(data).records[0], name_of)


@pytest.mark.parametrize("data", SAMPLES, ids=lambda data: data.kind)
def test_every_kind_is_told_on_one_line_in_words(data: AnyData) -> None:
    sentence = tell(data)
    assert sentence
    assert "\n" not in sentence
    assert "None" not in sentence
    assert sentence != ERASED


def test_an_opening_tells_title_impact_people_and_the_first_due_moment() -> None:
    assert tell(build_opened(private=True)) == (
        "opened the incident privately: “Logins fail”, impact minor, touching API; "
        "commander Ana, comms lead Ana; first update due 24 Nov 04:00 UTC"
    )
    assert "touching" not in tell(build_opened(components=()))


def test_a_later_revision_says_that_approvals_are_void() -> None:
    assert "proposed an update" in tell(build_revision())
    assert "earlier approvals are void" in tell(build_revision(2))


def test_going_without_approvals_is_said_loudly() -> None:
    started = BroadcastStarted(update=1, draft=1, revision=1, digest="d", bypass_reason="Alone.")
    assert "WITHOUT enough approvals" in tell(started)


def test_a_delivery_says_how_it_is_known_and_which_part() -> None:
    sent = DeliverySent(update=1, outlet=EMAIL, part=1, how="confirmed", note="2 of 3")
    assert tell(sent) == "update 1 to email, part 2: was seen to have arrived, says a person (2 of 3)"


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (DeliverySent(update=2, outlet=EMAIL), "update 2 to email: sent"),
        (DeliverySent(update=2, outlet=EMAIL, action="edit"), "update 2 to email: corrected"),
        (DeliverySent(update=2, outlet=EMAIL, action="retract"), "update 2 to email: removed"),
        (DeliverySent(update=2, outlet=PAGE, action="retract"), "update 2 to page: retracted"),
        (DeliverySent(update=2, outlet=EMAIL, how="looked_up"), "update 2 to email: was found sent"),
        (
            DeliverySent(update=2, outlet=EMAIL, action="retract", how="confirmed"),
            "update 2 to email: was seen removed, says a person",
        ),
    ],
)
def test_an_edit_and_a_removal_are_not_called_sent(sent: DeliverySent, words: str) -> None:
    assert tell(sent) == words


def test_a_stalled_delivery_says_what_to_do() -> None:
    told = tell(DeliveryStalled(update=1, outlet=EMAIL, reason="It refuses the token: check EMAIL_TOKEN."))
    assert told.startswith("update 1 to email is HELD UP: It refuses the token: check EMAIL_TOKEN. ")
    assert "chatops check" in told


def test_sending_again_is_told_apart_from_a_retry() -> None:
    assert "though it may have arrived" in tell(DeliveryRequeued(update=1, outlet=EMAIL, again=True))
    assert "asked for another attempt" in tell(DeliveryRequeued(update=1, outlet=EMAIL))


def test_what_is_next_is_told_after_a_publication() -> None:
    assert "promised for 24 Nov 04:00 UTC" in tell(UpdatePublished(update=1, due_at=minute(60), promised=True))
    assert "is due 24 Nov 04:00 UTC" in tell(UpdatePublished(update=1, due_at=minute(60), promised=False))
    assert "no further one is due" in tell(UpdatePublished(update=1, due_at=None, promised=False))


def test_reminders_off_are_told_with_the_reason() -> None:
    assert tell(ReminderMoved(due_at=None, reason="Supplier.")) == "turned reminders off: Supplier."
    assert tell(ReminderMoved(due_at=minute(5))) == "set the next reminder to 24 Nov 03:05 UTC"


def test_what_was_erased_is_said_to_be_erased() -> None:
    record = Journal().write(build_opened()).records[0]
    assert describe(replace(record, data=None, text=None, salt=None), name_of) == ERASED


def test_minutes_are_told_in_utc_whatever_zone_they_came_in() -> None:
    assert format_minute(OPENED_AT.astimezone(timezone(timedelta(hours=9)))) == "24 Nov 03:00 UTC"
    assert format_minute(None) == "never"


@given(st.text(), st.integers(2, 200))
def test_a_shortened_text_is_one_line_that_fits(text: str, chars: int) -> None:
    line = shorten(text, chars)
    assert len(line) <= chars
    assert "\n" not in line
    if len(" ".join(text.split())) <= chars:
        assert line == " ".join(text.split())
    else:
        assert line.endswith("…")


def test_a_reply_says_how_it_is_known_and_what_was_promised() -> None:
    assert tell(ReplySent(reply=2, how="looked_up", url="https://fedi.example/2")) == (
        "reply 2: was found sent https://fedi.example/2"
    )
    written = ReplyWritten(
        reply=1,
        words="We look into it. — Ana",
        sign_as="Ana",
        answers="r1",
        answers_digest="0",
        covers=1,
        facts_update=0,
        digest="d",
    )
    assert tell(written) == "wrote reply 1: “We look into it. — Ana”"
    both = written.model_copy(update={"needs_approval": True, "follow_up": True})
    assert tell(both) == "wrote reply 1, for a second pair of eyes: “We look into it. — Ana”; we promised to come back"
    assert tell(ReplyHeld(reply=1, reason="Deleted.")) == "held reply 1 back: Deleted."
    assert "though it may have arrived" in tell(ReplyRequeued(reply=1, again=True))
    assert tell(ReplyRequeued(reply=1)) == "asked for another attempt of reply 1"
