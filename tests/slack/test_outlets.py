"""`/incident outlets`: who may pause one, and what everybody sees of it."""

import pytest

from tests.slack.house import House, Plan, Transport
from tests.slack.test_delivery import publish

NAMES_PAUSER = '[policy.roles]\npause_outlets = ["carolyn@acme.example"]\n'


@pytest.fixture
def plan(transport: Transport) -> Plan:
    return Plan(transport=transport, policy=NAMES_PAUSER)


async def test_pausing_needs_the_permission_a_known_outlet_and_a_reason(house: House) -> None:
    belle, carolyn = house.belle, house.carolyn
    await belle.command("incidents", "/incident outlets pause email we are locked out")
    await house.told(belle, "You may not pause outlets; only the people named in the policy may. Ask one of them.")
    await carolyn.command("incidents", "/incident outlets pause email")
    await house.told(carolyn, "Say why: `/incident outlets pause email we are locked out`")
    await carolyn.command("incidents", "/incident outlets pause emial locked out")
    await house.told(carolyn, "“emial” is not an outlet that can be paused. There are: email")
    await carolyn.command("incidents", "/incident outlets pause page because")
    await house.told(carolyn, "“page” is not an outlet that can be paused")
    await carolyn.command("incidents", "/incident outlets resume email")
    await house.told(carolyn, "email is not paused")
    await carolyn.command("incidents", "/incident outlets stop email")
    await house.told(carolyn, "… outlets pause NAME REASON")
    await belle.command("incidents", "/incident outlets")
    shown = await house.told(belle, "Where updates go")
    assert "🟢 *Public page* (`page`) built in, always on" in shown
    assert "🟢 *E-mail* (`email`)" in shown
    assert "⏸️" not in shown


async def test_a_paused_outlet_is_skipped_visibly_and_retried_once_resumed(house: House) -> None:
    belle, andy, carolyn = house.belle, house.andy, house.carolyn
    case = await house.open(belle)
    await carolyn.command("incidents", "/incident  outlets  PAUSE  Email  a & b <locked> us out")
    await house.told(carolyn, "⏸️ `email` is paused: updates skip it, visibly, until `/incident outlets resume email`.")
    await belle.command("incidents", "/incident outlets")
    shown = await house.told(belle, "⏸️ *E-mail* (`email`) paused by Carolyn Mills")
    assert "a & b <locked> us out" in shown
    await publish(house, case, What_happened="Payments fail.")
    card = await house.published(case)
    await house.shows(
        card, "⏸️ *E-mail* skipped: paused: a & b <locked> us out", "✅ *Public page* sent", without=["&amp;"]
    )
    await house.recorded(case, "update_published")
    assert house.mails() == []
    await andy.click("Retry", message=card)
    await house.recorded(case, "delivery_skipped", 2)
    await carolyn.command("incidents", "/incident outlets resume email")
    await house.told(carolyn, "`email` is resumed. What it missed can be sent with `Retry`")
    await andy.click("Retry", message=card)
    await house.mail("Payments fail.")
    await house.shows(card, "✅ *E-mail* sent", without=["⏸️", "Retry"])
    assert len(house.mails()) == 1
    assert (await house.kinds(case.number)).count("update_published") == 1
