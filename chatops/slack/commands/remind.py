"""`/incident remind DURATION [INC-n]`: move the next reminder, or turn reminders off with a reason."""

import re
from datetime import datetime, timedelta

from chatops.domain.errors import BadInput
from chatops.domain.ids import format_incident
from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.choosing import choose
from chatops.slack.mrkdwn import read_typed, slack_date
from chatops.usecases.incidents import move_reminder

NAME = "remind"
USAGE = "remind 20m|1h30m|off REASON [INC-n]"
HELP = "move the next reminder; off needs a reason"
ORDER = 70
DURATION = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m(?:in)?)?")


async def run(call: Call, words: str) -> Answer:
    number, rest = await choose(call, words, subcommand=NAME)
    if isinstance(number, Say):
        return number
    word, _, reason = rest.partition(" ")
    after = None if word.lower() == "off" else parse_duration(word)
    answer = await move_reminder(call.desk, call.command, number, after=after, reason=read_typed(reason))
    if answer["due_at"] is None:
        return Say(text=f"Reminders of {format_incident(number)} are off until its next published update.")
    due = slack_date(datetime.fromisoformat(str(answer["due_at"])))
    return Say(text=f"The next update of {format_incident(number)} is due {due}.")


def parse_duration(text: str) -> timedelta:
    """`20m`, `1h30m`, `2h`; raises BadInput for anything else."""
    match = DURATION.fullmatch(text.strip().lower())
    if match is None or not any(match.groups()):
        raise BadInput("Write a duration like `20m` or `1h30m`, or `off` and a reason.")
    return timedelta(hours=int(match[1] or 0), minutes=int(match[2] or 0))
