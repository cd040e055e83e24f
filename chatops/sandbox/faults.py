"""Fault switches: how Slack is made to fail, for some methods, for some times."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from chatops.sandbox.wire import Json, Refused

SWITCHES: Final[dict[str, str]] = {
    "429": "Slack answers “too many requests” with a Retry-After",
    "500": "Slack answers with an internal error, and nothing happens",
    "slow": "Slack answers late",
    "drop": "what was asked for happens, but the connection closes without an answer",
    "down": "Slack cannot be reached",
    "twice": "every command, click, submission and event reaches the app twice",
}


@dataclass(slots=True)
class Fault:
    method: str = "*"
    remaining: int | None = None
    retry_after_seconds: int = 1
    seconds: float = 2.0

    def wire(self) -> Json:
        return {
            "on": True,
            "method": self.method,
            "remaining": self.remaining,
            "retry_after": self.retry_after_seconds,
            "seconds": self.seconds,
        }


class Faults:
    def __init__(self) -> None:
        self._on: dict[str, Fault] = {}

    def switch_on(self, name: str, fault: Fault) -> None:
        self._require_known(name)
        self._on[name] = fault

    def switch_off(self, name: str) -> None:
        self._require_known(name)
        self._on.pop(name, None)

    def clear(self) -> None:
        self._on.clear()

    def is_on(self, name: str) -> bool:
        return name in self._on

    def take(self, name: str, method: str = "") -> Fault | None:
        """The fault, if it strikes this call; a counted one is used up by that."""
        fault = self._on.get(name)
        if fault is None or not fnmatchcase(method, fault.method):
            return None
        if fault.remaining is not None:
            fault.remaining -= 1
            if fault.remaining <= 0:
                del self._on[name]
        return fault

    def wire(self) -> Json:
        """Every switch by name, those that are off too."""
        off: Json = {"on": False, "method": "*", "remaining": None}
        return {
            name: {"description": description, **(self._on[name].wire() if name in self._on else off)}
            for name, description in SWITCHES.items()
        }

    def _require_known(self, name: str) -> None:
        if name not in SWITCHES:
            raise Refused(f"There is no fault “{name}”; there are: {', '.join(SWITCHES)}.")
