"""Answering customers in Slack, from the card to the frozen reply, with several people at it at once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from chatops.domain.errors import Uncertain
from chatops.domain.policy import MentionPolicy
from chatops.sandbox.person import Person
from chatops.sandbox.wire import Json
from chatops.slack import gateway
from chatops.usecases import customer_cards
from chatops.usecases.customer_cards import FOLD_FROM
from tests.slack.customers import MENTIONS, conversation_records, hear
from tests.slack.house import Case, House, Plan, Transport, eventually


@pytest.fixture
def transport() -> Transport:
    """How Slack reaches us makes no difference here."""
    return "http"


@pytest.fixture
def answering() -> MentionPolicy:
    """How customers are answered; a test that needs another policy says so."""
    return MentionPolicy()


@pytest.fixture
def plan(transport: Transport, answering: MentionPolicy) -> Plan:
    return Plan(transport=transport, answering=answering)


@pytest.fixture(autouse=True)
def fast_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's real pace is kept in the tests of the gateway and in the flood; here it would only be waited for."""
    monkeypatch.setattr(gateway, "CUSTOMERS_EVERY_SECONDS", 0.2)
    monkeypatch.setattr(customer_cards, "PACE", timedelta(seconds=0.2))


FREE = ["Claim", "Reply", "No reply needed", "Escalate"]


async def card_of(house: House, name: str) -> Json:
    """The card of this customer's conversation in the Slack channel for customers."""
    return await house.belle.wait_for_message(MENTIONS, containing=f"{name} Fox on Fediverse")


async def board_of(house: House, case: Case) -> Json:
    return await house.belle.wait_for_message(MENTIONS, containing=f"Customers · {case.name}")


def labels_of(message: Json) -> list[str]:
    blocks = [block for block in message["blocks"] if block["type"] == "actions"]
    return [each["text"]["text"] for block in blocks for each in block["elements"]]


async def kinds(house: House, number: int, last: str) -> list[str]:
    """The kinds of records of a conversation, once its last one is there."""

    async def look() -> list[str] | None:
        found = [record.kind for record in await conversation_records(house.bot, number)]
        return found if last in found else None

    return await eventually(look, f"no {last} in conversation {number}")


async def test_a_customer_is_claimed_answered_and_the_card_shrinks(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle)
    await hear(house.bot, [house.network.write("Lena", "Is my <password> *safe*?")])
    card = await card_of(house, "Lena")
    text = await house.shows(card, "Lena Fox", "@lena", "Fediverse", "1,200 followers", "Waiting since")
    assert "Is my <password> *safe*?" in text
    assert labels_of(card) == FREE

    await belle.click("Claim", message=card)
    await house.shows(card, "Belle", "is on it")
    await andy.click("Reply", message=card)
    assert "Belle" in await house.told(andy, "has claimed this one until", MENTIONS)
    assert await andy.view() is None

    await belle.click("Reply", message=card)
    view = await belle.wait_for_view("Reply to mention")
    shown = belle.text_of(view)
    assert "Is my <password> *safe*?" in shown
    assert "Nothing is published yet" in shown
    assert "Do not say" in shown
    assert "At most 500 characters" in shown
    await belle.fill({"Reply": "Your password is safe."})
    assert await belle.submit() == {}
    assert await kinds(house, 1, "reply_sent") == [
        "conversation_opened",
        "conversation_claimed",
        "conversation_claimed",
        "reply_written",
        "reply_sent",
    ]
    [posting] = house.network.sent
    assert posting.words == "@lena Your password is safe. — Belle"
    text = await house.shows(card, "answered", "Your password is safe. — Belle", without=["Waiting since"])
    current = house.message(card["channel"], card["ts"])
    assert current is not None
    assert labels_of(current) == []
    assert len(current["blocks"]) == 1
    await house.check_thread(case)


async def hear_one(house: House, name: str = "Lena", text: str = "Is my password safe?") -> Json:
    """A new customer; their card."""
    await hear(house.bot, [house.network.write(name, text)])
    return await card_of(house, name)


