"""Draft an update together: propose, revise, comment, request changes, approve, withdraw, publish without approval."""

from dataclasses import replace

from chatops.domain import approval as approvals
from chatops.domain.advising import require_unblocked
from chatops.domain.broadcast import aim, can_reach, list_standing
from chatops.domain.cadence import find_waiting_draft
from chatops.domain.errors import BadInput, Conflict, IllegalMove
from chatops.domain.ids import PAGE, IncidentNumber
from chatops.domain.incident import Incident
from chatops.domain.policy import Member, Permission, require
from chatops.domain.records import (
    AnyData,
    ChangesRequested,
    CommentAdded,
    DraftWithdrawn,
    OutletWords,
    Purpose,
    RevisionProposed,
    Sections,
    Status,
)
from chatops.domain.rendering import render
from chatops.domain.update import (
    COMMENT_CHARS,
    REASON_CHARS,
    Draft,
    DraftForm,
    check_form,
    clean_line,
    clean_text,
    digest_revision,
    require_base,
    require_current,
    require_draft,
)
from chatops.domain.wording import Setting
from chatops.usecases.broadcasts import start_broadcast
from chatops.usecases.ports import Answer, Desk, Transaction
from chatops.usecases.recording import Command, get_incident, perform, record, require_actor


async def save_draft(
    desk: Desk,
    command: Command,
    number: IncidentNumber,
    form: DraftForm,
    *,
    draft: int | None,
    base_revision: int | None,
    view_id: str,
) -> Answer:
    """Propose (draft None) or save a revision on top of `base_revision`; answers `{"draft", "revision"}`.

    The same view sent again with other words revises what its first submission made. Raises Conflict where somebody
    else saved in between.
    """

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        earlier, next_key = _find_drafted(tx, command, view_id)
        on_draft, base = draft, base_revision
        # A form that was shown a colleague's later revision in between is based on that one.
        if earlier is not None and (draft != earlier["draft"] or (base_revision or 0) < int(earlier["revision"] or 0)):
            on_draft, base = int(earlier["draft"] or 0), int(earlier["revision"] or 0)
        if on_draft is not None:
            require_draft(incident.draft, on_draft)
        made = propose_in(tx, desk, incident, actor, form, base_revision=base)
        answer: Answer = {"incident": number, "draft": made.draft, "revision": made.revision}
        tx.save_answer(command.workspace, next_key, answer)
        return answer

    return await perform(desk, command, decide)


def _find_drafted(tx: Transaction, command: Command, view_id: str) -> tuple[Answer | None, str]:
    """What this view's last submission made, and the key for what the next one makes: an answer is never replaced."""
    earlier, key = None, f"drafted:{view_id}"
    while found := tx.find_answer(command.workspace, key):
        earlier, key = found, f"drafted:{view_id}/{found['draft']}/{found['revision']}"
    return earlier, key


def propose_in(
    tx: Transaction, desk: Desk, incident: Incident, actor: Member, form: DraftForm, *, base_revision: int | None = None
) -> RevisionProposed:
    """As `propose`, and recorded."""
    data = propose(desk, incident, form, base_revision=base_revision)
    record(tx, desk, incident.number, incident, actor.id, [data])
    return data


def propose(desk: Desk, incident: Incident, form: DraftForm, *, base_revision: int | None = None) -> RevisionProposed:
    """The revision to be recorded; `base_revision` None starts a new draft. Raises BadInput, Conflict."""
    waiting = find_waiting_draft(incident)
    if waiting:
        _require_same_purpose(waiting, form)
    if waiting and base_revision is None:
        raise Conflict(f"Somebody else proposed an update meanwhile (revision {waiting.current.number}).")
    if waiting and base_revision is not None:
        require_base(waiting, base_revision)
    return prepare_revision(desk, incident, waiting, form)


def prepare_revision(desk: Desk, incident: Incident, waiting: Draft | None, form: DraftForm) -> RevisionProposed:
    """The record a form would make: words rendered for each outlet, digest over all of it."""
    form = _settle_purpose(incident, clean_form(form))
    check_form(form)
    words = render_words(desk, incident, form)
    return RevisionProposed(
        draft=waiting.number if waiting else incident.drafts + 1,
        revision=waiting.current.number + 1 if waiting else 1,
        sections=form.sections,
        status=form.status,
        impact=incident.impact,
        components=incident.components,
        promise_minutes=form.promise_minutes,
        sign_as=form.sign_as,
        words=words,
        digest=digest_revision(
            incident.number,
            title=incident.title,
            impact=incident.impact,
            components=incident.components,
            form=form,
            words=words,
        ),
        purpose=form.purpose,
        of_update=form.of_update,
    )


