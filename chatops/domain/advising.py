"""What the checks say of a revision, in the light of what was said before it; and what they block."""

from chatops.domain.checks import Advice, list_advice, list_blocks
from chatops.domain.errors import IllegalMove
from chatops.domain.incident import Incident
from chatops.domain.update import DraftForm, Revision
from chatops.domain.wording import compose_body


def advise(incident: Incident, revision: Revision) -> tuple[Advice, ...]:
    """What the checks say of a revision, in the light of what was said before it."""
    earlier = [update.revision for update in incident.updates if update.revision.seq < revision.seq]
    return list_advice(
        form_of(revision),
        impact=revision.impact,
        is_first=not earlier,
        earlier_texts=tuple(compose_body(form_of(each), signs=False) for each in earlier),
        components=revision.components,
    )


def form_of(revision: Revision) -> DraftForm:
    return DraftForm(
        sections=revision.sections,
        status=revision.status,
        promise_minutes=revision.promise_minutes,
        outlets=revision.outlets,
        sign_as=revision.sign_as,
        purpose=revision.purpose,
        of_update=revision.of_update,
    )


def require_unblocked(revision: Revision) -> None:
    """A secret is not published by approval: it is edited out, or somebody takes it upon them, with name and reason."""
    block = next(list_blocks(form_of(revision)), None)
    if block:
        raise IllegalMove(
            f"⛔ {block.text} Please edit the draft; if it must go out as it is, publish it without approval."
        )