async def answer(person: Person, card: Json, words: str, **fields: list[str]) -> None:
    await person.click("Reply", message=card)
    await person.wait_for_view("Reply to mention")
    await person.fill({"Reply": words, **fields})
    assert await person.submit() == {}


async def test_of_two_who_claim_at_once_one_gets_it_and_the_other_is_told_who(house: House) -> None:
    await house.open(house.belle)
    card = await hear_one(house)
    await asyncio.gather(house.belle.click("Claim", message=card), house.andy.click("Claim", message=card))
    claims = [each for each in await conversation_records(house.bot, 1) if each.kind == "conversation_claimed"]
    assert len(claims) == 1
    winner = await house.bot.store.read(lambda reads: reads.get_member_by_id(claims[0].actor))
    loser = house.andy if winner.first_name == "Belle" else house.belle
    assert winner.name in await house.told(loser, "has claimed this one until", MENTIONS)


async def test_a_claim_is_handed_over_and_released(house: House) -> None:
    belle, andy = house.belle, house.andy
    await house.open(belle)
    card = await hear_one(house)
    await belle.click("Claim", message=card)
    await house.shows(card, "is on it")
    await belle.click("Hand over", message=card)
    await belle.wait_for_view("Hand over")
    await belle.fill({"Colleague": "Gus"})
    assert "guests" in (await belle.submit())["Colleague"]
    await belle.fill({"Colleague": "Andy"})
    assert await belle.submit() == {}
    await house.shows(card, "Andy Reyes", without=["Belle"])
    await belle.click("Release", message=card)
    await house.told(belle, "You have not claimed this one", MENTIONS)
    await andy.click("Release", message=card)
    await house.shows(card, "Waiting since", without=["is on it"])


async def test_what_needs_no_reply_is_closed_with_a_reason(house: House) -> None:
    belle = house.belle
    await house.open(belle)
    card = await hear_one(house, text="You are great!")
    await belle.click("No reply needed", message=card)
    view = await belle.wait_for_view("No reply needed")
    assert "You are great!" in belle.text_of(view)
    await belle.fill({"Reason": "  "})
    assert "Give a reason" in (await belle.submit())["Reason"]
    await belle.fill({"Reason": "Praise, <thanks>."})
    assert await belle.submit() == {}
    await house.shows(card, "No reply needed: Praise, <thanks>.", without=["Waiting since"])
    # They write again: somebody waits again, on the same card.
    first = next(iter(house.network.posts.values()))
    await hear(house.bot, [house.network.write("Lena", "And now it is down.", thread=first.id)])
    text = await house.shows(card, "And now it is down.", "Waiting since")
    assert "You are great!" not in text.split("Waiting since")[1].split("And now")[0]


async def test_the_commander_is_called_in_the_incident_thread(house: House) -> None:
    belle, sunil = house.belle, house.sunil
    case = await house.open(belle, Commander="Sunil")
    card = await hear_one(house, text="I write for the Daily. Comment?")
    await belle.click("Escalate", message=card)
    await belle.wait_for_view("Call the commander")
    await belle.fill({"Reason": "A journalist <!channel>"})
    assert await belle.submit() == {}
    await house.shows(card, "The commander was called: A journalist <!channel>")
    [called] = await house.recorded(case, "mention_escalated")

    async def look() -> Json | None:
        return next((each for each in house.thread(case) if called.anchor in str(each["blocks"])), None)

    message = await eventually(look, "the commander was not called")
    assert f"<@{await sunil.id()}>" in str(message["blocks"])
    assert "<!channel>" not in str(message["blocks"])
    await sunil.click("Reply", message=message)
    assert "I write for the Daily" in sunil.text_of(await sunil.wait_for_view("Reply to mention"))
    await sunil.close()
    current = house.message(card["channel"], card["ts"])
    assert current is not None
    assert "Escalate" not in labels_of(current)
    await house.check_thread(case)


