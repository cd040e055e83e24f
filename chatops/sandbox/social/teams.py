"""A Teams workflow that posts the Adaptive Card it is given, and says only that it will.

https://learn.microsoft.com/connectors/teams/#microsoft-teams-webhook and, for the errors of its trigger,
https://learn.microsoft.com/azure/logic-apps/logic-apps-http-endpoint
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from chatops.sandbox.social.allowance import Allowance
from chatops.sandbox.social.call import Answer, Call, Refusal
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.network import Network, Route
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

CARD = "application/vnd.microsoft.card.adaptive"
BYTES_MOST = 28 * 1024
CALLS_PER_SECOND = 4


def refuse(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(status, {"error": {"code": code, "message": message}}, headers)


class Teams(Network):
    name = "teams"
    label = "Teams"
    takes_customers = False
    text_chars = BYTES_MOST

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        super().__init__(settings, feed)
        self._allowance = Allowance(CALLS_PER_SECOND * settings.allowance_factor, 1, feed.clock)
        path = "/workflows/{workflow}/triggers/manual/paths/invoke"
        self.routes = [
            Route("POST", path, self._invoke, has_effect=True),
            Route("POST", "/powerautomate/automations/direct" + path, self._invoke, has_effect=True),
        ]

    @property
    def workflow_path(self) -> str:
        """What follows the base URL in TEAMS_WORKFLOW_URL."""
        query = f"api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={self.settings.teams_signature}"
        return f"/workflows/{self.settings.teams_workflow_id}/triggers/manual/paths/invoke?{query}"

    # Who calls, and how often

    def require_token(self, call: Call) -> None:
        workflow = call.names["workflow"]
        if workflow != self.settings.teams_workflow_id:
            raise refuse(404, "WorkflowNotFound", f"The workflow '{workflow}' could not be found.")
        if "sig" not in call.query:
            message = "The request must be authenticated only by Shared Access scheme."
            raise refuse(401, "DirectApiAuthorizationRequired", message)
        if call.query["sig"] != self.settings.teams_signature:
            raise self.refuse_revoked(call)

    def limit(self, call: Call, route: Route) -> Answer | None:
        del route
        if self._allowance.take().is_over:
            raise self.refuse_pace(call, 1)
        return None

    def common_headers(self) -> Mapping[str, str]:
        return {"x-ms-workflow-run-id": uuid4().hex, "x-ms-request-id": str(uuid4())}

    def refuse_body(self) -> Refusal:
        return refuse(400, "InvalidRequestContent", "The request content is not valid JSON.")

    def refuse_path(self, call: Call, allowed: list[str]) -> Refusal:
        del allowed
        return refuse(404, "NotFound", f"No HTTP resource was found that matches the request URI '{call.path}'.")

    def refuse_pace(self, call: Call, retry_after_seconds: int) -> Refusal:
        message = f"Rate limit is exceeded. Try again in {retry_after_seconds} seconds."
        del call
        return refuse(429, "WorkflowTriggerIsThrottled", message, {"Retry-After": str(retry_after_seconds)})

    def refuse_internal(self) -> Refusal:
        return refuse(500, "InternalServerError", "Encountered internal server error.")

    def refuse_revoked(self, call: Call) -> Refusal:
        del call
        return refuse(401, "AuthorizationFailed", "The authentication credentials are not valid.")

    # Cards

    def _invoke(self, call: Call) -> Answer:
        """A real workflow accepts first and fails later; here a wrong shape is told at once."""
        body = call.body or {}
        if len(json.dumps(body, ensure_ascii=False).encode()) > BYTES_MOST:
            raise refuse(413, "RequestEntityTooLarge", "The request content size exceeds the maximum size allowed.")
        card = _require_card(body)
        lines = _read_texts(card["body"])
        if not lines:
            raise _mismatch("the card shows no text")
        self.feed.add(self.feed.ours, "\n".join(lines), facts={"card": card})
        return Answer(status=202)


def _mismatch(details: str) -> Refusal:
    message = "The input body for trigger 'manual' of type 'Request' did not match its schema definition."
    return refuse(400, "TriggerInputSchemaMismatch", f"{message} Error details: '{details}'.")


def _require_card(body: Json) -> Json:
    attachments = body.get("attachments")
    if body.get("type") != "message" or not isinstance(attachments, list) or len(attachments) != 1:
        raise _mismatch('expected {"type": "message", "attachments": [one]}')
    attachment = attachments[0]
    if not isinstance(attachment, dict) or attachment.get("contentType") != CARD:
        raise _mismatch(f"attachments[0].contentType must be {CARD}")
    card = attachment.get("content")
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard" or not isinstance(card.get("body"), list):
        raise _mismatch("attachments[0].content must be an AdaptiveCard with a body")
    if not isinstance(card.get("version"), str):
        raise _mismatch("attachments[0].content.version is missing")
    return card


def _read_texts(elements: list[Any]) -> list[str]:
    """https://adaptivecards.io/explorer/: texts, facts, and what stands in containers."""
    lines: list[str] = []
    for element in elements:
        if not isinstance(element, dict) or "type" not in element:
            raise _mismatch("each element of a card has a type")
        if isinstance(element.get("text"), str):
            lines.append(element["text"])
        lines += [f"{fact.get('title')}: {fact.get('value')}" for fact in element.get("facts", [])]
        for inner in ("items", "columns", "inlines"):
            lines += _read_texts([each for each in element.get(inner, []) if isinstance(each, dict)])
    return lines
