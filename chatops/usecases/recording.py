"""The one way to make something happen: append to the log, and ask for all the work that follows from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chatops.domain.broadcast import Update, list_first_in_line
from chatops.domain.cadence import find_next_nudge
from chatops.domain.errors import NotFound, UnknownMember
from chatops.domain.fold import fold
from chatops.domain.ids import PAGE, IncidentNumber, MemberId, OutletKey, incident_stream
from chatops.domain.incident import Incident
from chatops.domain.policy import Member, require_member
from chatops.domain.records import AnyData, OutletWords
from chatops.usecases.ports import Answer, Desk, Job, PagePost, Reads, Transaction

NO_SUCH_INCIDENT = "There is no such incident. `/incident list` shows the open ones."


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Who asks, from where, and the key by which a repeat is known."""

    workspace: str
    key: str
    slack_user: str
    slack_channel: str | None = None


async def perform(desk: Desk, command: Command, decide: Callable[[Transaction, Member], Answer]) -> Answer:
    """Run `decide` once for this key; a repeat gets the same answer, a refusal consumes no key."""

    def body(tx: Transaction) -> Answer:
        seen = tx.find_answer(command.workspace, command.key)
        if seen is not None:
            return seen
        answer = decide(tx, require_actor(tx, command))
        tx.save_answer(command.workspace, command.key, answer)
        return answer

    return await desk.store.write(body, is_urgent=True)


def require_actor(reads: Reads, command: Command) -> Member:
    member = reads.find_member(command.workspace, command.slack_user)
    if member is None:
        raise UnknownMember(command.slack_user)
    require_member(member)
    return member


def load_incident(reads: Reads, number: IncidentNumber) -> Incident:
    """For the worker: nobody asks, so nothing is hidden."""
    return reads.load_incident(number)


def get_incident(reads: Reads, number: IncidentNumber, command: Command, actor: Member) -> Incident:
    """For a person: a private incident does not exist for those it was not shared with."""
    incident = load_incident(reads, number)
    require_visible(reads, incident, command, actor)
    return incident


def require_visible(reads: Reads, incident: Incident, command: Command, actor: Member) -> None:
    """Raises NotFound: that a private incident exists is private too."""
    if incident.workspace != command.workspace or not _may_see(reads, incident, command, actor):
        raise NotFound(NO_SUCH_INCIDENT)


def _may_see(reads: Reads, incident: Incident, command: Command, actor: Member) -> bool:
    """Private: the people named, and whoever is in its private Slack channel (only they can act from there)."""
    if not incident.private or actor.id in incident.people:
        return True
    thread = reads.find_thread(incident.number)
    return thread is not None and command.slack_channel == thread.channel


def record(
    tx: Transaction,
    desk: Desk,
    number: IncidentNumber,
    before: Incident | None,
    actor: MemberId,
    data: Sequence[AnyData],
    *,
    then: Callable[[Incident], Sequence[AnyData]] | None = None,
) -> Incident:
    """Append `data`, bring the read tables up to it, and put the work that follows.

    `then`: what is to be said next of the incident that `data` makes; it counts as one with it.
    """
    stream, now = incident_stream(number), desk.clock.now()
    incident = fold(tx.append(stream, now, actor, data), before)
    if then is not None:
        incident = fold(tx.append(stream, now, actor, then(incident)), incident)
    save_views(tx, incident, before)
    _put_work(tx, incident, before)
    return incident


def save_views(tx: Transaction, incident: Incident, before: Incident | None) -> None:
    """Read tables; `before` None saves all of them, as a rebuild does."""
    tx.save_incident(incident, before)
    if before and incident.updates is before.updates and incident.title == before.title:
        return
    known = page_posts(before) if before else []
    for post in page_posts(incident):
        if post not in known:
            tx.save_page_post(post)


def page_posts(incident: Incident) -> list[PagePost]:
    """What the public page shows of this incident, oldest first."""
    posts: dict[int, PagePost] = {}
    for update in incident.updates:
        if not update.is_on_page:
            continue
        words = next(each for each in update.revision.words if each.outlet == PAGE)
        original = posts.get(update.revision.of_update or 0)
        if original is not None and words.action != "post":
            # Edited or taken back where it stands, and marked so.
            retracted = words.action == "retract"
            posts[original.update] = replace(
                original, text=_join(words), edited_at=update.started_at, is_retracted=retracted
            )
        else:
            posts[update.number] = _page_post(incident, update, words)
    return list(posts.values())


def _page_post(incident: Incident, update: Update, words: OutletWords) -> PagePost:
    return PagePost(
        incident=incident.number,
        title=incident.title,
        update=update.number,
        at=update.started_at,
        status=update.revision.status,
        impact=update.revision.impact,
        components=update.revision.components,
        text=_join(words),
        next_due_at=_promised_for(update.started_at, update.revision.promise_minutes),
    )


def _join(words: OutletWords) -> str:
    return "\n\n".join(dict.fromkeys(words.parts))


def _promised_for(at: datetime, minutes: int | None) -> datetime | None:
    return at + timedelta(minutes=minutes) if minutes is not None else None


def _put_work(tx: Transaction, incident: Incident, before: Incident | None) -> None:
    tx.put(thread_job(incident.number))
    if before:  # Of a new one no card stands yet, and whoever posts one asks for this as well.
        tx.put(cards_job(incident.number))
    _arm_reminder(tx, incident)
    if before and incident.updates is before.updates:
        return
    # Only what was not startable before: putting a job again would cut short the pause its network asked for.
    known = set(_list_delivery_jobs(before)) if before else set()
    # Except for new words: whoever is first in line for their outlet is tried again at once, so that they can follow.
    begun = incident.updates[len(before.updates) :] if before else ()
    awaited = {each.outlet for update in begun for each in update.deliveries}
    for delivery in _list_delivery_jobs(incident):
        if delivery not in known or delivery[1] in awaited:
            tx.put(delivery_job(incident.number, *delivery))


def _list_delivery_jobs(incident: Incident) -> list[tuple[int, OutletKey, int, int]]:
    return [
        (update.number, each.outlet, each.part, each.requeued) for update, each in list_first_in_line(incident.updates)
    ]


def _arm_reminder(tx: Transaction, incident: Incident) -> None:
    """One timer an incident, always for its next nudge: re-arming replaces it, so an old one never fires."""
    nudge = find_next_nudge(incident)
    job = Job(kind="remind", key=f"remind:{incident.number}", data={"incident": incident.number})
    if nudge is None:
        tx.cancel(job.key)
    else:
        tx.put(job, due_at=nudge.at)


def thread_job(incident: int) -> Job:
    """Post to the audit thread whatever records it does not tell yet."""
    return Job(kind="thread", key=f"thread:{incident}", data={"incident": incident})


def cards_job(incident: int) -> Job:
    """Refresh the cards that no longer show the truth."""
    return Job(kind="cards", key=f"cards:{incident}", data={"incident": incident})


def delivery_job(incident: int, update: int, outlet: str, part: int, requeued: int) -> Job:
    return Job(
        kind="deliver",
        key=f"deliver:{incident}/{update}/{outlet}/{part}/{requeued}",
        data={"incident": incident, "update": update, "outlet": outlet, "part": part, "requeued": requeued},
    )
