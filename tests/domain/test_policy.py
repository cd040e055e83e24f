"""Who may do what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chatops.domain.errors import NotAllowed, UnknownMember
from chatops.domain.policy import Member, Permission, Policy, require, require_approver, require_member
from chatops.domain.records import Impact
from tests.builders import ANA, BEN, BOT, DORA, GUS, POLICY, build_member

BYPASS = Permission.PUBLISH_WITHOUT_APPROVAL


@pytest.mark.parametrize("member", [GUS, BOT], ids=["guest", "bot"])
def test_guests_and_bots_never_act(member: Member) -> None:
    with pytest.raises(NotAllowed, match="full members"):
        require_member(member)
    with pytest.raises(NotAllowed):
        require(Policy(roles={BYPASS: (member.slack_id,)}), member, BYPASS)


def test_somebody_slack_has_not_told_us_about_is_asked_to_wait() -> None:
    with pytest.raises(UnknownMember) as refused:
        require_member(build_member("Nova", is_known=False))
    assert refused.value.slack_id == "UNOVA"


def test_a_role_nobody_was_named_for_belongs_to_admins() -> None:
    require(POLICY, DORA, BYPASS)
    with pytest.raises(NotAllowed, match="only workspace admins may"):
        require(POLICY, BEN, BYPASS)


@pytest.mark.parametrize("name", ["UBEN", "ben@acme.example", "Ben@ACME.example", "@incident-leads", "incident-leads"])
def test_a_role_names_people_by_id_mail_or_group_and_then_admins_have_it_no_longer(name: str) -> None:
    policy = Policy(roles={BYPASS: (name,)})
    require(policy, replace(BEN, groups=frozenset({"incident-leads"})), BYPASS)
    with pytest.raises(NotAllowed, match="people named in the policy"):
        require(policy, DORA, BYPASS)


def test_an_empty_name_names_nobody() -> None:
    assert not replace(BEN, email="").is_named_in(("", "@"))


def test_where_approvers_are_named_only_they_approve() -> None:
    policy = Policy(approvers=("@leads",))
    require_approver(policy, replace(BEN, groups=frozenset({"leads"})), author=ANA.id)
    with pytest.raises(NotAllowed, match="not among the approvers"):
        require_approver(policy, BEN, author=ANA.id)


def test_the_cadence_is_in_minutes_by_impact() -> None:
    assert POLICY.interval(Impact.MAJOR) == timedelta(minutes=30)


def test_people_are_greeted_by_their_first_name() -> None:
    assert ANA.first_name == "Ana"
    assert replace(ANA, name=" ").first_name == "Somebody"
