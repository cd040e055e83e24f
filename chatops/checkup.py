"""`chatops check`: settings, database, Slack token and scopes, each outlet's credentials, a line each."""

import json
from pathlib import Path
from typing import Protocol

import aiohttp

from chatops.bootstrap import SLACK_TIMEOUT, build_outlets, build_slack_client
from chatops.domain.errors import ChatopsError, DeliveryError
from chatops.outlets.http import Http
from chatops.settings import Settings
from chatops.slack.calls import call_with_headers
from chatops.store.engine import find_database_file
from chatops.store.lasting import find_disk_warning
from chatops.store.schema import SchemaState, schema_state


class Report(Protocol):
    def __call__(self, name: str, text: str, *, ok: bool) -> None: ...


async def run_checks(settings: Settings, report: Report) -> bool:
    """True where everything is fine. Nothing is posted, and no secret is printed."""
    where = f"read {settings.config_path}" if settings.config_path else "environment only, no chatops.toml"
    report("Settings", where, ok=True)
    results = [_check_database(settings, report)]
    async with aiohttp.ClientSession(timeout=SLACK_TIMEOUT) as session:
        results.append(await _check_slack(settings, session, report))
    results.append(await _check_outlets(settings, report))
    return all(results)


def _check_database(settings: Settings, report: Report) -> bool:
    try:
        state = schema_state(settings.database_url)
    except ChatopsError as error:
        report("Database", str(error), ok=False)
        return False
    words = {
        SchemaState.CURRENT: "schema is current",
        SchemaState.EMPTY: "not there yet; `chatops run` or `chatops migrate` creates it",
        SchemaState.OLDER: "made by an older chatops: run `chatops migrate`",
        SchemaState.NEWER: "made by a newer chatops: install that version again",
    }
    ok = state in (SchemaState.CURRENT, SchemaState.EMPTY)
    warning = find_disk_warning(find_database_file(settings.database_url))
    report("Database", f"{words[state]}{f'. {warning}' if warning else ''}", ok=ok)
    return ok


async def _check_slack(settings: Settings, session: aiohttp.ClientSession, report: Report) -> bool:
    try:
        slack = settings.require_slack()
        data, headers = await call_with_headers(build_slack_client(settings, session).auth_test())
    except DeliveryError as error:
        report("Slack", f"auth.test failed: {error}", ok=False)
        return False
    except ChatopsError as error:
        report("Slack", str(error), ok=False)
        return False
    mode = "Socket Mode" if slack.app_token else "HTTP"
    report("Slack", f"connected to {data.get('team')} as {data.get('user')}, by {mode}", ok=True)
    return _check_scopes(headers.get("x-oauth-scopes"), report)


def _check_scopes(header: str | None, report: Report) -> bool:
    """Slack names the granted scopes in a header of every answer. https://docs.slack.dev/authentication/installing-with-oauth"""
    if header is None:
        report("Slack scopes", "Slack did not say which scopes are granted", ok=True)
        return True
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    missing = sorted(set(list_wanted_scopes()) - granted)
    if missing:
        report("Slack scopes", f"missing {', '.join(missing)}; install the app again with the manifest", ok=False)
        return False
    report("Slack scopes", f"all {len(list_wanted_scopes())} granted", ok=True)
    return True


def list_wanted_scopes() -> list[str]:
    """Those of the manifest that comes with chatops."""
    manifest = json.loads(find_manifest("http").read_text())
    return list(manifest["oauth_config"]["scopes"]["bot"])


def find_manifest(mode: str) -> Path:
    """`http` or `socket-mode`: beside the package in a checkout, inside it when installed."""
    inside = Path(__file__).parent / "manifests" / f"{mode}.json"
    return inside if inside.exists() else Path(__file__).parent.parent / "manifests" / f"{mode}.json"


async def _check_outlets(settings: Settings, report: Report) -> bool:
    fine = True
    async with Http() as http:
        for key, outlet in build_outlets(settings.outlets, http).items():
            try:
                report(f"Outlet {key}", await outlet.check(), ok=True)
            except DeliveryError as error:
                report(f"Outlet {key}", str(error), ok=False)
                fine = False
    return fine
