"""Hostile words for every place where a person may type: Hypothesis strategies, and whole incidents made of them."""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from chatops.domain.broadcast import Delivery, DeliveryState, Update
from chatops.domain.ids import MemberId, OutletKey
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import (
    AnyData,
    CommentAdded,
    DeliveryRefused,
    Impact,
    IncidentOpened,
    OutletWords,
    Record,
    RevisionProposed,
    Sections,
    Status,
)
from chatops.domain.update import Approval, ChangeRequest, Draft, DraftForm, Revision
from tests.builders import ANA, BEN, CLEO, Journal, minute, open_journal

LAW = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
"""No deadline: how fast a busy machine is says nothing about a screen."""

NASTY = (
    "<!channel> *bold* _it_ `code` <script>alert(1)</script>",
    "<@U123> <#C1|x> <https://evil.example|click> &amp; &lt; & <",
    "مرحبا \u202eevil\u202c שלום",
    "🔥👩‍👩‍👧‍👦🇩🇪",
    "&&&&&&&&&",
    "<<<<<>>>>>",
    "line\nline\r\n> quoted\n```\nfence\n```\u2028\u2029\t",
    "@channel @here #general https://example.com/?a=1&b=2",
    "wordwithoutend",
    "a ",
    "``` ` ``",
)


