"""The mailbox by IMAP, as Python's own client reads it; and what is no IMAP is refused."""

import asyncio
import imaplib
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any, TypeVar

import aiohttp
import pytest

from chatops.sandbox.server import RunningSandbox

T = TypeVar("T")
US = "status@acme.example"


async def by_imap(sandbox: RunningSandbox, work: Callable[[imaplib.IMAP4], T], *, user: str = US) -> T:
    def run() -> T:
        with imaplib.IMAP4("127.0.0.1", sandbox.imap_port or 0, timeout=5) as client:
            client.login(user, "any")
            return work(client)

    return await asyncio.to_thread(run)


def put(sandbox: RunningSandbox, number: int, to: str = US) -> None:
    sandbox.letters.take(f"Subject: {number}\r\n\r\nHello {number}\r\n".encode(), "dana@customer.example", [to])


async def test_letters_are_listed_and_fetched(sandbox: RunningSandbox) -> None:
    for number in range(1, 4):
        put(sandbox, number)
    put(sandbox, 4, "somebody@else.example")

    def read(client: imaplib.IMAP4) -> tuple[Any, ...]:
        assert client.select("INBOX", readonly=True) == ("OK", [b"3"])
        validity = client.response("UIDVALIDITY")[1]
        found = client.uid("SEARCH", "ALL")[1]
        later = client.uid("SEARCH", "UID", "2:*", "SINCE", "1-Jan-2020")[1]
        never = client.uid("SEARCH", "SINCE", "1-Jan-2199")[1]
        beyond = client.uid("SEARCH", "UID", "9:*")[1]
        fetched = client.uid("FETCH", "2", "(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[])")[1]
        part = client.uid("FETCH", "1:2", "(BODY.PEEK[]<9.4>)")[1]
        return validity, found, later, never, beyond, fetched, part

    validity, found, later, never, beyond, fetched, part = await by_imap(sandbox, read)
    assert validity[0].isdigit()
    assert (found, later, never) == ([b"1 2 3"], [b"2 3"], [b""])
    assert beyond == [b"3"]  # `*` is the last letter, however small its number
    head, raw = fetched[0]
    assert re.fullmatch(
        rb'2 \(UID 2 FLAGS \(\) RFC822.SIZE 23 INTERNALDATE "[ \d]\d-\w{3}-\d{4} [\d:]{8} \+0000" BODY\[\] \{23\}', head
    )
    assert raw == b"Subject: 2\r\n\r\nHello 2\r\n"
    assert [piece[1] for piece in part if isinstance(piece, tuple)] == [raw[9:13].replace(b"2", b"1"), raw[9:13]]


async def test_each_address_has_its_own_letters(sandbox: RunningSandbox) -> None:
    put(sandbox, 1, "Other@acme.example")
    for user, count in ((US, b"0"), ("other@ACME.example", b"1")):
        assert await by_imap(sandbox, lambda client: client.select("INBOX", readonly=True)[1][0], user=user) == count


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["a1 LOGIN nobody any"], "a1 NO [AUTHENTICATIONFAILED]"),
        (["a1 LOGIN us@acme.example"], "a1 BAD"),
        (["a1 SELECT INBOX"], "a1 BAD"),
        (["a1 FETCH 1 BODY[]"], "a1 BAD"),
        (["a1 STARTTLS"], "a1 BAD"),
        (["*"], "* BAD"),
        (["a1 LOGIN us@acme.example any", "a2 SELECT INBOX"], "a2 NO [CANNOT]"),
        (["a1 LOGIN us@acme.example any", "a2 EXAMINE Sent"], "a2 NO [NONEXISTENT]"),
        (["a1 LOGIN us@acme.example any", "a2 UID SEARCH ALL"], "a2 BAD"),
        (["a1 LOGIN us@acme.example any", "a2 LOGIN us@acme.example any"], "a2 BAD"),
        (["a1 LOGIN us@acme.example any", "a2 EXAMINE INBOX", "a3 UID STORE 1 +FLAGS (\\Deleted)"], "a3 BAD"),
        (["a1 LOGIN us@acme.example any", "a2 EXAMINE INBOX", "a3 UID SEARCH FROM x"], "a3 BAD"),
        (["a1 LOGIN us@acme.example any", "a2 EXAMINE INBOX", "a3 UID SEARCH SINCE yesterday"], "a3 BAD"),
        (["a1 LOGIN us@acme.example any", "a2 EXAMINE INBOX", "a3 UID FETCH x BODY[]"], "a3 BAD"),
        (["a1 LOGIN us@acme.example any", "a2 EXAMINE INBOX", "a3 UID FETCH 1 ENVELOPE"], "a3 BAD"),
        (['a1 LOGIN "us@acme.example" "an\\"y"', "a2 CAPABILITY"], "* CAPABILITY IMAP4rev1"),
        (["a1 LOGIN {3}"], "a1 BAD"),
        (["a1 NOOP", "a2 LOGOUT"], "* BYE"),
    ],
)
async def test_what_it_says(sandbox: RunningSandbox, lines: list[str], said: str) -> None:
    put(sandbox, 1, "us@acme.example")
    reader, writer = await asyncio.open_connection("127.0.0.1", sandbox.imap_port)
    assert (await reader.readline()).startswith(b"* OK")
    answers = ""
    for line in lines:
        writer.write(f"{line}\r\n".encode())
        tag = line.partition(" ")[0]
        answers = ""
        while not answers.splitlines(keepends=True) or not answers.splitlines()[-1].startswith(f"{tag} "):
            answers += (await reader.readline()).decode()
    assert answers.startswith(said)
    writer.close()
    await writer.wait_closed()


