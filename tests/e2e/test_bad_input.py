"""Whatever is typed, by whomever: a clear answer, nothing typed is lost, nothing pings or runs, no trace of forgers."""

import copy
import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from chatops.sandbox.applink import Delivery
from chatops.sandbox.http_transport import encode
from chatops.sandbox.person import Person
from tests.e2e.laws import list_errors, list_posts, require_laws, require_verified, settle
from tests.e2e.steps import count_records, open_incident, propose, recorded
from tests.e2e.town import CHANNEL, Answer, Json, Town, eventually, run_town

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVERY_SCRIPT = "Ελληνικά, кириллица, 中文, 日本語, 한국어, हिन्दी, ไทย, አማርኛ, ქართული, 𝔘𝔫𝔦𝔠𝔬𝔡𝔢, 👩🏽‍🚒🏳️‍🌈🇺🇳"
RIGHT_TO_LEFT = "העגלה אינה זמינה (503) · سلة الشراء متوقفة"
MARKUP = "<!channel> <@U01ANDY> <https://evil.example|click> *bold* _it_ ~no~ `code` &amp; & <b>x</b>"
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
TEMPLATE = "{{ 7*7 }} ${7*7} %s %(x)s \\n '; DROP TABLE records; --"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """One for all: whatever was tried before must not matter."""
    async with run_town(tmp_path_factory.mktemp("town")) as town:
        await open_incident(town)
        yield town
        await require_laws(town, await settle(town))
        await require_verified(town)
        # Bolt calls it an error when a request names no workspace.
        assert [line for line in list_errors(town) if "AsyncMultiTeamsAuthorization" not in line] == []


async def test_every_script_and_markup_reaches_the_public_to_the_letter_and_does_nothing(town: Town) -> None:
    words = "\n".join((EVERY_SCRIPT, RIGHT_TO_LEFT, MARKUP, SCRIPT, TEMPLATE))
    card = await propose(town, words, Who_is_affected=EVERY_SCRIPT, Sign_as="B*lle <!here>")
    await town.andy.click("Approve", message=card)
    await recorded(town, "update_published")
    (body,) = await town.page_bodies("INC-1")
    for line in words.split("\n"):
        assert line in body
        assert any(line in letter.text for letter in town.letters())
    async with town.session.get(f"{town.url}/incidents/INC-1") as response:
        html = await response.text()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    await settle(town)
    said = "\n".join(_list_mrkdwn(list_posts(town)))
    assert "&lt;!channel&gt;" in said
    assert "<!channel>" not in said
    assert "<!here>" not in said


def _list_mrkdwn(value: object) -> list[str]:
    """All that Slack would read for pings and links; plain and preformatted text it does not."""
    if isinstance(value, list):
        return [text for each in value for text in _list_mrkdwn(each)]
    if not isinstance(value, dict) or value.get("type") == "plain_text":
        return []
    own = value.get("text")
    is_read = isinstance(own, str) and value.get("type") in ("mrkdwn", "message", None)
    return [*([str(own)] if is_read else []), *(text for each in value.values() for text in _list_mrkdwn(each))]


async def test_a_title_with_line_breaks_is_one_line_and_no_header(town: Town) -> None:
    titled = "Down\r\nBcc: everybody@evil.example\r\n\r\n<!channel> 🔥"
    submitted = await _submit_raw(town, town.joel, "/incident open x", "title", titled)
    assert submitted.status == 200
    assert submitted.text == ""
    number = town.peek("SELECT max(number) FROM incidents")
    log = await settle(town, f"INC-{number}")
    assert log.document["title"] == "Down Bcc: everybody@evil.example <!channel> 🔥"


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("title", "", "title"),
        ("title", " \u200b\t ", "title"),
        ("title", "x" * 10_000, "At most 120"),
        ("first_words", "y" * 10_000, "At most 3000"),
    ],
    ids=["empty", "invisible", "10,000 characters", "10,000 first words"],
)
async def test_a_form_that_cannot_be_taken_stays_open_with_the_reason(
    field: str, typed: str, told: str, town: Town
) -> None:
    before = count_records(town)
    answer = await _submit_raw(town, town.joel, "/incident open x", field, typed)
    assert answer.json["response_action"] == "errors", answer.text
    assert told.lower() in answer.json["errors"][field].lower()
    assert count_records(town) == before
    await _correct(town.joel)
    assert count_records(town) > before


async def _correct(person: Person) -> None:
    """The same form, put right: nothing was consumed by the refusal."""
    await person.fill({"Title": "Put right", "Impact": "Minor"})
    assert await person.submit() == {}


async def test_a_draft_that_cannot_be_taken_stays_open_with_the_reason(town: Town) -> None:
    for typed, told in (("", "empty"), (" \n\u200b ", "empty"), ("z" * 10_000, "At most 3000")):
        answer = await _submit_raw(town, town.joel, "/incident update INC-1", "what_happened", typed)
        assert told in answer.json["errors"]["what_happened"]
        await town.joel.close()


async def test_ten_thousand_characters_after_a_command_are_all_shown_back(town: Town) -> None:
    typed = " ".join(f"word{number}" for number in range(1200))
    assert len(typed) > 9_000
    answer = await town.deliver(town.command(await town.andy.id(), f"open {typed}"))
    view = await town.andy.wait_for_view("Open an incident")
    shown = f"{answer.text} {json.dumps(view)}"
    assert "word0 " in shown
    assert "word1199" in shown
    await town.andy.close()


