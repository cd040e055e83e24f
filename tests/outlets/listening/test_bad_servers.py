"""Listening and answering over X and Facebook while the other side misbehaves: only the three outcomes, no secret."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from chatops.domain.errors import DeliveryError, NotSent, Refused
from chatops.domain.ids import OutletKey
from chatops.domain.mention import Author, Mention
from chatops.outlets import find_outlets
from chatops.outlets.http import Http
from chatops.outlets.listening import facebook, x
from chatops.usecases.mention_ports import Listener
from tests.outlets.listening.answering import build_posting, keep
from tests.outlets.mail_servers import follow
from tests.outlets.test_laws import SECRET, build_settings

KINDS = {"x": x, "facebook": facebook}
MENTION = Mention(id="90", author=Author(id="7", handle="ann"), text="Down?", posted_at=datetime.now(UTC), thread="90")
REPLIES = {
    "garbage": b"\x00\xff{}<html>" + SECRET.encode() + b"\r\n\r\n",
    "nothing": "",
    "silence": None,
    "empty": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    "list": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]",
}


@pytest.fixture(params=sorted(REPLIES))
async def bad_port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    async with follow({"CONNECT": REPLIES[request.param]}) as port:
        yield port


@pytest.mark.parametrize("call", ["listen", "look_again", "reply", "find_reply"])
@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_only_the_three_outcomes(kind: str, call: str, bad_port: int) -> None:
    async with Http(connect_seconds=0.3, total_seconds=0.3) as http:
        listener: Listener = KINDS[kind].build_listener(
            build_settings(kind, bad_port),  # type: ignore[arg-type]
            key=OutletKey(kind),
            label=kind,
            http=http,
        )
        posting = build_posting(MENTION, "@ann We are on it.")
        said, outcome = f"{listener!r}{vars(listener)!r}", None
        try:
            if call == "listen":
                said += repr(await listener.listen(None, since=MENTION.posted_at))
            elif call == "look_again":
                said += repr(await listener.look_again(keep(MENTION, kind), thread="90"))
            else:
                said += repr(await getattr(listener, call)(posting))
        except DeliveryError as error:
            said, outcome = f"{said}{error}{error!r}", error
    assert SECRET not in said
    if call in ("listen", "look_again"):
        assert outcome is None or isinstance(outcome, NotSent | Refused), "reading leaves nothing in doubt"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_they_can_is_declared(kind: str) -> None:
    module = find_outlets()[kind]
    can = module.ABILITIES
    assert (can.mentions, can.reply, can.replies_settled_by) == (True, True, "read_back")
