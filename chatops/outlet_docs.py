"""docs/outlets.md, made from the outlets' own declarations: `make docs`, or python -m chatops.outlet_docs FILE."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from chatops.domain.wording import Abilities
from chatops.outlets import Inherited, OutletModule, OutletSettings, find_outlets, list_variables

SETTLED = {
    "own_key": "sent again under the same key, which the receiver knows",
    "read_back": "looked up there, then sent if it is not there",
    "person": "a person looks and says `It arrived` or `Send again`",
}
WORDS = {
    "base_url": "the network's address, or a stand-in's",
    "link": 'which posts carry the link to our page: `"always"`, `"first"` (of an incident), `"never"`',
    "split": "`true`: what is too long becomes numbered parts in a thread; else it is cut, with a link to read on",
    "allow_private": "`true`: also addresses that are private or this machine's own",
    "language": "of the words, like `en`",
}
"""Of keys that several outlets have."""
HEAD = """# Outlets

Made from the code by `make docs`; a test holds it against the code. Change the outlet's file, not this page.

An outlet is a table in `chatops.toml`: `[outlets.KIND]`, or `[outlets.KIND.NAME]` for several of one kind. Secrets come
from the environment only; a key `…_env` chooses another variable. `chatops check` proves each outlet's credentials
without posting.

Every outlet takes `impacts = ["none", "minor", "major", "critical"]`: it is chosen by default for incidents of these.
`listen_every_seconds` says how often customers' posts are read there, if not as often as the network's limits suggest.
An address (`base_url`) may be a stand-in or a private one: whoever writes the settings is trusted, and redirects are
not followed. Addresses of webhooks are guarded, see `allow_private`.

**An uncertain send** is one whose answer was lost: the post may stand there. No post is ever sent twice blindly; how
each network settles it stands in the last but one column. Editing and removing may be repeated everywhere.

"""

CUSTOMERS = """**Customers** are heard and answered on these while an incident is open and a day after
([operating.md](operating.md#customers-who-write)):

"""


def build_page() -> str:
    """The whole page, of our own outlets only, whatever other packages are installed."""
    ours = [module for _, module in sorted(find_outlets().items()) if _name_module(module).startswith("chatops.")]
    head = ("outlet", "at most", "edit", "retract", "thread", "an uncertain send is", "price of a post")
    rows = [row for module in ours for row in _list_rows(module)]
    heard = ("outlet", "an answer begins with the author's name", "an uncertain answer is")
    answers = [row for module in ours for row in _list_answers(module)]
    tables = f"{_build_table(head, rows)}\n{CUSTOMERS}{_build_table(heard, answers)}"
    return f"{HEAD}{tables}\n" + "\n".join(map(_build_section, ours))


def _list_answers(module: OutletModule) -> Iterator[tuple[str, ...]]:
    """Where customers are heard and answered."""
    for mode, can in _list_modes(module).items():
        if can.mentions:
            yield (_name_mode(module, mode), _say(can.reply_names_author), SETTLED[can.replies_settled_by])


def _list_modes(module: OutletModule) -> Mapping[str, Abilities]:
    modes: Mapping[str, Abilities] = getattr(module, "MODES", {"": module.ABILITIES})
    return modes


def _name_mode(module: OutletModule, mode: str) -> str:
    return f"[{module.LABEL}](#{module.NAME}){f', {mode}' if mode else ''}"


def _list_rows(module: OutletModule) -> Iterator[tuple[str, ...]]:
    """One, or one for each way in which an outlet can be set up: its `MODES`."""
    price = module.COST("words") if module.COST else "–"
    for mode, can in _list_modes(module).items():
        name = _name_mode(module, mode)
        retract = "its words, in place" if can.edit and not can.retract else _say(can.retract)
        abilities = (_say(can.edit), retract, _say(can.thread))
        settled = "part of the approval itself" if module.NAME == "page" else SETTLED[can.settled_by]
        yield (name, f"{module.LIMITS.max_chars:,} {_name_unit(module.LIMITS.count)}", *abilities, settled, price)


def _build_section(module: OutletModule) -> str:
    about = " ".join((getattr(module, "__doc__", "") or "").split())
    parts = [f"## {module.NAME}\n\n{about}\n\n"]
    secrets = _list_secrets(module)
    if secrets:
        parts.append(_build_table(("environment", "of a second one called `NAME`", "what"), secrets) + "\n")
    keys = list(_list_keys(module.Settings))
    if keys:
        parts.append(_build_table(("key", "default", "what"), keys))
    if not secrets and not keys:
        parts.append("Nothing to set.\n")
    return "".join(parts)


def _list_secrets(module: OutletModule) -> list[tuple[str, ...]]:
    named = list_variables(module, "NAME", {})
    fields = module.Settings.model_fields
    return [
        (f"`{variable}`", f"`{named[key]}`", _describe(fields[key]))
        for key, variable in list_variables(module, None, {}).items()
    ]


def _list_keys(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        if name in OutletSettings.model_fields or name.endswith("_env") or f"{name}_env" in model.model_fields:
            continue
        default = "needed" if info.is_required() else _word_default(info)
        yield (f"`{info.alias or name}`", default, _describe(info, WORDS.get(name, "–")))


def _word_default(info: FieldInfo) -> str:
    default = info.get_default(call_default_factory=True)
    inherited = next((each.name for each in info.metadata if isinstance(each, Inherited)), None)
    text = "–" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"
    return f"{inherited}, else {text}" if inherited else text


def _describe(info: FieldInfo, else_: str = "–") -> str:
    """As in messages about a missing one: words, or how it is written."""
    text = info.description
    if not text:
        return else_
    return f"`{text}`" if " = " in text or " " not in text else text


def _name_unit(count: Callable[[str], int]) -> str:
    units = {"len": "characters", "count_utf16": "UTF-16 units", "count_x_weight": "of X's weighted characters"}
    units |= {"count_graphemes": "characters as people see them", "count_card_bytes": "bytes in the card"}
    units |= {"count_escaped": "characters once escaped"}
    return units.get(getattr(count, "__name__", ""), "characters as the network counts")


def _name_module(module: Any) -> str:
    return str(module.__name__)


def _say(is_so: bool) -> str:  # noqa: FBT001 - a word for a value
    return "yes" if is_so else "–"


def _build_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/outlets.md").write_text(build_page(), encoding="utf-8")