async def test_the_form_itself_leads_to_the_commander_and_to_no_reply(house: House) -> None:
    """In a flood nobody has a card to press that on."""
    belle = house.belle
    await house.open(belle)
    card = await hear_one(house, text="I write for the Daily, and you are great!")
    await belle.click("Reply", message=card)
    await belle.wait_for_view("Reply to mention")
    await belle.click("Escalate")
    await belle.wait_for_view("Call the commander")
    await belle.fill({"Reason": "A journalist"})
    assert await belle.submit() == {}
    await house.shows(card, "The commander was called: A journalist")
    # The form is still there, below.
    await belle.wait_for_view("Reply to mention")
    await belle.click("No reply needed")
    await belle.wait_for_view("No reply needed")
    await belle.fill({"Reason": "Praise"})
    assert await belle.submit() == {}
    assert await belle.view() is None
    await house.shows(card, "No reply needed: Praise", without=["Waiting since"])


SECOND_PAIR = MentionPolicy(second_pair_words=("refund",))


@pytest.mark.parametrize("answering", [SECOND_PAIR])
async def test_a_second_pair_of_eyes_reads_the_exact_words(house: House) -> None:
    belle, andy = house.belle, house.andy
    await house.open(belle)
    card = await hear_one(house, text="Do I get a refund?")
    words = f"You will hear from us about that. {'Really. ' * 40}".strip()
    await answer(belle, card, words)
    text = await house.shows(card, "Somebody else has to read it before it goes out")
    assert f"@lena {words} — Belle" in text
    await belle.click("Approve", message=card)
    await house.told(belle, "You wrote this answer, so somebody else has to look at it.", MENTIONS)
    assert house.network.sent == []
    await andy.click("Approve", message=card)
    await kinds(house, 1, "reply_sent")
    assert [each.words for each in house.network.sent] == [f"@lena {words} — Belle"]


async def test_an_answer_to_what_has_changed_meanwhile_is_held_for_a_person(house: House) -> None:
    belle = house.belle
    await house.open(belle)
    network = house.network
    card = await hear_one(house)
    mention = next(iter(network.posts.values()))
    network.posts[mention.id] = replace(mention, text="Is my credit card safe?")
    await answer(belle, card, "Yes.")
    await house.shows(card, "was not sent", "The author has changed the post since you read it.")
    await belle.click("Drop", message=card)
    await house.shows(card, "Waiting since", without=["was not sent"])
    assert network.sent == []
    network.posts[mention.id] = replace(mention, text="Is my debit card safe?")
    await answer(belle, card, "Yes, we think so.")
    await house.shows(card, "was not sent")
    await belle.click("Send anyway", message=card)
    await house.shows(card, "answered")
    assert [each.words for each in network.sent] == ["@lena Yes, we think so. — Belle"]


async def test_what_the_network_refuses_or_leaves_open_is_for_a_person_to_settle(house: House) -> None:
    belle, network = house.belle, house.network
    await house.open(belle)
    card = await hear_one(house)
    network.refuse("They have blocked us.")
    await answer(belle, card, "Yes.")
    await house.shows(card, "was refused", "They have blocked us.")
    network.outcome = Uncertain("The answer was lost.")
    await belle.click("Retry", message=card)
    await house.shows(card, "may stand there", "The answer was lost.", "It arrived")
    assert labels_of(house.message(card["channel"], card["ts"]) or {})[:2] == ["It arrived", "Send again"]
    await belle.click("It arrived", message=card)
    await house.shows(card, "answered", without=["may stand there"])
    other = await hear_one(house, "Otto", "Hello?")
    await answer(belle, other, "Hello.")
    await house.shows(other, "may stand there")
    network.outcome = None
    await belle.click("Send again", message=other)
    await house.shows(other, "answered", without=["may stand there"])
    assert len(network.sent) == 1


async def test_who_lost_the_claim_keeps_what_they_typed(house: House) -> None:
    belle, andy = house.belle, house.andy
    await house.open(belle)
    card = await hear_one(house)
    await belle.click("Reply", message=card)
    await belle.wait_for_view("Reply to mention")
    await house.shows(card, "is on it")
    await andy.click("Release", message=card)
    await house.told(andy, "You have not claimed this one", MENTIONS)
    await belle.fill({"Reply": "x" * 600})
    assert "Too long for Fediverse: 614 of 500 characters" in (await belle.submit())["Reply"]
    await belle.fill({"Reply": "Call me: 030 1234567890"})
    assert "a telephone number" in (await belle.submit())["Reply"]
    await belle.fill({"Reply": "Fine.", "Sign as": "B" * 40})
    house.network.is_waiting = True
    assert await belle.submit() == {}
    await house.shows(card, "is on its way")
    house.network.is_waiting = False
    await house.shows(card, "answered")