def long_text(max_size: int = 10_000) -> st.SearchStrategy[str]:
    """Short arbitrary text, or a nasty one repeated up to `max_size`."""
    sizes = st.sampled_from([1, 7, 74, 75, 76, 119, 121, 149, 151, 2999, 3000, 3001, max_size])
    repeated = st.builds(lambda seed, size: (seed * (size // len(seed) + 1))[: min(size, max_size)], nasty(), sizes)
    return st.one_of(st.text(max_size=min(80, max_size)), repeated)


def nasty() -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=12))


def members() -> st.SearchStrategy[dict[MemberId, Member]]:
    """Three people with any names; sometimes one of them is not in the table."""
    names = st.tuples(*[long_text(300)] * 3)
    people = names.map(
        lambda three: [replace(who, name=name) for who, name in zip((ANA, BEN, CLEO), three, strict=True)]
    )
    return people.flatmap(
        lambda three: st.integers(1, 3).map(lambda count: {member.id: member for member in three[:count]})
    )


def _rename(member: Member, name: str) -> Member:
    return replace(member, name=name)


def sections(max_size: int = 3000) -> st.SearchStrategy[Sections]:
    return st.builds(Sections, **{name: long_text(max_size) for name in Sections.model_fields})


def forms() -> st.SearchStrategy[DraftForm]:
    return st.builds(
        DraftForm,
        sections=sections(),
        status=st.sampled_from(Status),
        promise_minutes=st.sampled_from([None, 15, 30, 45, 60, 120, 240]),
        outlets=st.sampled_from([(OutletKey("page"),), (OutletKey("page"), OutletKey("email"))]),
        sign_as=long_text(40).map(lambda text: " ".join(text.split())),
    )


def revisions(number: int, *, outlets: int = 12) -> st.SearchStrategy[Revision]:
    keys = [OutletKey(f"kind.name{index}") for index in range(outlets)]
    words = st.lists(
        st.builds(
            OutletWords,
            outlet=st.sampled_from(keys),
            account=long_text(300),
            subject=st.one_of(st.none(), long_text(500)),
            parts=st.lists(long_text(3000), min_size=1, max_size=3).map(tuple),
        ),
        max_size=outlets,
        unique_by=lambda each: each.outlet,
    ).map(tuple)
    return st.builds(
        Revision,
        seq=st.just(number + 1),
        number=st.just(number),
        author=st.sampled_from([ANA.id, BEN.id]),
        at=st.just(minute(number)),
        sections=sections(),
        status=st.sampled_from(Status),
        impact=st.sampled_from(Impact),
        components=st.lists(long_text(200), max_size=5).map(tuple),
        promise_minutes=st.sampled_from([None, 15, 60, 77]),
        sign_as=long_text(40),
        words=words,
        digest=st.just("d" * 64),
    )


def drafts() -> st.SearchStrategy[Draft]:
    """A draft with one or two revisions and whatever people said about it."""
    asked = st.builds(
        ChangeRequest, member=st.sampled_from([BEN.id, CLEO.id]), revision=st.just(2), reason=long_text(1000)
    )
    given = st.lists(st.sampled_from([ANA.id, BEN.id, CLEO.id]), unique=True, max_size=3).map(
        lambda ids: tuple(Approval(member=each, at=minute(5)) for each in ids)
    )
    return st.builds(
        Draft,
        number=st.just(1),
        revisions=st.tuples(revisions(1), revisions(2)),
        approvals=given,
        change_requests=st.lists(asked, max_size=4).map(tuple),
        highest_impact=st.sampled_from(Impact),
    )


def updates() -> st.SearchStrategy[Update]:
    delivery = st.builds(
        Delivery,
        outlet=st.integers(0, 40).map(lambda index: OutletKey(f"kind.name{index}")),
        part=st.integers(0, 2),
        state=st.sampled_from(DeliveryState),
        url=st.one_of(st.none(), long_text(3000).map(lambda text: f"https://example.com/{text}")),
        reason=st.one_of(st.none(), long_text(3000)),
        requeued=st.integers(0, 3),
    )
    unique = st.lists(delivery, max_size=45, unique_by=lambda each: (each.outlet, each.part)).map(tuple)
    return st.builds(
        Update,
        number=st.just(1),
        draft=st.just(1),
        revision=revisions(2),
        approvals=st.just((Approval(member=BEN.id, at=minute(5)),)),
        bypass_reason=st.one_of(st.none(), long_text(1000)),
        started_at=st.just(minute(6)),
        deliveries=unique,
        published_at=st.one_of(st.none(), st.just(minute(7))),
    )


def incidents() -> st.SearchStrategy[Incident]:
    """Any words in any place, open or resolved, with a draft or without."""
    base = open_journal().incident
    return st.builds(
        lambda **changes: replace(base, **changes),
        title=long_text(),
        impact=st.sampled_from(Impact),
        status=st.sampled_from(Status),
        components=st.lists(long_text(300), max_size=8).map(tuple),
        commander=st.sampled_from([ANA.id, BEN.id]),
        comms_lead=st.sampled_from([ANA.id, CLEO.id]),
        private=st.booleans(),
        resolved_at=st.sampled_from([None, minute(90)]),
        due_at=st.sampled_from([None, minute(30)]),
        is_promised=st.booleans(),
        draft=st.one_of(st.none(), drafts()),
    )


def records() -> st.SearchStrategy[Record]:
    data: st.SearchStrategy[AnyData] = st.one_of(
        st.builds(CommentAdded, draft=st.just(1), revision=st.just(1), text=long_text()),
        st.builds(DeliveryRefused, update=st.just(1), outlet=long_text(300).map(OutletKey), reason=long_text()),
        st.builds(
            IncidentOpened,
            workspace=st.just("T1"),
            title=long_text(),
            impact=st.sampled_from(Impact),
            components=st.lists(long_text(3000), max_size=4).map(tuple),
            commander=st.just(ANA.id),
            comms_lead=st.just(BEN.id),
            due_at=st.just(minute(30)),
        ),
        st.builds(
            RevisionProposed,
            draft=st.just(1),
            revision=st.just(2),
            sections=sections(),
            status=st.sampled_from(Status),
            impact=st.sampled_from(Impact),
            components=st.just(()),
            promise_minutes=st.none(),
            sign_as=st.just(""),
            words=st.just(()),
            digest=st.just("d" * 64),
        ),
    )
    return data.map(record_of)


def record_of(data: AnyData, by: MemberId = ANA.id, at: float = 0) -> Record:
    return Journal().write(data, by=by, at=at).records[0]