async def test_commands_that_make_no_sense_are_answered_with_what_would(town: Town) -> None:
    asked = {
        "opne Checkout": "Did you mean `/incident open",
        "💥": "do not know",
        "": "/incident open",
        "update INC-999": "no such incident",
        "update INC-0": "incident",
        "update INC-99999999999999999999": "incident",
        "remind soon INC-1": "20m",
        "remind 999h INC-1": "seven days",
        "remind off INC-1": "Say why",
        "assign commander INC-1": "Name the person",
        "assign king <@U01ANDY> INC-1": "which role",
        "assign commander <@U01GUS> INC-1": "guest",
        "assign commander <@U99NOBODY> INC-1": "",
        f"{SCRIPT} {MARKUP}": "do not know",
    }
    me = await town.belle.id()
    for text, told in asked.items():
        answer = await town.deliver(town.command(me, text))
        assert answer.status == 200
        assert told in answer.text, f"{text!r} was answered with {answer.text!r}"
        assert "<!channel>" not in "\n".join(_list_mrkdwn(answer.json))


async def test_who_may_not_is_told_so_and_changes_nothing(town: Town) -> None:
    before = count_records(town)
    for text in ("open x", "update INC-1", "remind 20m INC-1", "resolve INC-1"):
        answer = await town.deliver(town.command(await town.gus.id(), text))
        assert "guest" in answer.text.lower(), answer.text
    assert count_records(town) == before
    card = await propose(town, "Only admins may bypass.")
    await town.andy.click("Publish without approval", message=card)
    assert "may" in town.andy.text_of(await town.andy.wait_for_message(CHANNEL, containing="⚠️"))
    withdrawn = count_records(town, "draft_withdrawn")
    await town.andy.click("Withdraw", message=card)
    await recorded(town, "draft_withdrawn", withdrawn + 1)


async def test_what_is_over_cannot_be_done_again(town: Town) -> None:
    """Approve a withdrawn draft, resolve twice: said clearly, recorded never."""
    card = await propose(town, "Withdrawn words.")
    shown = copy.deepcopy(card)
    await town.belle.click("Withdraw", message=card)
    await town.belle.wait_for_message(CHANNEL, containing="Nothing of it was published", after_ts=_just_before(card))
    await settle(town)
    before = count_records(town)
    message = town.sandbox.workspace.channels[card["channel"]].find(card["ts"])
    assert message is not None
    message.blocks[:] = shown["blocks"]  # as a client shows it that is behind
    await town.andy.click("Approve", message=shown)
    told = await town.andy.wait_for_message(CHANNEL, containing="withdrawn")
    assert told.get("ephemeral") or told.get("is_ephemeral")
    assert count_records(town) == before
    resolved = await propose(town, "All is well.", Status="Resolved")
    await town.andy.click("Approve", message=resolved)
    await recorded(town, "incident_resolved")
    answer = await town.deliver(town.command(await town.belle.id(), "resolve INC-1"))
    assert "resolved" in answer.text


def _just_before(message: Json) -> str:
    return f"{float(message['ts']) - 0.0001:.6f}"


async def test_forged_unsigned_and_old_requests_leave_no_trace(town: Town) -> None:
    body, content_type = encode(town.command(await town.belle.id(), "remind 20m INC-1"))
    before = _count_rows(town)
    answers = [
        await town.send(body, content_type, secret="somebody-elses-secret"),
        await town.send(body, content_type, signed=False),
        await town.send(body, content_type, age_seconds=6 * 60),
        await town.send(body, content_type, age_seconds=-6 * 60),
        await town.send("", content_type, signed=False),
        await town.send(urlencode({"payload": "{"}), content_type, signed=False),
    ]
    assert [answer.status for answer in answers] == [401] * len(answers)
    assert _count_rows(town) == before


async def test_signed_nonsense_breaks_nothing(town: Town) -> None:
    form, before = "application/x-www-form-urlencoded", count_records(town)
    for body, kind in (
        ("", form),
        ("payload={", form),
        ("payload=%7B%7D", form),
        ("\x00\xff", form),
        ("[]", "application/json"),
        ('{"type": "event_callback"}', "application/json"),
        ("x" * 900_000, form),
    ):
        assert (await town.send(body, kind)).status in range(200, 500), body[:40]
    assert count_records(town) == before


def _count_rows(town: Town) -> list[int]:
    return [town.peek(f"SELECT count(*) FROM {table}") for table in ("records", "commands", "members")]


async def _submit_raw(town: Town, person: Person, command: str, field: str, typed: str) -> Answer:
    """A submission that no client would let through: its form is really open, one value is replaced."""
    await person.command(CHANNEL, command)
    view = await _open_view(person)
    payload = _submission(town, await person.id(), view)
    payload["view"]["state"]["values"][field]["input"]["value"] = typed or None
    return await town.deliver(Delivery(kind="interactive", payload=payload))


async def _open_view(person: Person) -> Json:
    return await eventually(person.view, "no form was opened")


def _submission(town: Town, person_id: str, view: Json) -> Json:
    parts = town.sandbox.parts
    found = parts.workspace.views.find(view["id"])
    assert found is not None
    member = parts.workspace.members[person_id]
    return copy.deepcopy(
        parts.payloads.submission(member, found, trigger_id=parts.triggers.issue(person_id), response_urls=[])
    )
