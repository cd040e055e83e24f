"""What the writer need not look up again: the last folds, and who asked for something lately."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from chatops.domain.ids import IncidentNumber
from chatops.domain.incident import Incident
from chatops.domain.policy import Member
from chatops.domain.records import Record

MOST_FOLDS = 200
MOST_MEMBERS = 1_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Latest(Generic[K, V]):
    """The last values kept, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[K, V] = OrderedDict()

    def find(self, key: K) -> V | None:
        return self._kept.get(key)

    def keep(self, key: K, value: V) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def forget(self, key: K) -> None:
        self._kept.pop(key, None)

    def forget_all(self) -> None:
        self._kept.clear()


class Known:
    """Of the one writer. What somebody else writes, and what is undone, `forget_all` must be told of."""

    def __init__(self) -> None:
        self._folds: Latest[IncidentNumber, Incident] = Latest(MOST_FOLDS)
        self.members: Latest[tuple[str, str], Member] = Latest(MOST_MEMBERS)
        """By workspace and Slack id."""

    def find_fold(self, number: IncidentNumber, head: Record | None) -> Incident | None:
        """It holds while its last record is the head of the log in this very transaction: no two share a hash."""
        incident = self._folds.find(number)
        return incident if incident and head and incident.head_hash == head.hash else None

    def keep_fold(self, incident: Incident) -> None:
        self._folds.keep(incident.number, incident)

    def forget_all(self) -> None:
        self._folds.forget_all()
        self.members.forget_all()
