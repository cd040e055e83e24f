"""The worker's side of late events: hear them again until they can be understood, or it is clear they never will."""

import json
import logging

from chatops.slack.answering import answer_event, find_follow_up
from chatops.slack.call import parse_event
from chatops.slack.events import EVENTS
from chatops.slack.followups import FollowUps
from chatops.slack.late import PAUSE, TRIES, TooEarly
from chatops.usecases.ports import Again, Desk, Done, Job

logger = logging.getLogger(__name__)


class Hearing:
    def __init__(self, desk: Desk, follow_ups: FollowUps) -> None:
        self._desk = desk
        self._follow_ups = follow_ups

    async def run(self, job: Job, runs: int) -> Done | Again:
        body = json.loads(str(job.data["body"]))
        call = parse_event(self._desk, body)
        try:
            answer = await answer_event(self._desk, EVENTS[body["event"]["type"]], call)
        except TooEarly:
            if runs < TRIES:
                return Again(at=self._desk.in_real(PAUSE))
            logger.warning("Nobody knows what the event %s was about", body["event_id"])
            return Done()
        follow_up = find_follow_up(call, answer)
        if follow_up:
            self._follow_ups.start([follow_up])
        return Done()
