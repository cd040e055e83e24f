"""Laws of the listeners for mail, Discord and Telegram: bad servers, secrets, and the end of a wait."""

import asyncio
import random
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from chatops.domain.errors import DeliveryError, NotSent, Refused
from chatops.domain.mention import Author
from chatops.outlets import Configured, find_outlets
from chatops.outlets.http import Http
from chatops.outlets.listening.email import EmailListener
from chatops.usecases.mention_ports import Listener

from ..mail_servers import Postbox, follow, serve
from ..test_laws import SECRET, build_settings
from .conversing import build_reply, build_stranger, keep
from .mailboxes import SHORT, Post

KINDS = ("email", "discord", "telegram")
IDS = {"email": "<c1@customer.example>", "discord": "1/2", "telegram": "3/4"}
DANA = Author(id="dana@customer.example", handle="dana@customer.example")
LONG_AGO = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def build(kind: str, port: int, http: Http) -> Listener:
    configured = Configured(module=find_outlets()[kind], name=None, settings=build_settings(kind, port))
    listener = configured.build_listener(http)
    assert listener is not None
    return listener


def call(listener: Listener, kind: str, name: str) -> Awaitable[Any]:
    mention = replace(build_stranger(IDS[kind]), author=DANA)
    if name == "listen":
        return listener.listen(None, since=LONG_AGO)
    if name == "look_again":
        return listener.look_again(keep(mention), thread=None)
    posting = build_reply(mention, "Hello.")
    return listener.reply(posting) if name == "reply" else listener.find_reply(posting)


@pytest.mark.parametrize(
    "rubbish", [b"\x00\xff{}<html>" + SECRET.encode() + b"\r\n\r\n", "", None], ids=["junk", "end", "hush"]
)
@pytest.mark.parametrize("name", ["listen", "look_again", "reply", "find_reply"])
async def test_a_misbehaving_server_only_causes_the_outcomes(
    kind: str, name: str, rubbish: str | bytes | None, http: Http
) -> None:
    outcomes: list[Exception] = []
    async with follow({"CONNECT": rubbish}) as port:
        try:
            async with asyncio.timeout(0.4):
                said = repr(await call(build(kind, port, http), kind, name))
            assert name == "look_again"  # of what cannot be asked how it stands
        except (DeliveryError, TimeoutError) as error:
            # TimeoutError is ours: a patient listener still waits, and lets itself be cancelled.
            said = f"{error}{error!r}"
            outcomes.append(error)
    assert SECRET not in said
    if name in ("listen", "look_again"):
        assert all(isinstance(each, NotSent | Refused | TimeoutError) for each in outcomes)


def test_no_secret_shows(kind: str, http: Http) -> None:
    listener = build(kind, 1, http)
    assert SECRET not in f"{listener!r}{listener}"
    for value in vars(listener).values():
        assert SECRET not in repr(value)


@pytest.mark.parametrize("name", ["listen", "reply"])
async def test_a_cancelled_wait_leaves_no_task_behind(kind: str, name: str, http: Http) -> None:
    before = asyncio.all_tasks()
    async with follow({"CONNECT": None}) as port:
        task = asyncio.ensure_future(call(build(kind, port, http), kind, name))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() <= before


class Unlucky(Postbox):
    """Takes a mail and dies before it says so, puts us off, or does neither."""

    def __init__(self) -> None:
        super().__init__()
        self._lots = random.Random(5)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        lot = self._lots.random()
        if lot < 0.15:
            return "451 4.3.0 later"
        said = await super().handle_DATA(server, session, envelope)
        if lot < 0.3:
            assert server.transport is not None
            server.transport.abort()
        return said


async def test_of_forty_answers_by_mail_none_is_lost_and_a_repeat_is_known() -> None:
    postbox = Unlucky()
    async with serve(postbox) as port:
        listener = EmailListener(Post(letters=None, smtp_port=port, imap_port=1).build_settings(), SHORT)  # type: ignore[arg-type]
        wanted = {}
        for number in range(40):
            mention = replace(build_stranger(f"<c{number}@customer.example>"), author=DANA)
            posting = build_reply(mention, f"Answer {number}", number=number)
            for _ in range(50):
                try:
                    wanted[(await listener.reply(posting)).remote_id] = posting.answers
                except NotSent:
                    continue
                break
    mails = [message_from_bytes(raw, policy=policy.default) for raw in postbox.raw]
    assert {mail["Message-ID"]: mail["In-Reply-To"] for mail in mails} == wanted
    assert len(wanted) == 40
    assert len(mails) > 40  # those whose answer was lost, under the same Message-ID
    assert len(set(postbox.raw)) == 40


def test_uncertain_answers_are_settled_as_declared() -> None:
    declared = {kind: find_outlets()[kind].ABILITIES for kind in KINDS}
    assert {kind: each.replies_settled_by for kind, each in declared.items()} == {
        "email": "own_key",
        "discord": "read_back",
        "telegram": "person",
    }
    assert all(each.mentions and each.reply and not each.reply_names_author for each in declared.values())
