"""A draft and its revisions: propose, revise, comment, request changes, withdraw."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chatops.domain.chain import canonical_fields
from chatops.domain.errors import BadInput, Conflict, IllegalMove
from chatops.domain.ids import IncidentNumber, MemberId, OutletKey
from chatops.domain.records import Impact, OutletWords, Purpose, RevisionProposed, Sections, Status

SECTION_CHARS = 3000
"""Slack's limit for a text input, which is where the words come from."""
COMMENT_CHARS = 4000
REASON_CHARS = 1000
SIGN_AS_CHARS = 40
PREVIEW_CHARS = 6000
"""Longer drafts do not fit on their card: the preview must be opened before approving."""


class DraftState(StrEnum):
    OPEN = "open"
    WITHDRAWN = "withdrawn"
    BROADCAST = "broadcast"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftForm:
    """What a person filled in: not yet words for an outlet."""

    sections: Sections
    status: Status
    promise_minutes: int | None
    outlets: tuple[OutletKey, ...]
    sign_as: str
    purpose: Purpose = Purpose.UPDATE
    of_update: int | None = None
    """The update that a correction or retraction is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One wording of a draft; `seq` is its record in the log."""

    seq: int
    number: int
    author: MemberId
    at: datetime
    sections: Sections
    status: Status
    impact: Impact
    components: tuple[str, ...]
    promise_minutes: int | None
    sign_as: str
    words: tuple[OutletWords, ...]
    digest: str
    purpose: Purpose = Purpose.UPDATE
    of_update: int | None = None

    @property
    def outlets(self) -> tuple[OutletKey, ...]:
        return tuple(words.outlet for words in self.words)

    @property
    def needs_preview(self) -> bool:
        return sum(map(len, self.sections.by_name.values())) > PREVIEW_CHARS


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    member: MemberId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    member: MemberId
    revision: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Words on their way to the public. Approvals are of the current revision only."""

    number: int
    revisions: tuple[Revision, ...]
    approvals: tuple[Approval, ...] = ()
    change_requests: tuple[ChangeRequest, ...] = ()
    highest_impact: Impact
    chases: int = 0
    state: DraftState = DraftState.OPEN

    @property
    def current(self) -> Revision:
        return self.revisions[-1]

    def find_revision(self, number: int) -> Revision | None:
        return next((revision for revision in self.revisions if revision.number == number), None)


def require_draft(draft: Draft | None, number: int) -> Draft:
    """The draft, where it is the open one; else IllegalMove says why not."""
    if draft is None or draft.number != number:
        raise IllegalMove("This draft is closed: it was published or withdrawn. Nothing was changed.")
    if draft.state is DraftState.WITHDRAWN:
        raise IllegalMove("This draft was withdrawn. Start a new one with `/incident update`.")
    if draft.state is DraftState.BROADCAST:
        raise IllegalMove("This update was already published.")
    return draft


def require_current(draft: Draft, revision: int) -> Revision:
    """The current revision, where `revision` is it; a click on a superseded card changes nothing."""
    if draft.current.number != revision:
        raise Conflict(
            f"Revision {revision} was superseded by revision {draft.current.number}, so nothing was changed. "
            "Please look at the newest card in the thread."
        )
    return draft.current


def require_base(draft: Draft, base_revision: int) -> None:
    if draft.current.number != base_revision:
        raise Conflict(f"Revision {draft.current.number} was saved while you were editing.")


def check_form(form: DraftForm) -> None:
    """Raises BadInput where the form cannot become an update."""
    if not form.sections.what_happened.strip():
        raise BadInput("Say what happened: this field is empty.", field="what_happened")
    for name, text in form.sections.by_name.items():
        if len(text) > SECTION_CHARS:
            raise BadInput(f"At most {SECTION_CHARS} characters, this has {len(text)}.", field=name)
    if len(form.sign_as) > SIGN_AS_CHARS:
        raise BadInput(f"At most {SIGN_AS_CHARS} characters.", field="sign_as")
    if not form.outlets:
        raise BadInput("Choose at least one outlet.", field="outlets")


def digest_revision(
    incident: IncidentNumber,
    *,
    title: str,
    impact: Impact,
    components: tuple[str, ...],
    form: DraftForm,
    words: tuple[OutletWords, ...],
) -> str:
    """SHA-256 of all that an approval means: the words, where they stand, status, impact, components, promise."""
    meaning = canonical_fields(
        components=components,
        impact=impact.value,
        incident=incident,
        of_update=form.of_update,
        promise_minutes=form.promise_minutes,
        purpose=form.purpose.value,
        status=form.status.value,
        title=title,
        words=words,
    )
    return hashlib.sha256(meaning).hexdigest()


def clean_text(text: str) -> str:
    """Typed text as it is kept: Unix line ends, no control characters, no half characters, no blank ends.

    Nothing but characters that nobody sees (U+200B and the like) is nothing.
    """
    if text.isascii() and text.isprintable() and text == text.strip():
        return text  # Most fields of a form are empty or need nothing.
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = _UNPRINTED.sub("", unix).strip()
    return kept if any(unicodedata.category(char) not in _UNSEEN for char in kept) else ""


_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_UNPRINTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters, and halves of a pair: JSON can carry one, UTF-8 cannot."""


def clean_line(text: str) -> str:
    """Typed text for a single line (a title, a name): line breaks become spaces."""
    return " ".join(clean_text(text).split())


def revision_from(record_seq: int, author: MemberId, at: datetime, data: RevisionProposed) -> Revision:
    return Revision(
        seq=record_seq,
        number=data.revision,
        author=author,
        at=at,
        sections=data.sections,
        status=data.status,
        impact=data.impact,
        components=data.components,
        promise_minutes=data.promise_minutes,
        sign_as=data.sign_as,
        words=data.words,
        digest=data.digest,
        purpose=data.purpose,
        of_update=data.of_update,
    )
