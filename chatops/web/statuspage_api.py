"""The page as JSON in the shape of a Statuspage, so that its readers work with ours."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup

from chatops.domain.incident import COMPONENT_STATES
from chatops.domain.records import Impact, Status
from chatops.usecases.page_reading import EPOCH, ComponentState, NowSnapshot, PublicIncident, PublicUpdate
from chatops.usecases.ports import Desk
from chatops.web.page import word_change
from chatops.web.words import render_content

Json = dict[str, object]
ID_CHARS = 12
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def render_api(name: str, now: NowSnapshot, latest: Sequence[PublicIncident], desk: Desk) -> str:
    """The body of `/api/v2/NAME.json`."""
    shape = Shape(now, latest, desk)
    unresolved = [shape.incident(each) for each in now.unresolved]
    components = [shape.component(each) for each in now.components]
    bodies: dict[str, Json] = {
        "summary": {
            "components": components,
            "incidents": unresolved,
            "scheduled_maintenances": [],
            "status": shape.status(),
        },
        "status": {"status": shape.status()},
        "components": {"components": components},
        "incidents": {"incidents": [shape.incident(each) for each in latest]},
        "incidents/unresolved": {"incidents": unresolved},
    }
    body = bodies.get(name, {"scheduled_maintenances": []})
    return json.dumps({"page": shape.page(), **body}, ensure_ascii=False)


def make_id(*parts: object) -> str:
    """Twelve characters in base 36: the same for the same thing, for ever."""
    number = int.from_bytes(hashlib.sha256("\0".join(map(str, parts)).encode(errors="replace")).digest())
    digits = []
    for _ in range(ID_CHARS):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(digits)


def word_time(at: datetime) -> str:
    """`2024-09-16T21:31:02.719Z`."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def find_time(incident: PublicIncident, status: Status) -> str | None:
    """When the incident last came to that status, as far as the public knows."""
    return next((word_time(each.at) for each in incident.updates if each.status is status), None)


class Shape:
    """Statuspage's objects out of ours; what we have nothing to say about is null."""

    def __init__(self, now: NowSnapshot, latest: Sequence[PublicIncident], desk: Desk) -> None:
        self._now = now
        self._latest = latest
        self._desk = desk
        self._page_id = make_id("page", desk.team)
        self._states = {each.name: each.state for each in now.components}

    def page(self) -> Json:
        newest = max((each.updated_at for each in self._latest), default=EPOCH)
        return {
            "id": self._page_id,
            "name": self._desk.team,
            "url": self._desk.public_url or "",
            "time_zone": "Etc/UTC",
            "updated_at": word_time(newest),
        }

    def status(self) -> Json:
        return {"indicator": self._now.overall.indicator.value, "description": self._now.overall.words}

    def component(self, component: ComponentState) -> Json:
        mentioned = [each for each in self._latest if component.name in each.components]
        names = [each.name for each in self._now.components]
        return {
            "id": self._component_id(component.name),
            "name": component.name,
            "status": component.state,
            "created_at": word_time(min((each.started_at for each in mentioned), default=EPOCH)),
            "updated_at": word_time(max((each.updated_at for each in mentioned), default=EPOCH)),
            "position": names.index(component.name) + 1 if component.name in names else len(names) + 1,
            "description": None,
            "showcase": False,
            "start_date": None,
            "group_id": None,
            "page_id": self._page_id,
            "group": False,
            "only_show_if_degraded": False,
        }

    def incident(self, incident: PublicIncident) -> Json:
        incident_id = make_id(self._page_id, incident.number)
        return {
            "id": incident_id,
            "name": incident.title,
            "status": incident.status.value,
            "created_at": word_time(incident.started_at),
            "updated_at": word_time(incident.updated_at),
            "monitoring_at": find_time(incident, Status.MONITORING),
            "resolved_at": word_time(incident.resolved_at) if incident.resolved_at else None,
            "impact": incident.impact.value,
            "shortlink": self._desk.page_url(incident.number) or "",
            "started_at": word_time(incident.started_at),
            "page_id": self._page_id,
            "incident_updates": self._updates(incident, incident_id),
            "components": [self.component(self._state_of(name)) for name in incident.components],
            "reminder_intervals": None,
        }

    def _state_of(self, name: str) -> ComponentState:
        return ComponentState(name=name, state=self._states.get(name, COMPONENT_STATES[Impact.NONE]))

    def _updates(self, incident: PublicIncident, incident_id: str) -> list[Json]:
        """Newest first, each beside the one before it."""
        earlier: tuple[PublicUpdate | None, ...] = (*incident.updates[1:], None)
        return [self._update(each, before, incident_id) for each, before in zip(incident.updates, earlier, strict=True)]

    def _update(self, update: PublicUpdate, before: PublicUpdate | None, incident_id: str) -> Json:
        at = word_time(update.at)
        mark = word_change(update)
        text = f"{update.text}\n\n{mark}" if mark else update.text
        return {
            "id": make_id(incident_id, update.number),
            "status": update.status.value,
            "body": render_content(text).replace("\n", Markup("<br />")),
            "incident_id": incident_id,
            "created_at": at,
            "updated_at": word_time(update.changed_at),
            "display_at": at,
            "affected_components": self._affected(update, before) or None,
            "deliver_notifications": True,
            "custom_tweet": None,
            "tweet_id": None,
        }

    def _affected(self, update: PublicUpdate, before: PublicUpdate | None) -> list[Json]:
        return [
            {
                "code": self._component_id(name),
                "name": name,
                "old_status": _state_in(before, name),
                "new_status": _state_in(update, name),
            }
            for name in dict.fromkeys((*update.components, *(before.components if before else ())))
        ]

    def _component_id(self, name: str) -> str:
        return make_id(self._page_id, "component", name)


def _state_in(update: PublicUpdate | None, name: str) -> str:
    if update is None or update.status is Status.RESOLVED or name not in update.components:
        return COMPONENT_STATES[Impact.NONE]
    return COMPONENT_STATES[update.impact]
