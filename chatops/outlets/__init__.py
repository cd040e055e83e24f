"""The places we publish to: one file each, found by this folder and by the entry points "chatops.outlets".

Each file declares the same names, those of `OutletModule`; open one and you know all. A kind is imported only
when it is asked for, so an outlet nobody configured costs nothing.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import Annotated, Any, Literal, Protocol, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chatops.domain.errors import BadSettings
from chatops.domain.ids import OutletKey
from chatops.domain.records import Impact
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import listening
from chatops.outlets.http import Http
from chatops.usecases.mention_ports import Hook, Listener
from chatops.usecases.ports import Outlet

GROUP = "chatops.outlets"
"""The entry point group by which other packages bring outlets."""


def _check_base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_fine = False
    if not is_fine or "@" in parts.netloc or parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise ValueError("must be an address like https://api.network.example, and nothing more")
    return url.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_check_base_url)]
"""Where a network's API stands; kept without a slash at its end."""


@dataclass(frozen=True, slots=True)
class Named:
    """Of an `_env` field: what the variable of a named outlet is called, where that is not the suffix `_NAME`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Inherited:
    """Of a field: the variable of chatops itself that is its default, such as SLACK_API_URL."""

    name: str


class OutletSettings(BaseModel):
    """What every outlet's table may hold.

    `impacts`: it is chosen by default for incidents of these. `listen_every_seconds`: how often customers are heard
    there, where the network's own limits allow more or less than we take for granted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    impacts: tuple[Literal["none", "minor", "major", "critical"], ...] = ("none", "minor", "major", "critical")
    listen_every_seconds: int | None = Field(None, ge=1, le=3600)


class ShortSettings(OutletSettings):
    """Also for outlets of short posts: which posts carry the link to our page, and whether long ones become threads."""

    link: Literal["always", "first", "never"] = "always"
    split: bool = False


class OutletModule(Protocol):
    """What an outlet's file declares.

    `Settings` is the model of its table in chatops.toml, an `OutletSettings`. A secret is a `SecretStr` field with a
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
        spec = self.module.build_spec(self.settings, key=self.key, label=self.label)
        if not isinstance(self.settings, OutletSettings):  # another package's may hold less
            return spec
        every_seconds = self.settings.listen_every_seconds or spec.listen_every_seconds
        return replace(spec, impacts=frozenset(map(Impact, self.settings.impacts)), listen_every_seconds=every_seconds)

    def build(self, http: Http) -> Outlet | None:
        return self.module.build(self.settings, key=self.key, label=self.label, http=http)

    def build_listener(self, http: Http) -> Listener | None:
        """None where customers' posts cannot be read; else from the file of the same name in `listening`."""
        if not self.build_spec().abilities.mentions:
            return None
        side = importlib.import_module(f"{listening.__name__}.{self.module.NAME}")
        built: Listener = side.build_listener(self.settings, key=self.key, label=self.label, http=http)
        return built

    def build_hooks(self) -> tuple[Hook, ...]:
        """None where the network brings nothing by itself; else from the file `…_hook` beside the listener's."""
        name = f"{self.module.NAME}_hook"
        if name not in {info.name for info in pkgutil.iter_modules(listening.__path__)}:
            return ()
        side = importlib.import_module(f"{listening.__name__}.{name}")
        built: tuple[Hook, ...] = side.build_hooks(self.settings, key=self.key)
        return built


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
    """The environment variable of each secret: as the table says, else the kind's own with the name as suffix.

    Where the name stands elsewhere, or nowhere, the `_env` field says so: `Named("APPRISE_{name}_URL")`.
    """
    fields = {key: info for key, info in module.Settings.model_fields.items() if key.endswith("_env")}
    return {
        key.removesuffix("_env"): table.get(key, _name_variable(info.default, info.metadata, name))
        for key, info in fields.items()
    }


def list_inherited(module: OutletModule, environ: Mapping[str, str]) -> dict[str, str]:
    """Settings that are no secrets and yet may stand in the environment, for every part of chatops alike."""
    marks = [(key, each) for key, info in module.Settings.model_fields.items() for each in info.metadata]
    named = {key: each.name for key, each in marks if isinstance(each, Inherited)}
    return {key: environ[name] for key, name in named.items() if name in environ}


def _name_variable(default: str, metadata: list[Any], name: str | None) -> str:
    if name is None:
        return default
    pattern = next((each.pattern for each in metadata if isinstance(each, Named)), f"{default}_{{name}}")
    return pattern.format(name=re.sub(r"[^A-Z0-9]", "_", name.upper()))


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
