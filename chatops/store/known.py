"""What the writer need not look up again: the last folds, and who asked for something lately."""

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

from chatops.domain.ids import Stream
from chatops.domain.incident import Incident
from chatops.domain.policy import Member

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

    def list_all(self) -> list[tuple[K, V]]:
        return list(self._kept.items())

    def forget(self, key: K) -> None:
        self._kept.pop(key, None)

    def forget_all(self) -> None:
        self._kept.clear()


class Known:
    """Of the one writer. What somebody else writes, and what is undone, `forget_all` must be told of."""

    def __init__(self) -> None:
        self.folds: Latest[Stream, Incident] = Latest(MOST_FOLDS)
        self.members: Latest[tuple[str, str], Member] = Latest(MOST_MEMBERS)
        """By workspace and Slack id."""

    def learn(self, folds: Latest[Stream, Incident], *, grown: Iterable[Stream]) -> None:
        """From a body that has succeeded: folds, and the streams with new records."""
        for stream in grown:
            self.folds.forget(stream)
        for stream, incident in folds.list_all():
            self.folds.keep(stream, incident)

    def forget_all(self) -> None:
        self.folds.forget_all()
        self.members.forget_all()
