"""Atlassian Statuspage as a place to publish to: incidents and their updates. https://developer.statuspage.io/"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from chatops.sandbox.social.allowance import Allowance
from chatops.sandbox.social.call import Answer, Call, Refusal, read_count
from chatops.sandbox.social.feed import Feed
from chatops.sandbox.social.network import Network, Route
from chatops.sandbox.social.posts import Post
from chatops.sandbox.social.settings import SocialSettings
from chatops.sandbox.wire import Json

CALLS_PER_MINUTE = 60
STATUSES: Final = (
    "investigating", "identified", "monitoring", "resolved", "scheduled", "in_progress", "verifying", "completed",
)  # fmt: skip
IMPACTS: Final = ("none", "maintenance", "minor", "major", "critical")
UNRESOLVED: Final = ("investigating", "identified", "monitoring")
BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def make_id(at: float, number: int) -> str:
    value, text = int(at * 1000) << 16 | number % 65536, ""
    while value:
        value, digit = divmod(value, 36)
        text = BASE36[digit] + text
    return text[-12:].rjust(12, "0")


def time_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Statuspage(Network):
    name = "statuspage"
    label = "Statuspage"
    base_path = "/v1"
    takes_customers = False
    text_chars = 25_000

    def __init__(self, settings: SocialSettings, feed: Feed) -> None:
        super().__init__(settings, feed)
        self._allowance = Allowance(CALLS_PER_MINUTE * settings.allowance_factor, 60, feed.clock)
        page = "/v1/pages/{page}"
        self.routes = [
            Route("GET", page, self._show_page),
            Route("POST", page + "/incidents", self._open, has_effect=True),
            Route("GET", page + "/incidents", self._list),
            Route("GET", page + "/incidents/unresolved", self._list_unresolved),
            Route("GET", page + "/incidents/{id}", self._show),
            Route("PATCH", page + "/incidents/{id}", self._update, has_effect=True),
            Route("PUT", page + "/incidents/{id}", self._update, has_effect=True),
            Route("DELETE", page + "/incidents/{id}", self._delete, has_effect=True),
            Route("PATCH", page + "/incidents/{id}/incident_updates/{update}", self._change, has_effect=True),
            Route("PUT", page + "/incidents/{id}/incident_updates/{update}", self._change, has_effect=True),
        ]

    def permalink(self, post: Post) -> str:
        return f"https://stspg.io/{post.root.id}"

    def mentions_us(self, post: Post) -> bool:
        del post
        return False

    # Who calls, and how often

    def require_token(self, call: Call) -> None:
        key = call.headers.get("Authorization", "").removeprefix("OAuth ") or call.query.get("api_key")
        if key != self.settings.statuspage_api_key:
            raise self.refuse_revoked(call)
        if call.names["page"] != self.settings.statuspage_page_id:
            raise Refusal(404, {"error": "Not Found"})

    def limit(self, call: Call, route: Route) -> Answer | None:
        del route
        if self._allowance.take().is_over:
            raise self.refuse_pace(call, 60)
        return None

    def common_headers(self) -> Mapping[str, str]:
        return {"Cache-Control": "no-cache"}

    def refuse_body(self) -> Refusal:
        return Refusal(400, {"error": "Invalid JSON in request body"})

    def refuse_path(self, call: Call, allowed: list[str]) -> Refusal:
        del call, allowed
        return Refusal(404, {"error": "Not Found"})

    def refuse_pace(self, call: Call, retry_after_seconds: int) -> Refusal:
        """“420 or 429” by its documentation."""
        del call
        return Refusal(429, {"error": "Too many requests"}, {"Retry-After": str(retry_after_seconds)})

    def refuse_internal(self) -> Refusal:
        return Refusal(500, {"error": "Internal server error"})

    def refuse_revoked(self, call: Call) -> Refusal:
        del call
        return Refusal(401, {"error": "Could not authenticate"})

    # Incidents

    def _read(self, call: Call, *, is_new: bool) -> Json:
        given = (call.body or {}).get("incident")
        if not isinstance(given, dict):
            raise Refusal(400, {"error": "param is missing or the value is empty: incident"})
        problems = []
        if is_new and not str(given.get("name") or "").strip():
            problems.append("Name can't be blank")
        if given.get("status") is not None and given["status"] not in STATUSES:
            problems.append("Status is not included in the list")
        if given.get("impact_override") is not None and given["impact_override"] not in IMPACTS:
            problems.append("Impact override is not included in the list")
        metadata = given.get("metadata")
        if metadata is not None and not (
            isinstance(metadata, dict) and all(isinstance(value, dict) for value in metadata.values())
        ):
            problems.append("Metadata must be an object of objects")
        if len(str(given.get("body") or "")) > self.text_chars:
            problems.append(f"Body is too long (maximum is {self.text_chars} characters)")
        if problems:
            raise Refusal(422, {"error": problems})
        return given

    def _open(self, call: Call) -> Answer:
        given = self._read(call, is_new=True)
        facts = {
            "name": given["name"],
            "status": given.get("status") or "investigating",
            "impact": given.get("impact_override") or "none",
            "metadata": given.get("metadata") or {},
            "components": _component_ids(given),
        }
        incident = self.feed.add(self.feed.ours, str(given["name"]), facts=facts)
        self._add_update(incident, given)
        return Answer(status=201, body=self._wire(incident))

    def _add_update(self, incident: Post, given: Json) -> None:
        words = str(given.get("body") or f"We are {incident.facts['status']} this issue.")
        facts = {"status": incident.facts["status"], "components": _component_ids(given)}
        self.feed.add(self.feed.ours, words, parent=incident, facts=facts)

    def _find(self, call: Call) -> Post:
        incident = self.feed.find(call.names["id"])
        if incident is None or incident.parent is not None:
            raise Refusal(404, {"error": "Not Found"})
        return incident

    def _update(self, call: Call) -> Answer:
        """A body or a status makes an update; a name or metadata alone does not."""
        incident, given = self._find(call), self._read(call, is_new=False)
        names = {"status": "status", "impact_override": "impact", "name": "name"}
        incident.facts |= {ours: given[theirs] for theirs, ours in names.items() if given.get(theirs)}
        incident.facts["metadata"] = incident.facts["metadata"] | (given.get("metadata") or {})
        incident.facts["updated_at"] = self.feed.clock()
        if given.get("name") and given["name"] != incident.text:
            self.feed.edit(incident, given["name"])
        if given.get("body") or given.get("status"):
            self._add_update(incident, given)
        return Answer(body=self._wire(incident))

    def _change(self, call: Call) -> Answer:
        """“Update a previous incident update”: its words; there is no way to remove it."""
        update = self.feed.find(call.names["update"])
        if update is None or update.parent is not self._find(call):
            raise Refusal(404, {"error": "Not Found"})
        given = (call.body or {}).get("incident_update")
        if not isinstance(given, dict):
            raise Refusal(400, {"error": "param is missing or the value is empty: incident_update"})
        if given.get("body") and given["body"] != update.text:
            self.feed.edit(update, str(given["body"]))
        update.facts["notified"] = update.facts.get("notified", 0) + bool(given.get("deliver_notifications", True))
        return Answer(body=self._wire_update(update))

    def _delete(self, call: Call) -> Answer:
        incident = self._find(call)
        gone = self._wire(incident)
        for update in self.feed.list_replies(incident):
            self.feed.delete(update)
        self.feed.delete(incident)
        return Answer(body=gone)

    def _show(self, call: Call) -> Answer:
        return Answer(body=self._wire(self._find(call)))

    def _list(self, call: Call) -> Answer:
        limit = read_count(call.query.get("limit"), default=100, most=100)
        begin = (read_count(call.query.get("page"), default=1, most=10**6) - 1) * limit
        words = call.query.get("q", "").lower()
        found = [each for each in self._list_incidents() if words in each.text.lower()]
        return Answer(body=[self._wire(each) for each in found[begin : begin + limit]])

    def _list_unresolved(self, call: Call) -> Answer:
        del call
        return Answer(body=[self._wire(each) for each in self._list_incidents() if each.facts["status"] in UNRESOLVED])

    def _list_incidents(self) -> list[Post]:
        """Newest first."""
        return [post for post in reversed(self.feed.list_ours()) if post.parent is None]

    def _show_page(self, call: Call) -> Answer:
        del call
        times = {"created_at": time_text(0), "updated_at": time_text(0), "time_zone": "UTC"}
        names = {"name": self.settings.name, "subdomain": self.settings.handle, "domain": None}
        return Answer(body={"id": self.settings.statuspage_page_id, **names, **times})

    def _wire(self, incident: Post) -> Json:
        facts = incident.facts
        updates = [self._wire_update(each) for each in reversed(self.feed.list_replies(incident))]
        updated_at = time_text(facts.get("updated_at") or incident.created_at)
        return {
            "id": incident.id,
            "name": facts["name"],
            "status": facts["status"],
            "created_at": time_text(incident.created_at),
            "updated_at": updated_at,
            "started_at": time_text(incident.created_at),
            "monitoring_at": None,
            "resolved_at": updated_at if facts["status"] == "resolved" else None,
            "impact": facts["impact"],
            "impact_override": facts["impact"],
            "shortlink": self.permalink(incident),
            "page_id": self.settings.statuspage_page_id,
            "incident_updates": updates,
            "components": [{"id": each} for each in facts["components"]],
            "metadata": facts["metadata"],
            "reminder_intervals": None,
            "postmortem_body": None,
        }

    def _wire_update(self, update: Post) -> Json:
        at = time_text(update.created_at)
        return {
            "id": update.id,
            "status": update.facts["status"],
            "body": update.text,
            "incident_id": update.root.id,
            "created_at": at,
            "updated_at": at,
            "display_at": at,
            "affected_components": [{"code": each} for each in update.facts["components"]] or None,
            "deliver_notifications": True,
            "custom_tweet": None,
            "tweet_id": None,
            "wants_twitter_update": False,
        }


def _component_ids(given: Json) -> list[str]:
    components = given.get("components")
    listed = given.get("component_ids") or (list(components) if isinstance(components, dict) else [])
    return [str(each) for each in listed]
