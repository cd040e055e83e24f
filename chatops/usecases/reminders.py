"""The clock's own moves: remind of a due update, chase a waiting draft. Each nudge is a record first."""

from chatops.domain.cadence import Chase, Reminder, find_due_nudge, find_next_nudge
from chatops.domain.ids import CHATOPS, IncidentNumber
from chatops.domain.records import AnyData, DraftChased, UpdateReminded
from chatops.usecases.ports import Again, Desk, Done, Job, Transaction
from chatops.usecases.recording import load_incident, record


async def nudge(desk: Desk, job: Job) -> Done | Again:
    """Give the nudge that is due now, if any; recording it arms the next one.

    The log decides, not the job: an old timer that fires after the clock was moved finds nothing due.
    """
    number = IncidentNumber(int(job.data["incident"]))

    def body(tx: Transaction) -> Done | Again:
        incident = load_incident(tx, number)
        due = find_due_nudge(incident, desk.clock.now())
        if due is None:
            later = find_next_nudge(incident)
            return Again(at=later.at) if later else Done()
        record(tx, desk, number, incident, CHATOPS, [_nudge_data(due)])
        return Done()

    return await desk.store.write(body)


def _nudge_data(due: Reminder | Chase) -> AnyData:
    if isinstance(due, Chase):
        return DraftChased(draft=due.draft, revision=due.revision, round=due.round)
    return UpdateReminded(step=due.step, due_at=due.due_at)
