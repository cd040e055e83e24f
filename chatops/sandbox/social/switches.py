"""Fault switches of one network: how it is made to fail, for some calls, for some times."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from chatops.sandbox.wire import Json, Refused

SWITCHES: Final[dict[str, str]] = {
    "429": "the network says “too many requests”, in its own way",
    "500": "the network answers with an internal error, and nothing happens",
    "timeout": "the network takes the request and never answers; nothing happens",
    "drop": "what was asked for happens, but the connection closes without an answer",
    "late": "what was asked for happens, but no answer ever comes",
    "down": "the network cannot be reached",
    "revoked": "our token is no longer good",
}
AFTER_THE_EFFECT: Final = ("drop", "late")


@dataclass(slots=True)
class Switch:
    """`call` is a pattern over "METHOD /path", such as "POST *"; `remaining` None: until it is switched off."""

    call: str = "*"
    remaining: int | None = None
    retry_after_seconds: int = 1

    def wire(self) -> Json:
        return {
            "on": True,
            "method": self.call,
            "remaining": self.remaining,
            "retry_after": self.retry_after_seconds,
        }


class Switches:
    def __init__(self) -> None:
        self._on: dict[str, Switch] = {}

    def switch_on(self, name: str, switch: Switch | None = None, *, times: int | None = None) -> None:
        require_known(name)
        self._on[name] = switch or Switch(remaining=times)

    def switch_off(self, name: str) -> None:
        require_known(name)
        self._on.pop(name, None)

    def clear(self) -> None:
        self._on.clear()

    def take(self, name: str, call: str, *, has_effect: bool) -> Switch | None:
        """The switch, if it strikes this call; without a pattern, `drop` and `late` strike only what has an effect."""
        switch = self._on.get(name)
        if switch is None or not fnmatchcase(call, switch.call):
            return None
        if name in AFTER_THE_EFFECT and switch.call == "*" and not has_effect:
            return None
        if switch.remaining is not None:
            switch.remaining -= 1
            if switch.remaining <= 0:
                del self._on[name]
        return switch

    def wire(self) -> Json:
        """Every switch by name, those that are off too."""
        off: Json = {"on": False, "method": "*", "remaining": None}
        return {
            name: {"description": description, **(self._on[name].wire() if name in self._on else off)}
            for name, description in SWITCHES.items()
        }


def require_known(name: str) -> None:
    if name not in SWITCHES:
        raise Refused(f"There is no fault “{name}” on a social network; there are: {', '.join(SWITCHES)}.")
