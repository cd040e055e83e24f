"""The last folds of the incidents that were written to: a long log is not read again for each of its moves."""

from collections import OrderedDict

from chatops.domain.ids import IncidentNumber
from chatops.domain.incident import Incident
from chatops.domain.records import Record

MOST_KEPT = 200


class Folds:
    """Of the one writer. A fold holds while its last record is the head of the log: no two records share a hash, so
    one that was rolled back is never found. What somebody else writes, `forget_all` must be told of."""

    def __init__(self) -> None:
        self._kept: OrderedDict[IncidentNumber, Incident] = OrderedDict()

    def find(self, number: IncidentNumber, head: Record | None) -> Incident | None:
        """`head` as it is in this very transaction."""
        incident = self._kept.get(number)
        return incident if incident and head and incident.head_hash == head.hash else None

    def keep(self, incident: Incident) -> None:
        self._kept[incident.number] = incident
        self._kept.move_to_end(incident.number)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def forget_all(self) -> None:
        self._kept.clear()
