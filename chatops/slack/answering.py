"""Run what a request asks for; what goes wrong becomes a sentence for the person who asked."""

import logging
from collections.abc import Awaitable, Callable

from chatops.domain.errors import BadInput, ChatopsError, NotAllowed, StorageFull, UnknownMember
from chatops.slack import submissions
from chatops.slack.answers import QUIET, Answer, FieldErrors, FollowUp, OpenModal, PublishHome, Say
from chatops.slack.call import Call
from chatops.slack.late import TooEarly
from chatops.usecases.members import ask_for_member
from chatops.usecases.ports import Desk

logger = logging.getLogger(__name__)
Run = Callable[[Call], Awaitable[Answer]]
FAILED = "Something went wrong inside chatops, and nothing was changed. Please try again; the log has the details."


async def answer_call(desk: Desk, run: Run, call: Call) -> Answer:
    """For a command, click, shortcut or submission: always something to say back."""
    try:
        return await run(call)
    except UnknownMember as error:
        await ask_for_member(desk, call.command.workspace, error.slack_id)
        return _refuse(call, error, None)
    except BadInput as error:
        return _refuse(call, error, error.field)
    except ChatopsError as error:
        return _refuse(call, error, None)
    except Exception:
        logger.exception("A listener failed: %s", call.command.key)
        return _refuse(call, FAILED, None)


async def answer_event(desk: Desk, hear: Run, call: Call) -> Answer:
    """For an event: raises TooEarly where it must be heard again later, StorageFull so that Slack repeats it."""
    try:
        return await hear(call)
    except (TooEarly, StorageFull):
        raise
    except UnknownMember as error:
        await ask_for_member(desk, call.command.workspace, error.slack_id)
        raise TooEarly from error
    except NotAllowed as error:
        # Guests may talk in a thread and look at the App Home; only an approval deserves to be told no.
        return Say(text=f"⚠️ {error}") if call.wants_answer else QUIET
    except ChatopsError as error:
        return Say(text=f"⚠️ {error}")
    except Exception:
        logger.exception("An event could not be heard: %s", call.command.key)
        return Say(text=f"⚠️ {FAILED}")


def find_follow_up(call: Call, answer: Answer) -> FollowUp | None:
    """What is still to be said to Slack once the acknowledgement stands."""
    if not isinstance(answer, Say | OpenModal | PublishHome):
        return None
    return FollowUp(
        answer=answer,
        trigger_id=call.trigger_id,
        response_url=call.response_url,
        channel=call.channel,
        slack_user=call.command.slack_user,
        thread_ts=call.thread_ts,
    )


def _refuse(call: Call, error: object, field: str | None) -> Answer:
    """In a modal under the field it is about, so that nothing typed is lost; elsewhere as words."""
    if call.view:
        return FieldErrors(errors={submissions.find_error_block(call.view, field): str(error)})
    return Say(text=f"⚠️ {error}")
