"""`/incident outlets [pause|resume NAME]`: each outlet's state; pausing needs a reason and a permission."""

from collections.abc import Mapping

from chatops.domain.errors import BadInput
from chatops.domain.ids import PAGE, MemberId
from chatops.domain.pauses import Pause
from chatops.domain.policy import Member
from chatops.domain.wording import OutletSpec
from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.mrkdwn import escape, plain_name, read_typed, slack_date
from chatops.usecases.pausing import list_pauses, pause_outlet, resume_outlet
from chatops.usecases.ports import Reads
from chatops.usecases.recording import require_actor

NAME = "outlets"
USAGE = "outlets [pause NAME REASON|resume NAME]"
HELP = "where updates go; pause one, with a reason"
ORDER = 100


async def run(call: Call, words: str) -> Answer:
    verb, name, reason = (*words.split(maxsplit=2), "", "", "")[:3]
    match verb.lower():
        case "":
            return Say(text=await call.desk.store.read(lambda reads: _list(call, reads)))
        case "pause":
            key = (await pause_outlet(call.desk, call.command, read_typed(name), read_typed(reason)))["outlet"]
            undo = f"`/incident outlets resume {key}`"
            return Say(text=f"⏸️ `{key}` is paused: updates skip it, visibly, until {undo}.")
        case "resume":
            key = (await resume_outlet(call.desk, call.command, read_typed(name)))["outlet"]
            return Say(text=f"🟢 `{key}` is resumed. What it missed can be sent with `Retry` on the delivery card.")
        case _:
            raise BadInput("Write `/incident outlets`, `… outlets pause NAME REASON` or `… outlets resume NAME`.")


def _list(call: Call, reads: Reads) -> str:
    require_actor(reads, call.command)
    pauses = list_pauses(reads)
    members = {member.id: member for member in reads.list_members(call.command.workspace)}
    lines = [build_line(spec, pauses.get(spec.key), members) for spec in call.desk.specs]
    return "\n".join(["*Where updates go*", *lines])


def build_line(spec: OutletSpec, pause: Pause | None, members: Mapping[MemberId, Member]) -> str:
    where = f"*{escape(spec.label)}* (`{spec.key}`)"
    if spec.key == PAGE:
        return f"🟢 {where} built in, always on"
    if pause is None:
        return f"🟢 {where} {escape(spec.account)[:200]}"
    who = escape(plain_name(pause.by, members))
    return f"⏸️ {where} paused by {who} {slack_date(pause.at)}: {escape(pause.reason)}"
