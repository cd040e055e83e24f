"""The sandbox's parts, in one value that its handlers are given."""

from dataclasses import dataclass

from chatops.sandbox.applink import AppLink
from chatops.sandbox.faults import Faults
from chatops.sandbox.limiter import Limiter
from chatops.sandbox.manifest import Manifest
from chatops.sandbox.payloads import Payloads
from chatops.sandbox.response_urls import ResponseUrls
from chatops.sandbox.social.world import Social
from chatops.sandbox.socket_mode import SocketMode
from chatops.sandbox.triggers import Triggers
from chatops.sandbox.violations import Violations
from chatops.sandbox.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    bot_token: str
    app_token: str
    manifest: Manifest
    workspace: Workspace
    faults: Faults
    violations: Violations
    limiter: Limiter
    triggers: Triggers
    response_urls: ResponseUrls
    socket_mode: SocketMode
    link: AppLink
    payloads: Payloads
    social: Social
