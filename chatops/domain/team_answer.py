"""The team's answer to a question that many ask: proposed by one, approved by another, offered to everybody."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chatops.domain.chain import canonical_json
from chatops.domain.errors import BadInput, IllegalMove, NotAllowed, NotFound
from chatops.domain.ids import MemberId
from chatops.domain.mention_records import AnswerApproved, AnswerProposed

ANSWER_CHARS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamAnswer:
    """The words for one group of near-identical questions."""

    group: int
    words: str
    digest: str
    by: MemberId
    approved_by: MemberId | None = None


def propose_answer(group: int, words: str) -> AnswerProposed:
    text = words.strip()
    if not text:
        raise BadInput("Write the team's answer first.", field="answer")
    if len(text) > ANSWER_CHARS:
        raise BadInput(f"At most {ANSWER_CHARS:,} characters, this has {len(text):,}.", field="answer")
    digest = hashlib.sha256(canonical_json([group, text]).encode()).hexdigest()
    return AnswerProposed(group=group, words=text, digest=digest)


def approve_answer(answers: Iterable[TeamAnswer], group: int, digest: str, actor: MemberId) -> AnswerApproved:
    answer = next((each for each in answers if each.group == group), None)
    if answer is None:
        raise NotFound("There is no answer to approve for this question.")
    if answer.digest != digest:
        raise IllegalMove("The answer was changed since; read the newest one first.")
    if answer.approved_by is not None:
        raise IllegalMove("This answer is approved already.")
    if answer.by == actor:
        raise NotAllowed("You wrote this answer, so somebody else has to approve it.")
    return AnswerApproved(group=group, digest=digest)


def with_proposed(answers: tuple[TeamAnswer, ...], data: AnswerProposed, by: MemberId) -> tuple[TeamAnswer, ...]:
    """New words void the approval of the old ones."""
    others = tuple(each for each in answers if each.group != data.group)
    return (*others, TeamAnswer(group=data.group, words=data.words, digest=data.digest, by=by))


def with_approved(answers: tuple[TeamAnswer, ...], data: AnswerApproved, by: MemberId) -> tuple[TeamAnswer, ...]:
    return tuple(
        replace(each, approved_by=by) if (each.group, each.digest) == (data.group, data.digest) else each
        for each in answers
    )