async def test_a_form_that_slack_did_not_open_comes_back_with_a_button(house: House) -> None:
    belle = house.belle
    await house.open(belle)
    card = await hear_one(house)
    house.fault("500", "views.open", times=1)
    await belle.click("Reply", message=card)
    button = await belle.wait_for_message(MENTIONS, containing="Slack did not open the form in time")
    await belle.click("Open the form", message=button)
    assert "Is my password safe?" in belle.text_of(await belle.wait_for_view("Reply to mention"))


async def test_a_flood_folds_and_next_one_leads_to_who_waits_longest(house: House) -> None:
    belle, andy, network = house.belle, house.andy, house.network
    case = await house.open(belle, Comms_lead="Andy")
    names = [f"Person{number:02}" for number in range(40)]
    posts = [
        network.write(name, f"Question {number} about {name * 2}", ago=60 - number) for number, name in enumerate(names)
    ]
    await hear(house.bot, posts)
    board = await board_of(house, case)
    text = await house.shows(board, "40 customers wait", "40 posts in 40 conversations")
    oldest = [name for name in names if f"{name} Fox" in text]
    assert oldest == names[:5]
    assert "and 35 more" in text
    # The flood is told to the comms lead, once for all that was heard, with the words for everybody.
    foreseen = (await house.recorded(case, "flood_foreseen"))[-1]
    backlogs = [each.data.backlog for each in await house.recorded(case, "flood_foreseen")]  # type: ignore[union-attr]
    assert backlogs == [40]

    async def look() -> Json | None:
        return next((each for each in house.thread(case) if foreseen.anchor in str(each["blocks"])), None)

    warning = await eventually(look, "nobody was warned")
    assert f"<@{await andy.id()}>" in str(warning["blocks"])
    await andy.click("Draft update", message=warning)
    view = await andy.wait_for_view("Draft an update")
    assert "We will answer all of you personally" in str(view["blocks"])
    await andy.close()
    # Two clicks to writing.
    await belle.click("Next one", message=board)
    view = await belle.wait_for_view("Reply to mention")
    assert "Person00 Fox" in belle.text_of(view)
    await belle.fill({"Reply": "We are on it."})
    assert await belle.submit() == {}
    await andy.click("Next one", message=board)
    assert "Person01 Fox" in andy.text_of(await andy.wait_for_view("Reply to mention"))
    await house.shows(board, "39 customers wait", "1 answered by 1 member", "The answers took up to")
    cards = [m for m in await belle.messages(MENTIONS) if "Fox on Fediverse" in str(m.get("text"))]
    assert len(cards) <= FOLD_FROM
    tally = await belle.wait_for_message("incidents", containing="Customers, INC-1", thread_ts=case.ts)
    await house.shows(tally, "39 customers wait")
    tallies = [each for each in house.thread(case) if "Customers, INC-1" in str(each.get("text"))]
    assert len(tallies) == 1
    boards = [m for m in await belle.messages(MENTIONS) if "Customers · INC-1" in belle.text_of(m)]
    assert len(boards) == 1


