"""Read only: conversations, the board and the brief, as a person or the worker sees them."""

from collections.abc import Iterable

from chatops.domain.conversation import Conversation, ReplyState
from chatops.domain.errors import NotFound
from chatops.domain.ids import OUTLETS, ConversationId, IncidentNumber, MemberId
from chatops.domain.incident import Incident
from chatops.domain.pauses import find_replying_pause, fold_pauses
from chatops.domain.policy import Member, require_answerer
from chatops.usecases.customer_snapshots import BoardSnapshot, ConversationSnapshot
from chatops.usecases.filing import load_conversation
from chatops.usecases.hearing_customers import list_listened
from chatops.usecases.mention_ports import ConversationRow, Group
from chatops.usecases.ports import Desk, Reads
from chatops.usecases.reading import list_visible
from chatops.usecases.recording import Command, get_incident, load_incident, require_actor

BOARDS = 5
"""Of the newest so many incidents somebody sees the customers on their App Home."""
OLDEST = 5
GROUPS = 5


def read_conversation(reads: Reads, desk: Desk, number: ConversationId, command: Command) -> ConversationSnapshot:
    """For a person; raises NotFound also where its incident is private and not theirs."""
    actor = require_actor(reads, command)
    require_answerer(desk.policy, actor)
    row = get_row(reads, number)
    return build_conversation(reads, desk, row, get_incident(reads, row.incident, command, actor))


def get_row(reads: Reads, number: ConversationId) -> ConversationRow:
    row = reads.find_conversation_row(number)
    if row is None:
        raise NotFound("This conversation is not here any more.")
    return row


def build_conversation(reads: Reads, desk: Desk, row: ConversationRow, incident: Incident) -> ConversationSnapshot:
    conversation = load_conversation(reads, row.id)
    ids = [conversation.claimed_by, *(each.by for each in conversation.replies), row.answered_by]
    ids += [each.approved_by for each in conversation.replies]
    switches = reads.load(OUTLETS)
    all_paused, here_paused = find_replying_pause(switches), fold_pauses(switches).get(row.outlet)
    return ConversationSnapshot(
        incident=incident,
        row=row,
        conversation=conversation,
        mentions=tuple(each for each in reads.list_mentions(row.id) if not each.is_echo),
        earlier=tuple(reads.list_earlier(row.outlet, row.author.id, before=row.id)),
        group=reads.find_group(row.group) if row.group else None,
        answer=incident.find_answer(row.group),
        members=_map_members(reads, incident, ids),
        now=desk.clock.now(),
        paused=all_paused.reason if all_paused else None,
        outlet_paused=here_paused.reason if here_paused else None,
        trouble=_find_trouble(reads, conversation),
    )


def _find_trouble(reads: Reads, conversation: Conversation) -> str | None:
    current = conversation.current
    if current is None or current.state is not ReplyState.QUEUED:
        return None
    tries = [each for each in reads.list_reply_attempts(conversation.id) if each.reply == current.number]
    return tries[-1].note if tries and tries[-1].outcome == "not_sent" else None


def read_board(reads: Reads, desk: Desk, number: IncidentNumber, command: Command) -> BoardSnapshot:
    """For a person, with what they have claimed themselves."""
    actor = require_actor(reads, command)
    incident = get_incident(reads, number, command, actor)
    return build_board(reads, desk, incident, mine=actor.id)


def list_boards(reads: Reads, desk: Desk, command: Command) -> tuple[BoardSnapshot, ...]:
    """Of the incidents that this person may see, resolved lately or not, those that customers have written about."""
    actor = require_actor(reads, command)
    shared = {row.number for row in list_visible(reads, command)}
    rows = [
        row
        for row in list_listened(reads, desk)
        if row.workspace == command.workspace and (not row.private or actor.id in row.people or row.number in shared)
    ]
    boards = [build_board(reads, desk, load_incident(reads, row.number), mine=actor.id) for row in rows[:BOARDS]]
    return tuple(board for board in boards if board.tally.conversations)


def read_group(reads: Reads, number: IncidentNumber, group: int) -> Group:
    found = reads.find_group(group)
    if found is None or found.incident != number:
        raise NotFound("This question is not here any more.")
    return found


def read_any_board(reads: Reads, desk: Desk, number: IncidentNumber) -> BoardSnapshot:
    """For the worker, which shows it in Slack."""
    return build_board(reads, desk, load_incident(reads, number))


def build_board(reads: Reads, desk: Desk, incident: Incident, *, mine: MemberId | None = None) -> BoardSnapshot:
    now = desk.clock.now()
    claimed = (
        [each for each in reads.list_claimed_by(mine, now=now) if each.incident == incident.number] if mine else []
    )
    answers = [member for answer in incident.answers for member in (answer.by, answer.approved_by)]
    pause = find_replying_pause(reads.load(OUTLETS))
    return BoardSnapshot(
        incident=incident,
        tally=reads.read_tally(incident.number, now=now),
        waiting=tuple(reads.list_waiting(incident.number, limit=OLDEST, free_at=now)),
        groups=tuple(reads.list_groups(incident.number, least=3)[:GROUPS]),
        listenings=tuple(reads.list_listenings()),
        follow_ups=tuple(reads.list_follow_ups(incident.number)),
        members=_map_members(reads, incident, answers),
        now=now,
        paused=pause.reason if pause else None,
        mine=tuple(claimed),
        labels={spec.key: spec.label for spec in desk.specs},
    )


def _map_members(reads: Reads, incident: Incident, ids: Iterable[MemberId | None]) -> dict[MemberId, Member]:
    wanted = {incident.commander, incident.comms_lead, *(each for each in ids if each)}
    return {member.id: member for member in reads.list_people(incident.workspace, wanted)}
