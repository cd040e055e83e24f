"""Stand-ins at the ports, where chatops ends: a clock that a test moves, an outlet and a Slack that follow a script."""

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chatops.domain.ids import MemberId
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.wording import OutletSpec
from chatops.usecases.ports import Posting, Sent
from chatops.usecases.slack_ports import ThreadMessage
from tests.builders import OPENED_AT


class Crash(Exception):
    """The process dies here: nothing after it runs, what was committed stays."""


@dataclass
class FakeClock:
    """Incident time stands still until a test moves it; `speed` times real time."""

    at: datetime = OPENED_AT
    speed: float = 1

    def now(self) -> datetime:
        return self.at

    def real_now(self) -> datetime:
        return self.at

    def real_seconds(self, seconds: float) -> float:
        return seconds / self.speed

    def move(self, **time: float) -> None:
        self.at += timedelta(**time)


SEND = "sent"
"""It stands there and the answer arrives."""
SEND_THEN = "sent, then"
"""It stands there, but what follows in the script happens instead of the answer."""


@dataclass
class FakeOutlet:
    """A network. Each call takes the next step of the script; without one it works.

    It is honest about what stands: `standing` holds the keys of posts that went through, one for each.
    """

    spec: OutletSpec
    sends: deque[object] = field(default_factory=deque)
    finds: deque[object] = field(default_factory=deque)
    postings: list[Posting] = field(default_factory=list)
    looked_up: list[Posting] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)

    def follow(self, *steps: object) -> None:
        self.sends.extend(steps)

    async def send(self, posting: Posting) -> Sent:
        self.postings.append(posting)
        step = self.sends.popleft() if self.sends else SEND
        if step in (SEND, SEND_THEN):
            honours_key = self.spec.abilities.settled_by == "own_key"
            if not (honours_key and posting.key in self.standing):
                self.standing.append(posting.key)
        if step == SEND_THEN:
            step = self.sends.popleft()
        if isinstance(step, Exception):
            raise step
        return Sent(url=f"https://network.example/{posting.key}", remote_id=posting.key)

    async def find(self, posting: Posting) -> Sent | None:
        self.looked_up.append(posting)
        if self.finds:
            step = self.finds.popleft()
            if isinstance(step, Exception):
                raise step
        if posting.key in self.standing:
            return Sent(url=f"https://network.example/{posting.key}", remote_id=posting.key)
        return None

    async def check(self) -> str:
        return "fine"


@dataclass
class AbleOutlet(FakeOutlet):
    """A network that edits, removes and threads too. `shows`: the words that stand there, by their ids.

    `refuses_threads`: the stand-alone words go out instead. `renames`: an edited post gets a new id, as on X.
    """

    shows: dict[str, str] = field(default_factory=dict)
    changes: deque[object] = field(default_factory=deque)
    changed: list[Posting] = field(default_factory=list)
    refuses_threads: bool = False
    renames: bool = False

    async def send(self, posting: Posting) -> Sent:
        step = self.sends[0] if self.sends else SEND
        if step in (SEND, SEND_THEN):
            is_refused = self.refuses_threads and posting.earlier and posting.fallback
            self.shows[posting.key] = str(posting.fallback) if is_refused else posting.words
        return await super().send(posting)

    async def edit(self, posting: Posting) -> Sent:
        assert posting.target in self.shows, "this post does not stand here"
        now = f"{posting.target}+" if self.renames else str(posting.target)
        del self.shows[posting.target]
        self.shows[now] = posting.words
        return self._change(posting, now)

    async def retract(self, posting: Posting) -> Sent:
        assert posting.target, "which post?"
        self.shows.pop(posting.target, None)
        return self._change(posting, posting.target)

    def _change(self, posting: Posting, remote_id: str) -> Sent:
        self.changed.append(posting)
        step = self.changes.popleft() if self.changes else SEND
        if isinstance(step, Exception):
            raise step
        return Sent(url=f"https://network.example/{remote_id}", remote_id=remote_id)


@dataclass
class FakeThread:
    """Slack. `posted` is what stands there, oldest first; `trouble` is raised by the next calls, one each."""

    posted: list[ThreadMessage] = field(default_factory=list)
    refreshed: list[ThreadMessage] = field(default_factory=list)
    looked_for: list[ThreadMessage] = field(default_factory=list)
    trouble: deque[object] = field(default_factory=deque)
    find_trouble: deque[Exception] = field(default_factory=deque)
    is_down: Exception | None = None

    def _stumble(self) -> object:
        if self.is_down:
            raise self.is_down
        step = self.trouble.popleft() if self.trouble else None
        if isinstance(step, Exception):
            raise step
        return step

    async def find_home(self, incident: Incident, members: Mapping[MemberId, Member]) -> str:
        self._stumble()
        return f"C{incident.number}"

    def find_pause(self) -> timedelta | None:
        return None

    async def find_mentions_channel(self, name: str) -> str | None:
        self._stumble()
        return f"C-{name}"

    async def digest(self, message: ThreadMessage) -> str:
        """What a card shows: whether it was superseded, who approved, how deliveries stand."""
        incident = message.incident
        states = [(each.state, each.reason) for update in incident.updates for each in update.deliveries]
        draft = incident.draft
        shown = (incident.title, incident.impact, incident.status, incident.is_resolved, states)
        about = replace(message.about, now=OPENED_AT) if message.about else None
        said = (message.kind, about, shown, draft and (draft.state, draft.current.number, draft.approvals))
        return hashlib.sha256(repr(said).encode()).hexdigest()

    async def post(self, message: ThreadMessage) -> str:
        step = self._stumble()
        self.posted.append(message)
        if step == SEND_THEN:
            self._stumble()
        return f"ts{len(self.posted)}"

    async def find(self, message: ThreadMessage) -> str | None:
        self.looked_for.append(message)
        if self.is_down:
            raise self.is_down
        if self.find_trouble:
            raise self.find_trouble.popleft()
        keys = [each.key for each in self.posted]
        return f"ts{keys.index(message.key) + 1}" if message.key in keys else None

    async def refresh(self, message: ThreadMessage) -> None:
        self._stumble()
        self.refreshed.append(message)

    def told(self) -> Sequence[int]:
        """The sequence numbers of the records told, in the order of the thread."""
        return [record.seq for message in self.posted for record in message.records]
