"""The read tables' side of one transaction: what is to be shown is collected, and written once."""

import sqlite3
from typing import Any

from chatops.domain.broadcast import Delivery
from chatops.domain.ids import IncidentNumber
from chatops.domain.incident import Incident
from chatops.domain.update import DraftState
from chatops.store.prepared import fields_of, names_of, prepare_upsert
from chatops.store.tables import deliveries, incidents, page_posts
from chatops.usecases.ports import PagePost

MOST_KEPT = 100
"""A rebuild saves every incident there is in one transaction: it writes in between."""
_PLAIN = [name for name in names_of(incidents) if name not in ("has_open_draft", "people")]


class Views:
    """Of each row the last state, and only what differs from what stands in the tables."""

    def __init__(self) -> None:
        self._incidents: dict[IncidentNumber, Incident] = {}
        self._deliveries: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._page_posts: dict[tuple[int, int], PagePost] = {}

    @property
    def is_large(self) -> bool:
        return len(self._incidents) >= MOST_KEPT

    def keep_incident(self, incident: Incident, before: Incident | None) -> None:
        """`before`: what the tables show already; None: nothing is known of that."""
        self._incidents[incident.number] = incident
        if before is not None and incident.updates is before.updates:
            return
        known = set(_list_deliveries(before)) if before else set()
        for each in _list_deliveries(incident):
            if each not in known:
                update, delivery = each
                key = (incident.number, update, delivery.outlet, delivery.part)
                self._deliveries[key] = {"incident": incident.number, "update": update, **fields_of(delivery)}

    def keep_page_post(self, post: PagePost) -> None:
        self._page_posts[post.incident, post.update] = post

    def write(self, connection: sqlite3.Connection) -> None:
        prepare_upsert(incidents).run_many(connection, [_row_from(each) for each in self._incidents.values()])
        prepare_upsert(deliveries).run_many(connection, list(self._deliveries.values()))
        prepare_upsert(page_posts).save_all(connection, list(self._page_posts.values()))
        for kept in (self._incidents, self._deliveries, self._page_posts):
            kept.clear()


def _list_deliveries(incident: Incident) -> list[tuple[int, Delivery]]:
    return [(update.number, delivery) for update in incident.updates for delivery in update.deliveries]


def _row_from(incident: Incident) -> dict[str, Any]:
    return {
        **{name: getattr(incident, name) for name in _PLAIN},
        "has_open_draft": incident.draft is not None and incident.draft.state is DraftState.OPEN,
        "people": sorted(incident.people),
    }