def render_words(desk: Desk, incident: Incident, form: DraftForm) -> tuple[OutletWords, ...]:
    unknown = set(form.outlets) - {spec.key for spec in desk.specs}
    if unknown:
        raise BadInput(f"Not configured: {', '.join(sorted(unknown))}. Choose again.", field="outlets")
    on_page = PAGE in form.outlets or any(update.is_on_page for update in incident.updates)
    page_url = desk.page_url(incident.number) if on_page else None
    about = form.of_update if form.purpose is not Purpose.UPDATE else None
    setting = Setting(
        title=incident.title,
        team=desk.team,
        page_url=page_url,
        standing={spec.key: len(list_standing(incident.updates, spec.key)) for spec in desk.specs},
        targets={spec.key: aim(incident.updates, about, spec.key) for spec in desk.specs} if about else {},
        target_at=incident.get_update(about).started_at if about else None,
    )
    return render(form, desk.specs, setting)


def _require_same_purpose(waiting: Draft, form: DraftForm) -> None:
    current = waiting.current
    if (current.purpose, current.of_update) != (form.purpose, form.of_update):
        about = f"a {current.purpose} of update {current.of_update}" if current.of_update else "an update"
        raise BadInput(
            f"The open draft is {about}. Publish or withdraw that one first, then send this form again.",
            field="what_happened",
        )


def _settle_purpose(incident: Incident, form: DraftForm) -> DraftForm:
    """A correction or retraction is about an update that went out, on outlets that it can reach.

    Status and promise stay what they were: neither the clock nor the status moves by it.
    """
    if form.purpose is Purpose.UPDATE:
        return replace(form, of_update=None) if form.of_update else form
    target = incident.get_update(form.of_update or 0)
    if not target.is_news:
        raise BadInput(f"Update {target.number} is a {target.revision.purpose} itself: correct what it is about.")
    elsewhere = [key for key in form.outlets if not can_reach(incident.updates, target.number, key, form.purpose)]
    if elsewhere:
        raise BadInput(f"Update {target.number} does not stand on {', '.join(elsewhere)}.", field="outlets")
    promise = target.revision.promise_minutes if form.purpose is Purpose.CORRECTION else None
    return replace(form, status=target.revision.status, promise_minutes=promise)


def clean_form(form: DraftForm) -> DraftForm:
    typed = form.sections.by_name
    texts = {name: clean_text(text) for name, text in typed.items()}
    has_promise = form.status is not Status.RESOLVED and form.purpose is not Purpose.RETRACTION
    return replace(
        form,
        sections=form.sections if texts == typed else Sections(**texts),
        promise_minutes=form.promise_minutes if has_promise else None,
        sign_as=clean_line(form.sign_as),
    )


