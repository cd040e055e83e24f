"""The mailbox: takes any mail with or without a login, and shows it without running anything in it."""

from email.message import EmailMessage

import aiohttp
import aiosmtplib

from chatops.sandbox.server import RunningSandbox


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Acme Status <status@acme.example>"
    message["To"] = "ann@example.org"
    message["Subject"] = "<b>API</b> – Störung"
    message["Message-ID"] = "<2@acme.example>"
    message["In-Reply-To"] = "<1@acme.example>"
    message["List-Unsubscribe"] = "<https://acme.example/u>"
    message.set_content("We are looking.\n")
    message.add_alternative("<p>We are <script>alert(1)</script> looking.</p>", subtype="html")
    return message


async def test_mail_is_kept_and_shown(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    async with session.ws_connect(f"{sandbox.base_url}/sandbox/live?as=U01BELLE") as live:
        await aiosmtplib.send(
            letter(), hostname="127.0.0.1", port=sandbox.smtp_port, username="any", password="any", start_tls=False
        )
        assert (await live.receive_json(timeout=2))["type"] == "mail"
    async with session.get(f"{sandbox.base_url}/mailbox/messages") as response:
        (mail,) = (await response.json())["messages"]
    assert (mail["subject"], mail["to"]) == ("<b>API</b> – Störung", ["ann@example.org"])
    assert (mail["message_id"], mail["in_reply_to"]) == ("<2@acme.example>", "<1@acme.example>")
    assert mail["text"].strip() == "We are looking."
    assert ["List-Unsubscribe", "<https://acme.example/u>"] in mail["headers"]
    async with session.get(f"{sandbox.base_url}/mailbox") as response:
        listing = await response.text()
    assert "&lt;b&gt;API&lt;/b&gt;" in listing
    async with session.get(f"{sandbox.base_url}/mailbox/messages/{mail['id']}") as response:
        shown = await response.text()
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "<script" not in shown
    assert '<iframe sandbox=""' in shown
    async with session.get(f"{sandbox.base_url}/mailbox/messages/{mail['id']}/raw") as response:
        assert "Message-ID: <2@acme.example>" in await response.text()
        assert response.content_type == "text/plain"


async def test_many_recipients_without_login(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    recipients = [f"r{number}@example.org" for number in range(5)]
    await aiosmtplib.send(
        letter(), recipients=recipients, hostname="127.0.0.1", port=sandbox.smtp_port, start_tls=False
    )
    assert sandbox.letters.newest_first()[0].recipients == recipients
    async with session.get(f"{sandbox.base_url}/mailbox/messages/none") as response:
        assert response.status == 404


async def test_empty_mailbox(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{sandbox.base_url}/mailbox") as response:
        assert "No mail yet" in await response.text()
