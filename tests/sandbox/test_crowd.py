"""The flood's customers: what they see of our answers, and what counts as one answer each."""

import time
from email.message import EmailMessage

import aiohttp
import aiosmtplib
import pytest

from chatops.sandbox.crowd import MAIL, Crowd, Written
from chatops.sandbox.flood import Flood, Told
from chatops.sandbox.flood_words import FIRST_WAVE, SECOND_WAVE, SILENT, THIRD_WAVE, X
from chatops.sandbox.person import CannotDo
from chatops.sandbox.public import Unseen
from chatops.sandbox.server import RunningSandbox
from chatops.sandbox.story import Stage

EVERYBODY = (*FIRST_WAVE, *SECOND_WAVE, *THIRD_WAVE)


def build_stage(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> Stage:
    return Stage(sandbox_url=sandbox.base_url, page_url="", session=session, say=lambda _: None, pause_seconds=0)


def answer(sandbox: RunningSandbox, written: Written, text: str) -> None:
    """As our account would, in the network's own app."""
    feed = sandbox.social.get_network(written.place).feed
    feed.add(feed.ours, text, parent=feed.find(written.id))


def test_nobodys_name_stands_in_anothers_words() -> None:
    """By the name it is known whose form is open."""
    names = [each.name for each in EVERYBODY]
    assert len(set(names)) == len(names) == 38
    for name in names:
        assert not [each.name for each in EVERYBODY if each.name != name and name in f"{each.name} {each.asks}"]


def test_every_answer_fits_on_x_with_name_and_signature() -> None:
    for each in EVERYBODY:
        assert (each.answer == "") == (each in SILENT)
        if each.place == X:
            assert len(f"@{each.handle} {each.answer} — Carolyn") <= 280, each.name
            assert len(each.asks) <= 280


async def test_each_answer_is_found_by_what_it_answers(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    crowd = Crowd(sandbox.base_url, session)
    asked = await crowd.post("x", name="Ann", handle="ann", text="@acme hello?")
    other = await crowd.post("facebook", name="Bob", handle="bob", text="Hello?")
    answer(sandbox, asked, "@ann Hello! — Belle")
    found = await crowd.wait_for_answers([asked])
    assert [each.text for each in found[asked]] == ["@ann Hello! — Belle"]
    assert (await crowd.list_answers([asked, other]))[other] == []
    answer(sandbox, asked, "@ann Hello again! — Andy")
    assert len((await crowd.list_answers([asked]))[asked]) == 2
    await crowd.delete(asked)
    with pytest.raises(CannotDo, match="no longer"):
        await crowd.delete(asked)


async def test_a_mail_that_comes_twice_is_one_answer(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    asked = Written(place=MAIL, id="<1@customer.example>", at=time.time())
    for message_id in ("<a@acme.example>", "<a@acme.example>", "<b@acme.example>"):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "status@acme.example", "ann@customer.example", "Re: Hello"
        mail["Message-ID"], mail["In-Reply-To"] = message_id, asked.id
        mail.set_content("Hello!\n\n— Belle\n")
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False)
    found = (await Crowd(sandbox.base_url, session).list_answers([asked]))[asked]
    assert [(each.id, each.text) for each in found] == [
        ("<a@acme.example>", "Hello! — Belle"),
        ("<b@acme.example>", "Hello! — Belle"),
    ]


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ([], "has 0 answers, not 1"),
        (["@ninaokafor Sorry! — Andy", "@ninaokafor Sorry! — Andy"], "has 2 answers, not 1"),
        (["@ninaokafor Sorry!"], "was not told what Andy wrote"),
    ],
)
async def test_a_customer_without_one_signed_answer_fails_the_play(
    sandbox: RunningSandbox, session: aiohttp.ClientSession, answers: list[str], complaint: str
) -> None:
    flood = Flood(stage=build_stage(sandbox, session))
    nina = next(each for each in FIRST_WAVE if each.handle == "ninaokafor")
    flood.written[nina] = await flood.crowd.post(X, name=nina.name, handle=nina.handle, text=nina.asks)
    flood.told[nina] = Told(by="Andy", words="Sorry!")
    for each in answers:
        answer(sandbox, flood.written[nina], each)
    with pytest.raises(Unseen, match=complaint):
        await flood.compare()