async def add_comment(desk: Desk, command: Command, number: IncidentNumber, text: str) -> Answer:
    """A reply in the incident thread while a draft is open; otherwise it is just talk, and not ours to record."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        draft = find_waiting_draft(incident)
        words = clean_text(text)[:COMMENT_CHARS]
        if draft is None or not words:
            return {"recorded": False}
        comment = CommentAdded(draft=draft.number, revision=draft.current.number, text=words)
        record(tx, desk, number, incident, actor.id, [comment])
        return {"recorded": True}

    return await perform(desk, command, decide)


async def request_changes(
    desk: Desk, command: Command, number: IncidentNumber, *, draft: int, revision: int, reason: str
) -> Answer:
    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        open_draft = require_draft(incident.draft, draft)
        require_current(open_draft, revision)
        data: list[AnyData] = [ChangesRequested(draft=draft, revision=revision, reason=_check_reason(reason))]
        taken_back = approvals.withdraw_approval(open_draft, revision=revision, member=actor)
        record(tx, desk, number, incident, actor.id, [*data, *([taken_back] if taken_back else [])])
        return {"recorded": True}

    return await perform(desk, command, decide)


async def approve(
    desk: Desk, command: Command, number: IncidentNumber, *, draft: int, revision: int, ticked_at: float | None = None
) -> Answer:
    """Answers `{"missing": approvals still to come, "published": …, "repeated": …}`.

    `ticked_at`: when the ✅ was set; one that was taken away since, as a quicker event has told us, does not count.
    """

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        open_draft = require_draft(incident.draft, draft)
        if _is_overtaken(tx, command, f"{number}/{draft}/{revision}", ticked_at):
            missing = approvals.approvals_missing(desk.policy, open_draft)
            return {"missing": missing, "published": False, "repeated": False}
        given = approvals.approve(open_draft, revision=revision, member=actor, policy=desk.policy)
        require_unblocked(open_draft.current)
        _require_preview(tx, command, number, open_draft)
        if given is None:
            missing = approvals.approvals_missing(desk.policy, open_draft)
            return {"missing": missing, "published": False, "repeated": True}
        missing = approvals.missing_after_one(desk.policy, open_draft)
        published = missing == 0 and desk.policy.publish == "on_approval"
        if published:
            start_broadcast(tx, desk, incident, actor.id, decision=given, bypass_reason=None)
        else:
            record(tx, desk, number, incident, actor.id, [given])
        return {"missing": missing, "published": published, "repeated": False}

    return await perform(desk, command, decide)


def _is_overtaken(tx: Transaction, command: Command, revision: str, ticked_at: float | None) -> bool:
    """Slack keeps no order: the ✅ that was set or taken away last counts, whichever we hear of first."""
    if ticked_at is None:
        return False
    key, heard = f"ticked:{revision}/{command.slack_user}", 0
    while earlier := tx.find_answer(command.workspace, f"{key}/{heard}"):
        if float(earlier["at"] or 0) > ticked_at:
            return True
        heard += 1
    tx.save_answer(command.workspace, f"{key}/{heard}", {"at": str(ticked_at)})
    return False


def preview_key(number: int, draft: int, revision: int, slack_user: str) -> str:
    return f"previewed:{number}/{draft}/{revision}/{slack_user}"


def _require_preview(tx: Transaction, command: Command, number: int, draft: Draft) -> None:
    if not draft.current.needs_preview:
        return
    key = preview_key(number, draft.number, draft.current.number, command.slack_user)
    if tx.find_answer(command.workspace, key) is None:
        raise IllegalMove("This update is longer than its card. Please open `Preview` and read all of it first.")


async def note_preview(desk: Desk, command: Command, number: IncidentNumber, *, draft: int, revision: int) -> Answer:
    """Remember who has opened the preview of a revision that is longer than its card."""
    key = preview_key(number, draft, revision, command.slack_user)

    def body(tx: Transaction) -> Answer:
        get_incident(tx, number, command, require_actor(tx, command))
        if tx.find_answer(command.workspace, key) is None:
            tx.save_answer(command.workspace, key, {"incident": number})
        return {"incident": number}

    return await desk.store.write(body, is_urgent=True)


async def withdraw_approval(
    desk: Desk, command: Command, number: IncidentNumber, *, draft: int, revision: int, ticked_at: float | None = None
) -> Answer:
    """Taking ✅ away (at `ticked_at`) before publication; afterwards it changes nothing."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        waiting = find_waiting_draft(incident)
        if waiting is None or waiting.number != draft:
            return {"withdrawn": False}
        if _is_overtaken(tx, command, f"{number}/{draft}/{revision}", ticked_at):
            return {"withdrawn": False}
        data = approvals.withdraw_approval(waiting, revision=revision, member=actor)
        if data:
            record(tx, desk, number, incident, actor.id, [data])
        return {"withdrawn": data is not None}

    return await perform(desk, command, decide)


async def withdraw_draft(desk: Desk, command: Command, number: IncidentNumber, *, draft: int) -> Answer:
    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        require_draft(incident.draft, draft)
        record(tx, desk, number, incident, actor.id, [DraftWithdrawn(draft=draft)])
        return {"withdrawn": True}

    return await perform(desk, command, decide)


async def publish_without_approval(
    desk: Desk, command: Command, number: IncidentNumber, *, draft: int, revision: int, reason: str
) -> Answer:
    """Needs the permission and a reason; plainly marked wherever this update is told of."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        require(desk.policy, actor, Permission.PUBLISH_WITHOUT_APPROVAL)
        open_draft = require_draft(incident.draft, draft)
        current = require_current(open_draft, revision)
        words = _check_reason(reason)
        decision = approvals.bypass(open_draft, revision=current, reason=words)
        start_broadcast(tx, desk, incident, actor.id, decision=decision, bypass_reason=words)
        return {"published": True}

    return await perform(desk, command, decide)


async def publish(desk: Desk, command: Command, number: IncidentNumber, *, draft: int, revision: int) -> Answer:
    """`publish = "manual"`: the last step, once the approvals are there."""

    def decide(tx: Transaction, actor: Member) -> Answer:
        incident = get_incident(tx, number, command, actor)
        open_draft = require_draft(incident.draft, draft)
        require_current(open_draft, revision)
        missing = approvals.approvals_missing(desk.policy, open_draft)
        if missing:
            raise IllegalMove(f"{missing} more approval(s) needed before this can be published.")
        start_broadcast(tx, desk, incident, actor.id, bypass_reason=None)
        return {"published": True}

    return await perform(desk, command, decide)


def _check_reason(reason: str) -> str:
    words = clean_text(reason)
    if not words:
        raise BadInput("Give a reason: it is kept in the log.", field="reason")
    if len(words) > REASON_CHARS:
        raise BadInput(f"At most {REASON_CHARS} characters, this has {len(words)}.", field="reason")
    return words
