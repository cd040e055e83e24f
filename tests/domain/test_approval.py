"""Four eyes on the exact words; and the laws of drafts and approvals under any order of moves."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatops.domain import approval as rules
from chatops.domain.broadcast import counts_as_published
from chatops.domain.cadence import due_after_publication, find_next_nudge
from chatops.domain.errors import ChatopsError, Conflict, IllegalMove, NotAllowed
from chatops.domain.ids import CHATOPS, MemberId
from chatops.domain.incident import Incident, change_impact
from chatops.domain.policy import Member, Policy
from chatops.domain.records import (
    ApprovalBypassed,
    BroadcastStarted,
    DraftWithdrawn,
    Impact,
    ImpactChanged,
    IncidentReopened,
    IncidentResolved,
    RevisionApproved,
    RevisionProposed,
    Status,
    UpdatePublished,
)
from chatops.domain.update import Draft, DraftState, require_base, require_current, require_draft
from tests.builders import (
    ANA,
    BEN,
    CLEO,
    GUS,
    POLICY,
    Journal,
    approve,
    build_opened,
    build_revision,
    minute,
    open_journal,
    propose,
    send,
)


def draft_of(journal: Journal) -> Draft:
    draft = journal.incident.draft
    assert draft is not None
    return draft


def test_the_author_may_not_approve_unless_the_policy_says_so() -> None:
    draft = draft_of(propose(open_journal()))
    with pytest.raises(NotAllowed, match="somebody else"):
        rules.approve(draft, revision=1, member=ANA, policy=POLICY)
    assert rules.approve(draft, revision=1, member=ANA, policy=Policy(author_may_approve=True)) is not None


def test_an_approval_carries_the_digest_of_the_revision_it_is_for() -> None:
    draft = draft_of(propose(open_journal()))
    given = rules.approve(draft, revision=1, member=BEN, policy=POLICY)
    assert given == RevisionApproved(draft=1, revision=1, digest=draft.current.digest)


def test_the_author_is_who_saved_that_revision_so_the_first_author_may_approve_a_colleagues_edit() -> None:
    journal = propose(open_journal()).write(build_revision(2, words="Sign-ins fail."), by=BEN.id)
    assert rules.approve(draft_of(journal), revision=2, member=ANA, policy=POLICY) is not None
    with pytest.raises(NotAllowed):
        rules.approve(draft_of(journal), revision=2, member=BEN, policy=POLICY)


def test_a_second_approval_of_the_same_person_records_nothing() -> None:
    assert rules.approve(draft_of(approve(propose(open_journal()))), revision=1, member=BEN, policy=POLICY) is None


def test_a_superseded_revision_cannot_be_approved() -> None:
    journal = propose(open_journal()).write(build_revision(2, words="Sign-ins fail."))
    with pytest.raises(Conflict, match="superseded by revision 2"):
        rules.approve(draft_of(journal), revision=1, member=BEN, policy=POLICY)


def test_a_guest_cannot_approve() -> None:
    with pytest.raises(NotAllowed):
        rules.approve(draft_of(propose(open_journal())), revision=1, member=GUS, policy=POLICY)


def test_raising_the_impact_raises_the_bar_of_an_open_draft_and_lowering_it_does_not_lower_the_bar() -> None:
    journal = approve(propose(open_journal()))
    assert rules.approvals_missing(POLICY, draft_of(journal)) == 0
    journal.write(ImpactChanged(impact=Impact.CRITICAL, due_at=minute(30)))
    assert rules.approvals_missing(POLICY, draft_of(journal)) == 1
    journal.write(ImpactChanged(impact=Impact.NONE, due_at=minute(90)))
    assert rules.approvals_needed(POLICY, draft_of(journal)) == 2
    journal.write(build_revision(2, impact=Impact.NONE))
    assert rules.approvals_needed(POLICY, draft_of(journal)) == 2


def test_a_new_draft_starts_with_the_bar_of_the_present_impact() -> None:
    journal = propose(open_journal(impact=Impact.CRITICAL), build_revision(impact=Impact.CRITICAL))
    journal.write(DraftWithdrawn(draft=1), ImpactChanged(impact=Impact.MINOR, due_at=minute(60)))
    assert rules.approvals_needed(POLICY, draft_of(propose(journal, build_revision(draft=2)))) == 1


def test_the_bar_follows_the_highest_rank_even_where_a_policy_asks_fewer_approvals_for_it() -> None:
    policy = Policy(approvals={Impact.NONE: 3, Impact.MINOR: 1, Impact.MAJOR: 1, Impact.CRITICAL: 1})
    journal = propose(open_journal()).write(ImpactChanged(impact=Impact.NONE, due_at=minute(60)))
    journal.write(build_revision(2, impact=Impact.NONE))
    assert rules.approvals_needed(policy, draft_of(journal)) == 3


def test_only_an_own_approval_of_the_current_revision_can_be_withdrawn() -> None:
    journal = approve(propose(open_journal()))
    assert rules.withdraw_approval(draft_of(journal), revision=1, member=CLEO) is None
    assert rules.withdraw_approval(draft_of(journal), revision=2, member=BEN) is None
    taken_back = rules.withdraw_approval(draft_of(journal), revision=1, member=BEN)
    assert taken_back is not None
    assert draft_of(journal.write(taken_back, by=BEN.id)).approvals == ()


def test_a_bypass_names_the_words_and_the_reason() -> None:
    draft = draft_of(propose(open_journal()))
    decision = rules.bypass(draft, revision=draft.current, reason="Nobody is awake.")
    assert (decision.digest, decision.reason) == (draft.current.digest, "Nobody is awake.")


PEOPLE = st.sampled_from([ANA, BEN, CLEO, GUS])
WORDS = st.sampled_from(["Logins fail.", "Sign-ins fail.", "We are looking.", "It is fixed."])
STATUSES = st.sampled_from(list(Status))


class DraftMachine(RuleBasedStateMachine):
    """Any order of proposals, edits, approvals, withdrawals, changes of impact and broadcasts, also late clicks.

    The machine keeps its own account of who approved which digest, and never asks the fold for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.journal = Journal().write(build_opened(), at=0)
        self.signed: set[tuple[int, int, str, MemberId]] = set()
        self.authors: dict[tuple[int, int], MemberId] = {}
        self.highest = Impact.MINOR
        self.bypassed: set[int] = set()
        self.closed: set[int] = set()

    @property
    def incident(self) -> Incident:
        return self.journal.incident

    def tick(self) -> None:
        self.journal.minute += 1

    def find_open(self) -> Draft | None:
        draft = self.incident.draft
        return draft if draft and draft.state is DraftState.OPEN else None

    @rule(author=PEOPLE, words=WORDS, status=STATUSES)
    def propose(self, author: Member, words: str, status: Status) -> None:
        draft, incident = self.find_open(), self.incident
        number = draft.number if draft else incident.drafts + 1
        revision = draft.current.number + 1 if draft else 1
        if draft is None:
            self.highest = incident.impact
        data = build_revision(revision, draft=number, words=words, impact=incident.impact, status=status)
        self.tick()
        self.journal.write(data, by=author.id)
        self.authors[number, revision] = author.id
        self.signed = {each for each in self.signed if each[0] != number}
        assert self.incident.draft is not None
        assert self.incident.draft.approvals == (), "an edit voids approvals"

    @precondition(lambda self: self.incident.draft is not None)
    @rule(member=PEOPLE, back=st.sampled_from([0, 0, 0, 1, 2]))
    def approve(self, member: Member, back: int) -> None:
        draft = self.incident.draft
        assert draft is not None
        revision = max(1, draft.current.number - back)
        try:
            given = rules.approve(require_draft(draft, draft.number), revision=revision, member=member, policy=POLICY)
        except ChatopsError:
            return
        assert draft.number not in self.closed, "a closed draft accepts nothing"
        assert revision == draft.current.number, "a superseded revision accepts nothing"
        assert member.id != self.authors[draft.number, revision]
        if given:
            self.tick()
            self.journal.write(given, by=member.id)
            self.signed.add((draft.number, revision, given.digest, member.id))

    @precondition(lambda self: self.find_open())
    @rule(member=PEOPLE)
    def take_back(self, member: Member) -> None:
        draft = self.find_open()
        assert draft is not None
        data = rules.withdraw_approval(draft, revision=draft.current.number, member=member)
        if data:
            self.journal.write(data, by=member.id)
            self.signed = {each for each in self.signed if each[3] != member.id}

    @rule(impact=st.sampled_from(list(Impact)))
    def change_impact(self, impact: Impact) -> None:
        if self.incident.is_resolved:
            return
        data = change_impact(self.incident, impact, policy=POLICY)
        if data:
            self.journal.write(data)
            self.highest = max(self.highest, impact, key=lambda each: each.rank)

    @precondition(lambda self: self.find_open() and self.journal.minute > 8)
    @rule()
    def withdraw(self) -> None:
        draft = self.find_open()
        assert draft is not None
        self.journal.write(DraftWithdrawn(draft=draft.number))
        self.closed.add(draft.number)

    @precondition(lambda self: self.find_open())
    @rule(is_bypass=st.booleans())
    def broadcast(self, is_bypass: bool) -> None:
        draft, incident = self.find_open(), self.incident
        assert draft is not None
        current = draft.current
        if is_bypass:
            decision = ApprovalBypassed(
                draft=draft.number, revision=current.number, digest=current.digest, reason="Nobody is awake."
            )
            self.journal.write(decision)
        elif rules.approvals_missing(POLICY, draft):
            return
        number = incident.broadcasts + 1
        started = BroadcastStarted(
            update=number,
            draft=draft.number,
            revision=current.number,
            digest=current.digest,
            bypass_reason="Nobody is awake." if is_bypass else None,
        )
        self.tick()
        self.journal.write(started)
        self.closed.add(draft.number)
        if is_bypass:
            self.bypassed.add(number)
            return
        signers = {each[3] for each in self.signed if each[:3] == (draft.number, current.number, current.digest)}
        distinct = signers - {self.authors[draft.number, current.number], GUS.id}
        assert len(distinct) >= POLICY.approvals[self.highest], "published without enough approvals of that very digest"

    @precondition(lambda self: any(not each.published_at for each in self.incident.updates))
    @rule()
    def publish(self) -> None:
        incident = self.incident
        update = next(each for each in incident.updates if not each.published_at)
        if any(each.number > update.number for each in incident.published):
            return
        self.tick()
        now = minute(self.journal.minute)
        due_at = due_after_publication(
            POLICY, incident, status=update.revision.status, promise_minutes=None, published_at=now
        )
        if incident.is_resolved and due_at:
            self.journal.write(IncidentReopened(due_at=due_at), by=CHATOPS)
        send(self.journal)
        self.journal.write(UpdatePublished(update=update.number, due_at=due_at, promised=False), by=CHATOPS)
        if update.revision.status is Status.RESOLVED and not incident.is_resolved:
            self.journal.write(IncidentResolved(), by=CHATOPS)

    @invariant()
    def what_goes_out_is_the_revision_that_was_current(self) -> None:
        for update in self.incident.updates:
            approvers = {each.member for each in update.approvals}
            assert self.authors[update.draft, update.revision.number] == update.revision.author
            assert update.revision.author not in approvers
            assert len(approvers) == len(update.approvals), "approvals are of distinct people"

    @invariant()
    def a_resolved_incident_has_no_due_moment(self) -> None:
        if self.incident.is_resolved:
            assert self.incident.due_at is None
            assert self.incident.remind_at is None
            assert find_next_nudge(self.incident) is None

    @invariant()
    def closed_drafts_accept_nothing(self) -> None:
        draft = self.incident.draft
        if draft and draft.number in self.closed:
            with pytest.raises(IllegalMove):
                require_draft(draft, draft.number)

    @invariant()
    def what_was_superseded_is_refused(self) -> None:
        draft = self.incident.draft
        for revision in draft.revisions[:-1] if draft else ():
            assert draft is not None
            with pytest.raises(Conflict):
                require_current(draft, revision.number)
            with pytest.raises(Conflict):
                require_base(draft, revision.number)


TestDraftMachine = DraftMachine.TestCase
TestDraftMachine.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


def test_the_fold_counts_an_approval_only_for_the_very_words_it_names() -> None:
    journal = propose(open_journal())
    stale = RevisionApproved(draft=1, revision=1, digest=draft_of(journal).current.digest)
    journal.write(build_revision(2, words="Other words."))
    assert draft_of(journal.write(stale, by=BEN.id)).approvals == ()


def test_a_published_update_needs_more_than_the_page_where_it_names_more() -> None:
    revision: RevisionProposed = build_revision()
    journal = approve(propose(open_journal(), revision))
    started = BroadcastStarted(update=1, draft=1, revision=1, digest=revision.digest)
    assert not counts_as_published(journal.write(started).update)
