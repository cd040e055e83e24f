"""The draft card: the exact words, who must still approve, and each state a revision can be in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatops.domain.checks import Advice
from chatops.domain.ids import MemberId, OutletKey
from chatops.domain.incident import Incident
from chatops.domain.policy import Member, Policy
from chatops.domain.records import (
    ApprovalBypassed,
    BroadcastStarted,
    ChangesRequested,
    DraftWithdrawn,
    Impact,
    Record,
    RevisionProposed,
    Sections,
    Status,
)
from chatops.domain.update import Draft
from chatops.domain.wording import TextLimits
from chatops.slack.views import draft_card
from chatops.slack.views.target import parse_target
from tests.builders import (
    ANA,
    BEN,
    CLEO,
    DORA,
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
)
from tests.slack.views.checking import NEVER, Json, check_message, find_all, labels, press, read
from tests.slack.views.texts import LAW, drafts, incidents, long_text, members, record_of, records

MEMBERS = {member.id: member for member in PEOPLE}
LIMITS = TextLimits(max_chars=5000)
SPECS = (replace(PAGE_SPEC, limits=LIMITS), build_spec("email", limits=LIMITS, cost=lambda _: "about €0.02"))


def build(journal: Journal, *, revision: int = 1, policy: Policy = POLICY, **more: Any) -> list[Json]:
    incident = journal.incident
    draft = incident.draft
    assert draft is not None
    shown = draft.find_revision(revision)
    assert shown is not None
    record = next(
        each for each in journal.records if isinstance(each.data, RevisionProposed) and each.data.revision == revision
    )
    return check_message(draft_card.build(incident, draft, shown, MEMBERS, SPECS, policy, record, **more))


def show(journal: Journal, **more: Any) -> str:
    return read(build(journal, **more))


def test_a_new_draft_shows_all_that_an_approver_needs() -> None:
    shown = show(propose(open_journal(), build_revision(words="Logins *fail* & :fire:.", promise_minutes=30)))
    for words in (
        "Draft 1 · Revision 1 — Investigating",
        "What happened",
        "Logins *fail* & :fire:.",
        "*Page* — 23 of 5,000 characters",
        "*Email* — 25 of 5,000 characters · about €0.02",
        "We will post the next update within 30 minutes of this post.",
        "*Signed* Ana",
        "*Needs 1 approval:* none yet",
        "Anyone in this workspace may approve, but not Ana Example, who wrote it.",
        "With the last approval it goes out at once.",
        "a reply that says just `approve`",
    ):
        assert words in shown
    assert not NEVER.search(shown)


def test_its_buttons_point_at_this_revision() -> None:
    blocks = build(propose(open_journal()))
    assert labels(blocks) == ["Approve", "Request changes", "Edit", "Preview"]
    target = parse_target(press(blocks, "Approve")["value"])
    assert (target.incident, target.draft, target.revision) == (1, 1, 1)
    (more,) = find_all(blocks, "overflow")
    assert [(option["text"]["text"], option["value"]) for option in more["options"]] == [
        ("Withdraw", "withdraw|1:1:1"),
        ("Publish without approval", "bypass|1:1:1"),
    ]


def test_the_words_stand_there_to_the_letter() -> None:
    words = "<!channel> *stars* _lines_ ~waves~ `ticks` :fire: & <b>"
    blocks = build(propose(open_journal(), build_revision(words=words)))
    assert words in [text["text"] for text in find_all(blocks, "text")]


def test_a_long_draft_sends_the_reader_to_the_preview() -> None:
    sections = Sections(what_happened="a" * 3000, who_is_affected="b" * 3000, what_we_are_doing="c" * 3000)
    shown = show(propose(open_journal(), build_revision(sections=sections)))
    assert "must be opened before approving" in shown
    assert shown.count("a" * 3000) == shown.count("b" * 3000) == 1
    assert "ccc" not in shown
    exact = Sections(what_happened="a" * 3000, who_is_affected="b" * 3000)
    assert "must be opened" not in show(propose(open_journal(), build_revision(sections=exact)))


def test_the_last_update_says_that_it_resolves() -> None:
    shown = show(propose(open_journal(), build_revision(status=Status.RESOLVED, promise_minutes=30)))
    assert "Publishing this resolves the incident." in shown
    assert "*Promise* none" in shown


def test_a_second_revision_shows_what_changed_and_voids_approvals() -> None:
    journal = propose(open_journal(), build_revision(words="Some of you cannot log in to the app since 9."))
    changed = build_revision(2, words="Some of you cannot sign in to the app since 9.", promise_minutes=60)
    blocks = build(propose(journal, changed), revision=2)
    struck = [text["text"] for text in find_all(blocks, "text") if text.get("style") == {"strike": True}]
    bold = [text["text"] for text in find_all(blocks, "text") if text.get("style") == {"bold": True}]
    assert struck == ["log"]
    assert "sign" in bold
    shown = read(blocks)
    assert "No promise → 1 hour" in shown
    assert "Approvals of earlier revisions do not count" in shown
    assert labels(blocks)[0] == "Approve"


def test_new_line_breaks_alone_are_a_change_too() -> None:
    journal = propose(open_journal(), build_revision(words="One. Two."))
    assert "only spaces and line breaks" in show(propose(journal, build_revision(2, words="One.\nTwo.")), revision=2)


def test_an_untouched_second_revision_shows_no_changes() -> None:
    journal = propose(propose(open_journal()), build_revision(2))
    assert "Changed since" not in show(journal, revision=2)


def test_a_superseded_revision_is_short_and_has_no_buttons() -> None:
    blocks = build(propose(propose(open_journal()), build_revision(2)))
    assert "Superseded by revision 2" in read(blocks)
    assert labels(blocks) == []


def test_a_withdrawn_draft_has_no_buttons() -> None:
    blocks = build(propose(open_journal()).write(DraftWithdrawn(draft=1)))
    assert "Withdrawn. Nothing of it was published." in read(blocks)
    assert labels(blocks) == []


def test_a_published_revision_names_its_approvers() -> None:
    journal = approve(approve(propose(open_journal(impact=Impact.CRITICAL))), by=CLEO)
    blocks = build(broadcast(journal))
    assert "Published as update 1, approved by Ben Example and Cleo Example." in read(blocks)
    assert "Logins fail." in read(blocks)
    assert labels(blocks) == []


def test_publishing_without_approval_is_marked_with_its_reason() -> None:
    journal = propose(open_journal())
    digest = build_revision().digest
    bypassed = ApprovalBypassed(draft=1, revision=1, digest=digest, reason="Nobody <else> is awake.")
    started = BroadcastStarted(update=1, draft=1, revision=1, digest=digest, bypass_reason=bypassed.reason)
    journal.write(bypassed, started, by=DORA.id)
    assert "*PUBLISHED WITHOUT APPROVAL* as update 1. Reason: Nobody &lt;else&gt; is awake." in show(journal)
    assert "*PUBLISHED WITHOUT APPROVAL* by Dora Example" in show(journal, bypassed_by=DORA.id)


def test_one_of_two_approvals_names_who_gave_it() -> None:
    shown = show(approve(propose(open_journal(impact=Impact.CRITICAL), build_revision(impact=Impact.CRITICAL))))
    assert "*Needs 2 approvals:* Ben Example ✅, 1 more" in shown


def test_the_highest_impact_counts_and_says_so() -> None:
    journal = open_journal(impact=Impact.CRITICAL)
    propose(journal, build_revision(impact=Impact.CRITICAL))
    assert "It counts as critical" in show(propose(journal, build_revision(2, impact=Impact.MINOR)), revision=2)


def test_named_approvers_are_named() -> None:
    policy = Policy(approvers=("ben@acme.example", "UCLEO", "UANA"))
    journal = propose(open_journal())
    assert "These may approve: Ben Example, Cleo Example." in show(journal, policy=policy)
    alone = Policy(approvers=("UANA",))
    assert "nobody is left who may, but not Ana Example, who wrote it" in show(journal, policy=alone)
    trusting = Policy(approvers=("UANA",), author_may_approve=True)
    assert "These may approve: Ana Example." in show(journal, policy=trusting)


def test_with_manual_publishing_the_button_comes_with_the_last_approval() -> None:
    manual = Policy(publish="manual")
    journal = propose(open_journal())
    waiting = build(journal, policy=manual)
    assert "Publish" not in labels(waiting)
    assert "goes out at once" not in read(waiting)
    blocks = build(approve(journal), policy=manual)
    assert labels(blocks) == ["Publish", "Approve", "Request changes", "Edit", "Preview"]
    assert press(blocks, "Publish")["action_id"] == draft_card.PUBLISH
    assert "Approved: Ben Example ✅. Press `Publish`" in read(blocks)


def test_where_no_approval_is_needed_it_says_so() -> None:
    policy = Policy(publish="manual", approvals=dict.fromkeys(Impact, 0))
    assert "Needs no approval." in show(propose(open_journal()), policy=policy)


def test_requests_for_changes_to_this_revision_stand_there() -> None:
    journal = propose(open_journal())
    for reason in ("Too <long>.", "Too short.", "Too soon."):
        journal.write(ChangesRequested(draft=1, revision=1, reason=reason), by=BEN.id)
    shown = show(journal)
    assert "3 requests for changes; the latest:" in shown
    assert "Ben Example requests changes: Too soon." in shown
    assert "Too &lt;long&gt;." not in shown
    assert "requests changes" not in show(propose(journal, build_revision(2)), revision=2)


def test_what_the_checks_say() -> None:
    advice = [
        Advice(level="block", field="what_happened", text="This looks like a password."),
        Advice(level="warn", field="what_happened", text="Say <when>."),
        Advice(level="hint", field="what_happened", text="Short is kind."),
    ]
    shown = show(propose(open_journal()), advice=advice)
    assert "⛔ This looks like a password.\n⚠️ Say &lt;when&gt;.\n💡 Short is kind." in shown


def test_an_outlet_that_was_taken_out_is_shown_by_its_key() -> None:
    shown = show(propose(open_journal(), build_revision(outlets=("page", "x.support"), parts=2)))
    assert "*x.support* — 2 posts: 14 + 14 characters each" in shown


@LAW
@given(
    incident=incidents(),
    draft=drafts(),
    people=members(),
    record=records(),
    notes=st.lists(long_text(3000), max_size=4),
    revision=st.sampled_from([0, 1]),
    manual=st.booleans(),
)
def test_the_card_holds_any_words(
    incident: Incident,
    draft: Draft,
    people: dict[MemberId, Member],
    record: Record,
    notes: Sequence[str],
    revision: int,
    manual: bool,
) -> None:
    advice = [Advice(level="warn", field="what_happened", text=note) for note in notes]
    policy = Policy(publish="manual" if manual else "on_approval")
    message = draft_card.build(incident, draft, draft.revisions[revision], people, SPECS, policy, record, advice)
    check_message(message)


def test_the_longest_card_still_fits() -> None:
    """Everything at its longest, in the characters that escaping makes five times as long."""
    hostile = Sections(**dict.fromkeys(Sections.model_fields, "&" * 3000))
    reordered = Sections(**dict.fromkeys(Sections.model_fields, "<" * 3000))
    journal = propose(open_journal(impact=Impact.CRITICAL), build_revision(sections=hostile, sign_as="&" * 40))
    propose(journal, build_revision(2, sections=reordered, sign_as="<" * 40, promise_minutes=30))
    for _ in range(5):
        journal.write(ChangesRequested(draft=1, revision=2, reason="&" * 1000), by=BEN.id)
    incident = journal.incident
    draft = incident.draft
    assert draft is not None
    words = tuple(replace(SPECS[0], key=OutletKey(f"kind.{index}"), label="&" * 200) for index in range(30))
    outlets = draft.current.words * 15
    people = {member.id: replace(member, name="&" * 300) for member in PEOPLE}
    advice = [Advice(level="warn", field="what_happened", text="&" * 500)] * 20
    current = replace(draft.current, words=outlets)
    draft = replace(draft, revisions=(draft.revisions[0], current))
    record = record_of(build_revision(2, words="&" * 3000))
    check_message(draft_card.build(incident, draft, current, people, words, POLICY, record, advice))
    assert draft.current.author == ANA.id