async def test_a_customer_writes_and_answers(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    ours = sandbox.letters.take(
        b"From: Acme <status@acme.example>\r\nReply-To: support@acme.example\r\nSubject: Down\r\n"
        b"Message-ID: <2@acme.example>\r\nReferences: <1@acme.example>\r\n\r\nIt broke.\r\nSorry.\r\n",
        "status@acme.example",
        ["customers@list.acme.example"],
    )
    async with session.post(
        f"{sandbox.base_url}/mailbox/messages/{ours.id}/reply",
        json={"from": "Dana <d@c.example>", "text": "Since when?"},
    ) as response:
        assert (await response.json())["ok"] is True
    answer = sandbox.letters.newest_first()[0]
    message = message_from_bytes(answer.raw, policy=policy.default)
    assert answer.recipients == ["support@acme.example"]
    assert (message["Subject"], message["In-Reply-To"]) == ("Re: Down", "<2@acme.example>")
    assert message["References"] == "<1@acme.example> <2@acme.example>"
    assert answer.text.replace("\r\n", "\n").startswith("Since when?\n\nOn ")
    assert "> It broke.\n> Sorry." in answer.text.replace("\r\n", "\n")
    assert answer.is_from_customer
    new = {"from": "d@c.example", "to": US, "subject": "Hello\r\nBcc: x@y.example", "text": "Is it down?"}
    async with session.post(f"{sandbox.base_url}/mailbox/messages", json=new) as response:
        assert (await response.json())["ok"] is True
    assert sandbox.letters.newest_first()[0].subject == "Hello Bcc: x@y.example"


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"to": US}, "Write something first."),
        ({"to": US, "text": "x" * 100_001}, "too long"),
        ({"text": "x"}, "An address looks like"),
        ({"to": US, "text": "x", "from": "Dana"}, "An address looks like"),
        ({"to": US, "text": "x", "from": "d@c.example\r\nBcc: x@y"}, "An address looks like"),
    ],
)
async def test_what_cannot_be_sent_is_said(
    sandbox: RunningSandbox, session: aiohttp.ClientSession, wish: dict[str, str], said: str
) -> None:
    async with session.post(f"{sandbox.base_url}/mailbox/messages", json=wish) as response:
        answer = await response.json()
    assert answer["ok"] is False
    assert said in answer["error"]
    assert sandbox.letters.newest_first() == []


async def test_only_json_is_taken(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    url = f"{sandbox.base_url}/mailbox/messages"
    for sent, status in (({"data": {"text": "x"}}, 415), ({"json": [3]}, 200)):
        async with session.post(url, **sent) as response:  # type: ignore[arg-type]
            assert response.status == status
            assert (await response.json())["ok"] is False
    headers = {"Content-Type": "application/json"}
    async with session.post(url, data=b"{", headers=headers) as response:
        assert response.status == 400
    async with session.post(f"{url}/none/reply", json={"text": "x"}) as response:
        assert response.status == 404
