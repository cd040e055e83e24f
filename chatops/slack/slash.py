"""`/incident …`: find the subcommand among the files of `commands`, run it, or name the nearest one."""

import difflib
import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chatops.slack import commands
from chatops.slack.answers import Answer, Say
from chatops.slack.call import Call
from chatops.slack.mrkdwn import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcommand:
    """One word after `/incident`: its file declares NAME, USAGE, HELP, ORDER and `run(call, words)`."""

    name: str
    usage: str
    help: str
    order: int
    run: Callable[[Call, str], Awaitable[Answer]]


def find_subcommands() -> dict[str, Subcommand]:
    """Every file of the folder, in the order of the help."""
    modules = [
        importlib.import_module(f"{commands.__name__}.{info.name}") for info in pkgutil.iter_modules(commands.__path__)
    ]
    found = [
        Subcommand(name=each.NAME, usage=each.USAGE, help=each.HELP, order=each.ORDER, run=each.run)
        for each in modules
        if hasattr(each, "NAME")
    ]
    return {each.name: each for each in sorted(found, key=lambda each: each.order)}


SUBCOMMANDS = find_subcommands()
TAKING_INCIDENT = frozenset(name for name, each in SUBCOMMANDS.items() if "INC-n" in each.usage)
"""Subcommands that may be followed by INC-n."""


async def run(call: Call) -> Answer:
    """Run what was typed after `/incident`; an unknown word answers with the nearest one."""
    word, _, rest = call.words.strip().partition(" ")
    name = word.lower()
    if name in ("", "help"):
        return Say(text=build_help())
    subcommand = SUBCOMMANDS.get(name)
    if subcommand is None:
        return Say(text=_suggest(name, rest))
    return await subcommand.run(call, rest.strip())


def build_help() -> str:
    lines = [f"• `/incident {each.usage}`  {each.help}" for each in SUBCOMMANDS.values()]
    return "\n".join(
        [
            "*Incident communications*: draft together, approve the exact words, tell everybody.",
            *lines,
            "Leave INC-n out when only one incident is open. In a thread, write `@chatops …` instead of `/incident …`.",
        ]
    )


def _suggest(name: str, rest: str) -> str:
    near = difflib.get_close_matches(name, SUBCOMMANDS, n=1, cutoff=0.5)
    typed = escape(f"/incident {name} {rest}".strip())[:1000]
    if not near:
        return f"⚠️ I do not know `{escape(name[:40])}`. `/incident help` shows what I know. You typed: {typed}"
    return f"⚠️ I do not know `{escape(name[:40])}`. Did you mean `/incident {near[0]} {escape(rest[:200])}`?"
