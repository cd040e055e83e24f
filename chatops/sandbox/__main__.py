"""`python -m chatops.sandbox`: run the sandbox by itself."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from chatops.sandbox.server import SandboxSettings, start_sandbox
from chatops.sandbox.wire import Json


def parse_arguments(arguments: list[str]) -> SandboxSettings:
    parser = argparse.ArgumentParser(prog="python -m chatops.sandbox", description="A local stand-in for Slack.")
    parser.add_argument("--manifest", type=Path, required=True, help="the app's manifest (JSON)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--smtp-port", type=int, default=8125)
    parser.add_argument("--imap-port", type=int, default=8143)
    parser.add_argument("--request-url", help="where the app takes signed requests; omit for Socket Mode")
    parser.add_argument("--bot-token", default=SandboxSettings.bot_token)
    parser.add_argument("--app-token", default=SandboxSettings.app_token)
    parser.add_argument("--signing-secret", default=SandboxSettings.signing_secret)
    parser.add_argument("--strict-rate-limits", action="store_true", help="Slack's limits without generous bursts")
    parser.add_argument("--time-scale", type=float, default=1.0, help="0.01 makes retries a hundred times faster")
    parser.add_argument("--link", action="append", default=[], metavar="LABEL=URL", help="a link the page shows")
    given = parser.parse_args(arguments)
    return SandboxSettings(
        manifest=given.manifest,
        host=given.host,
        port=given.port,
        smtp_port=given.smtp_port,
        imap_port=given.imap_port,
        app_request_url=given.request_url,
        bot_token=given.bot_token,
        app_token=given.app_token,
        signing_secret=given.signing_secret,
        strict_rate_limits=given.strict_rate_limits,
        time_scale=given.time_scale,
        links=[_parse_link(link) for link in given.link],
    )


def _parse_link(given: str) -> Json:
    label, _, url = given.partition("=")
    return {"label": label, "url": url}


async def run(settings: SandboxSettings) -> None:
    running = await start_sandbox(settings)
    sys.stdout.write(
        f"Slack stand-in   {running.base_url}\n"
        f"Slack API        {running.api_url}\n"
        f"Mailbox          {running.base_url}/mailbox (SMTP on port {running.smtp_port}, IMAP on {running.imap_port})\n"
    )
    sys.stdout.flush()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await running.stop()


if __name__ == "__main__":
    asyncio.run(run(parse_arguments(sys.argv[1:])))
