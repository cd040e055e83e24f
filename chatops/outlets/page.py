"""The public page as an outlet: its delivery is recorded sent in the approving transaction, so it has no send."""

from collections.abc import Callable

from chatops.domain.ids import OutletKey
from chatops.domain.wording import Abilities, OutletSpec, TextLimits
from chatops.outlets import OutletSettings
from chatops.outlets.http import Http
from chatops.usecases.ports import Outlet

NAME = "page"
LABEL = "Public page"
LIMITS = TextLimits(max_chars=50_000)
ABILITIES = Abilities(edit=True, retract=True, settled_by="own_key")
COST: Callable[[str], str] | None = None


class Settings(OutletSettings):
    """`[outlets.page]` holds nothing of its own: what the page shows is set in `[page]`."""


def build_spec(settings: Settings, *, key: OutletKey, label: str) -> OutletSpec:
    return OutletSpec(key=key, label=label, account="page", limits=LIMITS, abilities=ABILITIES, form="page", cost=COST)


def build(settings: Settings, *, key: OutletKey, label: str, http: Http) -> Outlet | None:
    """Nothing to call: whoever reads the page reads our own database."""
    return None
