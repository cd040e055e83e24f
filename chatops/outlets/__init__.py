"""The places we publish to: one file each, found by this folder and by the entry points "chatops.outlets".

Each file declares the same names, those of `OutletModule`; open one and you know all. A kind is imported only
when it is asked for, so an outlet nobody configured costs nothing.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any, Protocol, cast

from pydantic import BaseModel

from chatops.domain.errors import BadSettings
from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets.http import Http
from chatops.usecases.ports import Outlet

GROUP = "chatops.outlets"
"""The entry point group by which other packages bring outlets."""


class OutletModule(Protocol):
    """What an outlet's file declares.

    `Settings` is a frozen pydantic model of its table in chatops.toml. A secret is a `SecretStr` field with a
    sibling `<field>_env`, whose default is the name of its environment variable.
    """

    NAME: str
    LABEL: str
    LIMITS: TextLimits
    ABILITIES: Abilities
    COST: Callable[[str], str] | None
    Settings: type[BaseModel]

    def build_spec(self, settings: Any, *, key: OutletKey, label: str) -> OutletSpec: ...
    def build(self, settings: Any, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
        """None only for the page, whose delivery is the approving transaction itself; who uses no HTTP leaves it."""


DECLARED = ("NAME", "LABEL", "LIMITS", "ABILITIES", "COST", "Settings", "build_spec", "build")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """One outlet as the settings name it: `[outlets.KIND]` or `[outlets.KIND.NAME]`."""

    module: OutletModule = field(repr=False)
    name: str | None
    settings: BaseModel

    @property
    def key(self) -> OutletKey:
        return OutletKey(f"{self.module.NAME}.{self.name}" if self.name else self.module.NAME)

    @property
    def label(self) -> str:
        return f"{self.module.LABEL} ({self.name})" if self.name else self.module.LABEL

    def build_spec(self) -> OutletSpec:
        return self.module.build_spec(self.settings, key=self.key, label=self.label)

    def build(self, http: Http) -> Outlet | None:
        return self.module.build(self.settings, key=self.key, label=self.label, http=http)


def find_outlets() -> Mapping[str, OutletModule]:
    """Every outlet there is, by kind; imports them all."""
    found = (find_outlet(kind) for kind in (*_list_files(), *_map_entries()))
    return {module.NAME: module for module in found if module}


def find_outlet(kind: str) -> OutletModule | None:
    """The outlet of that kind; our own file wins over another package's of the same name."""
    module: object = None
    if kind in _list_files():
        module = importlib.import_module(f"{__name__}.{kind}")
    elif entry := _map_entries().get(kind):
        module = _load(entry)
    declares_all = all(hasattr(module, name) for name in DECLARED)
    return cast(OutletModule, module) if declares_all else None


def list_variables(module: OutletModule, name: str | None, table: Mapping[str, Any]) -> dict[str, str]:
    """The environment variable of each secret: as the table says, else the kind's own with the name as suffix."""
    suffix = "_" + re.sub(r"[^A-Z0-9]", "_", name.upper()) if name else ""
    defaults = {key: info.default for key, info in module.Settings.model_fields.items() if key.endswith("_env")}
    return {key.removesuffix("_env"): table.get(key, f"{default}{suffix}") for key, default in defaults.items()}


def _list_files() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def _map_entries() -> dict[str, metadata.EntryPoint]:
    return {entry.name: entry for entry in metadata.entry_points(group=GROUP)}


def _load(entry: metadata.EntryPoint) -> object:
    try:
        return entry.load()
    except Exception as error:  # another package's code may fail in any way; the start must say which one
        raise BadSettings(
            f"The outlet “{entry.name}” of another package cannot be loaded ({type(error).__name__}). "
            "Reinstall that package, or remove the outlet from the settings."
        ) from error
