"""A team at work: people, the real SQLite store, outlets and Slack as scripted, and a worker that runs due jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from chatops.domain.fold import fold
from chatops.domain.ids import IncidentNumber, MemberId, OutletKey, incident_stream
from chatops.domain.incident import Incident
from chatops.domain.policy import Member, Policy
from chatops.domain.records import Impact, Record
from chatops.domain.update import DraftForm
from chatops.domain.wording import Abilities
from chatops.store.sqlite import SqliteStore, open_store
from chatops.usecases import (
    broadcasts,
    customer_cards,
    deliveries,
    hearing_customers,
    incidents,
    members,
    reminders,
    replying,
    threads,
    updates,
)
from chatops.usecases.incidents import Opening
from chatops.usecases.ports import Again, Answer, Attempt, Desk, Done, Job, WaitingJob
from chatops.usecases.recording import Command
from tests.builders import (
    ANA,
    BEN,
    EMAIL,
    MASTODON,
    PAGE_SPEC,
    PEOPLE,
    WORKSPACE,
    build_form,
    build_spec,
)
from tests.usecases.fakes import Crash, FakeClock, FakeOutlet, FakeThread

INC = IncidentNumber(1)
URL = "https://status.acme.example"
LATER = timedelta(days=400)


def build_opening(**changes: Any) -> Opening:
    opening = Opening(
        title="Logins fail",
        impact=Impact.MINOR,
        components=("API",),
        first_words="",
        commander=None,
        comms_lead=None,
        private=False,
        slack_channel="C1",
        view_id="V1",
    )
    return replace(opening, **changes)


@dataclass
class Scene:
    """What a test acts on. Verbs are the use cases with the usual arguments filled in; `by` is who acts."""

    store: SqliteStore
    url: str
    policy: Policy = field(default_factory=Policy)
    clock: FakeClock = field(default_factory=FakeClock)
    slack: FakeThread = field(default_factory=FakeThread)
    email: FakeOutlet = field(
        default_factory=lambda: FakeOutlet(build_spec("email", abilities=Abilities(settled_by="own_key")))
    )
    mastodon: FakeOutlet = field(
        default_factory=lambda: FakeOutlet(build_spec("mastodon", abilities=Abilities(settled_by="read_back")))
    )
    listeners: dict[OutletKey, Any] = field(default_factory=dict)
    mentions_channel: str | None = None
    _keys: Any = field(default_factory=count)

    @property
    def desk(self) -> Desk:
        specs = (PAGE_SPEC, self.email.spec, self.mastodon.spec)
        return Desk(
            store=self.store,
            clock=self.clock,
            policy=self.policy,
            specs=specs,
            team="Acme",
            public_url=f"{URL}/",
            mentions_channel=self.mentions_channel,
        )

    @property
    def outlets(self) -> dict[str, FakeOutlet]:
        return {EMAIL: self.email, MASTODON: self.mastodon}

    def command(self, by: Member = ANA, key: str | None = None, **changes: Any) -> Command:
        made = Command(workspace=WORKSPACE, key=key or f"k{next(self._keys)}", slack_user=by.slack_id)
        return replace(made, **changes)

    async def restart(self) -> None:
        await self.store.close()
        self.store = open_store(self.url)

    # What people do

    async def open(self, *, by: Member = ANA, key: str | None = None, **changes: Any) -> Answer:
        return await incidents.open_incident(self.desk, self.command(by, key), build_opening(**changes))

    async def propose(self, form: DraftForm | None = None, *, by: Member = ANA, **changes: Any) -> Answer:
        arguments = {"draft": None, "base_revision": None, "view_id": f"V{next(self._keys)}", **changes}
        return await updates.save_draft(self.desk, self.command(by), INC, form or build_form(), **arguments)

    async def edit(self, words: str, *, by: Member = ANA, draft: int = 1, base: int = 1) -> Answer:
        return await self.propose(build_form(words), by=by, draft=draft, base_revision=base)

    async def approve(self, *, by: Member = BEN, key: str | None = None, draft: int = 1, revision: int = 1) -> Answer:
        return await updates.approve(self.desk, self.command(by, key), INC, draft=draft, revision=revision)

    async def publish_update(self, form: DraftForm | None = None) -> None:
        """Ana proposes, Ben approves, the worker delivers."""
        made = await self.propose(form)
        await self.approve(draft=int(made["draft"] or 0))
        await self.work()

    async def requeue(self, *, again: bool, outlet: str = EMAIL) -> Answer:
        command = self.command(BEN)
        return await broadcasts.requeue(self.desk, command, INC, update=1, outlet=outlet, part=0, again=again)

    async def confirm(self, *, outlet: str = EMAIL) -> Answer:
        return await broadcasts.confirm(self.desk, self.command(BEN), INC, update=1, outlet=outlet, part=0)

    # What is so

    async def records(self, number: int = 1) -> list[Record]:
        return await self.store.read(lambda reads: reads.load(incident_stream(number)))

    async def kinds(self) -> list[str]:
        return [record.kind for record in await self.records()]

    async def incident(self) -> Incident:
        return fold(await self.records())

    async def state(self, outlet: OutletKey = EMAIL, *, update: int = 1) -> str:
        return (await self.incident()).get_update(update).get_delivery(outlet, 0).state.value

    async def attempts(self, outlet: str = EMAIL) -> list[Attempt]:
        found = await self.store.read(lambda reads: reads.list_attempts(INC, 1))
        return [each for each in found if each.outlet == outlet]

    async def waiting(self, kind: str) -> list[WaitingJob]:
        """All jobs of a kind that stand in the store, due or not."""
        look = await self.store.look_up_jobs(now=self.clock.now() + LATER, limit=1000)
        return [each for each in look.due if each.job.kind == kind]

    async def find_due_at(self, kind: str) -> datetime | None:
        """When the only job of that kind will be due; None: at once."""
        moment = self.clock.now()
        assert len(await self.waiting(kind)) == 1
        while True:
            look = await self.store.look_up_jobs(now=moment, limit=1000)
            if any(each.job.kind == kind for each in look.due):
                return None if moment == self.clock.now() else moment
            assert look.next_due_at is not None
            moment = look.next_due_at

    # The worker

    async def work(self, *, only: str | None = None) -> None:
        """Run what is due now until nothing is; a crash ends it as it would end the process."""
        while due := await self._look_up(only):
            for waiting in due:
                await self._run_one(waiting)

    async def work_for(self, **time: float) -> None:
        """Run everything as its time comes, for so long."""
        until = self.clock.now() + timedelta(**time)
        while True:
            await self.work()
            look = await self.store.look_up_jobs(now=self.clock.now(), limit=1)
            if look.next_due_at is None or look.next_due_at > until:
                break
            self.clock.at = look.next_due_at
        self.clock.at = until

    async def crash_while_working(self) -> None:
        try:
            await self.work()
        except Crash:
            return
        raise AssertionError("nothing crashed")

    async def _look_up(self, only: str | None) -> list[WaitingJob]:
        look = await self.store.look_up_jobs(now=self.clock.now(), limit=100)
        return [each for each in look.due if only in (None, each.job.kind)]

    async def _run_one(self, waiting: WaitingJob) -> None:
        outcome = await self._run(waiting.job, waiting.attempts)
        if isinstance(outcome, Again):
            assert outcome.at > self.clock.now(), "a job that asks for no pause would spin"
            await self.store.postpone_job(waiting, due_at=outcome.at)
        else:
            await self.store.finish_job(waiting)

    async def deliver(self, job: Job, outlets: Mapping[str, FakeOutlet], *, runs: int = 0) -> Done | Again:
        return await deliveries.deliver(self.desk, outlets, job, runs=runs, jitter=lambda: 0.5)

    async def _run(self, job: Job, runs: int) -> Done | Again:
        match job.kind:
            case "deliver":
                return await self.deliver(job, self.outlets, runs=runs)
            case "thread":
                return await threads.pump(self.desk, self.slack, job, runs=runs)
            case "cards":
                return await threads.refresh_cards(self.desk, self.slack, job, runs=runs)
            case "remind":
                return await reminders.nudge(self.desk, job)
            case "listen":
                return await hearing_customers.listen(self.desk, self.listeners, job, runs=runs)
            case "reply":
                return await replying.send_reply(self.desk, self.listeners, job, runs=runs, jitter=lambda: 0.5)
            case "customers":
                return await customer_cards.show_customers(self.desk, self.slack, job, runs=runs)
            case "claim_over":
                return await customer_cards.end_claim(self.desk, job)
            case _:
                return Done()


async def build_scene(url: str) -> Scene:
    """`url` of a migrated, empty database."""
    scene = Scene(store=open_store(url), url=url)
    await members.save_members(scene.desk, WORKSPACE, [replace(person, id=MemberId("")) for person in PEOPLE])
    return scene