async def test_what_many_ask_gets_one_answer_that_a_colleague_approves(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle)
    posts = [house.network.write(name, "Is my password safe now?") for name in ("Lena", "Otto", "Mia")]
    await hear(house.bot, posts)
    board = await board_of(house, case)
    await house.shows(board, "3 ask:", "Is my password safe now?")
    await belle.click("Team answer", message=board)
    await belle.wait_for_view("Team answer")
    await belle.fill({"Answer": "Passwords are not touched by this."})
    assert await belle.submit() == {}
    await house.shows(board, "somebody else has to approve it: “Passwords are not touched by this.”")
    await belle.click("Approve answer", message=board)
    await house.told(belle, "You wrote this answer, so somebody else has to approve it.", MENTIONS)
    await andy.click("Approve answer", message=board)
    await house.shows(board, "approved by Andy Reyes")
    card = await card_of(house, "Otto")
    await andy.click("Reply", message=card)
    view = await andy.wait_for_view("Reply to mention")
    assert "Passwords are not touched by this." in str(view["blocks"])
    assert "Make the team's answer fit this person" in (await andy.submit())["Reply"]
    await andy.fill({"The team's answer": ["It fits this person as it is"]})
    assert await andy.submit() == {}
    await kinds(house, 2, "reply_sent")
    assert [each.words for each in house.network.sent] == ["@otto Passwords are not touched by this. — Andy"]
    await house.check_thread(case)


async def test_the_command_shows_what_waits_what_is_mine_and_what_was_promised(house: House) -> None:
    belle, joel = house.belle, house.joel
    case = await house.open(belle)
    await belle.command("general", "/incident mentions")
    await house.told(belle, "Nobody has written yet.", "general")
    card = await hear_one(house)
    await hear_one(house, "Otto", "Hello?")
    await belle.click("Claim", message=card)
    await house.shows(card, "is on it")
    await belle.command("general", "/incident mentions")
    text = await house.told(belle, "2 customers wait", "general")
    assert text.index("You have claimed") < text.index("Lena Fox") < text.index("Waiting longest") < text.index("Otto")
    await answer(belle, card, "We come back to you.", **{"Follow-up": ["We promised to come back to this person"]})
    await house.shows(card, "We promised to come back to this person")
    await belle.command("general", "/incident mentions follow-ups")
    await house.told(belle, "We promised to come back to 1 customer", "general")
    await belle.click("Done", in_channel="general", containing="We promised to come back")
    await house.told(belle, "Noted", "general")
    await house.shows(card, "answered", without=["promised"])
    await belle.command("general", "/incident mentions brief")
    view = await belle.wait_for_view("Brief")
    for words in ("Nothing is published yet", "Say sorry once", "when it will be fixed", "Next one", "Escalate"):
        assert words in belle.text_of(view)
    await belle.close()
    await belle.reply("incidents", case.ts, "@chatops mentions")
    assert "1 customer waits" in await house.told(belle, "Waiting longest")
    await belle.command("general", "/incident mentions pause")
    await house.told(belle, "You may not pause outlets", "general")
    await joel.command("general", "/incident mentions pause")
    await house.told(joel, "Say why", "general")


async def test_a_pause_stops_every_answer_visibly_until_it_is_resumed(house: House) -> None:
    belle, joel, network = house.belle, house.joel, house.network
    case = await house.open(belle)
    card = await hear_one(house)
    board = await board_of(house, case)
    network.is_waiting = True
    await answer(belle, card, "Yes.")
    await house.shows(card, "is on its way")
    await joel.reply("incidents", case.ts, "@chatops mentions pause legal is reading")
    await house.told(joel, "All replying to customers is paused")
    network.is_waiting = False
    await house.shows(board, "All replying is paused", "legal is reading", without=["reading INC-1"])
    await house.shows(card, "answer waits, because all replying is paused")
    assert network.sent == []
    other = await hear_one(house, "Otto", "Hello?")
    await belle.click("Reply", message=other)
    view = await belle.wait_for_view("Reply to mention")
    assert "All replying is paused" in belle.text_of(view)
    await belle.fill({"Reply": "Hello."})
    assert "All replying is paused: legal is reading" in (await belle.submit())["Reply"]
    await joel.command("general", "/incident mentions resume")
    await house.told(joel, "goes on", "general")
    await house.shows(board, "customer", without=["paused"])
    assert await belle.submit() == {}


async def test_the_app_home_shows_who_waits_and_leads_to_the_form(house: House) -> None:
    belle = house.belle
    await house.open(belle)
    await hear_one(house, text="Is <b> safe?")
    await belle.wait_for_home("Customers waiting")
    await belle.click("Reply", on_home=True)
    view = await belle.wait_for_view("Reply to mention")
    assert "Is <b> safe?" in belle.text_of(view)
    await belle.close()
    await belle.wait_for_home("Yours until")


async def test_of_a_private_incident_nothing_leaves_its_slack_channel(house: House) -> None:
    belle = house.belle
    case = await house.open(belle, "Breach", Private=True)
    await hear(house.bot, [house.network.write("Lena", "Is my password safe?")])
    await belle.wait_for_message(case.channel, containing="Lena Fox on Fediverse")
    assert [m for m in await belle.messages(MENTIONS) if "Lena" in belle.text_of(m)] == []
    await house.carolyn.command("general", "/incident mentions INC-1")
    await house.told(house.carolyn, "There is no such incident", "general")
    await belle.wait_for_home("Lena Fox")
    home = await house.carolyn.wait_for_home("Open incidents")
    assert "Lena" not in house.carolyn.text_of(home)
    assert "Breach" not in house.carolyn.text_of(home)


HOSTILE = "<!channel> <@U01ANDY> <https://evil.example|click> *b* `c` &lt; \u202e :fire:"


async def test_hostile_customers_ping_nobody_and_format_nothing(house: House) -> None:
    belle = house.belle
    case = await house.open(belle)
    hostile = house.network.write("Lena", HOSTILE, url="javascript:alert(1)")
    author = replace(hostile.author, name=HOSTILE, handle="<!here>")
    await hear(house.bot, [replace(hostile, author=author)])
    card = await belle.wait_for_message(MENTIONS, containing="on Fediverse")
    board = await board_of(house, case)
    for message in (card, board):
        for ping in ("<!channel", "<!here", "<@U01ANDY", "<https://evil", "javascript"):
            plain = [block for block in message["blocks"] if block["type"] not in ("rich_text", "header")]
            assert ping not in str([plain, message["text"]]), ping


async def test_a_card_that_somebody_removed_comes_back_while_it_is_needed(house: House) -> None:
    await house.open(house.belle)
    card = await hear_one(house)
    del house.sandbox.workspace.channels[card["channel"]].messages[card["ts"]]
    first = next(iter(house.network.posts.values()))
    await hear(house.bot, [house.network.write("Lena", "Hello?", thread=first.id)])
    again = await house.belle.wait_for_message(MENTIONS, containing="Lena Fox on Fediverse: “Hello?”")
    assert again["ts"] != card["ts"]
    assert labels_of(again) == FREE


async def test_what_a_customer_deletes_or_changes_shows_on_the_card(house: House) -> None:
    await house.open(house.belle)
    mention = house.network.write("Lena", "My number is 0301234567")
    await hear(house.bot, [mention])
    card = await card_of(house, "Lena")
    await hear(house.bot, [replace(mention, text="Is it safe?")])
    await house.shows(card, "Is it safe?", "(edited)", without=["0301234567"])
    await hear(house.bot, [], gone=(mention.id,))
    await house.shows(card, "(deleted by its author)", "Nobody waits here any more", without=["Is it safe?"])
    await house.belle.command("general", "/incident mentions")
    await house.told(house.belle, "Nobody waits", "general")


async def test_who_writes_when_all_is_well_again_is_answered_too(house: House) -> None:
    belle, andy = house.belle, house.andy
    case = await house.open(belle)
    await belle.command("general", "/incident mentions")
    await house.told(belle, "Nobody has written yet.", "general")
    draft = await house.propose(belle, case, Status="Resolved", **{"What happened": "All works again."})
    await andy.click("Approve", message=draft)
    await house.recorded(case, "incident_resolved")
    await andy.command("general", "/incident mentions")
    await house.told(andy, "No incident is open", "general")
    card = await hear_one(house, text="Really? Not here.")
    await belle.command("general", "/incident mentions")
    assert "Really? Not here." in await house.told(belle, "1 customer waits", "general")
    await belle.wait_for_home("Really? Not here.")
    await answer(belle, card, "I am sorry. Please sign in once more.")
    await house.shows(card, "answered")
