"""Environment + chatops.toml → Settings, built once and passed on; BadSettings names the line that is wrong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from chatops.config_text import ConfigText, list_keys, suggest
from chatops.domain.errors import BadSettings
from chatops.domain.ids import PAGE
from chatops.domain.policy import APPROVALS, CADENCE_MINUTES, MentionPolicy, Permission, Policy
from chatops.domain.records import Impact
from chatops.outlets import Configured, OutletModule, find_outlet, find_outlets, list_inherited, list_variables

DATABASE_URL = "sqlite:///chatops.db"
SLACK_API_URL = "https://slack.com/api/"
SLACK_SECRETS = ("bot_token", "app_token", "signing_secret")


def _check_zone(name: str) -> str:
    try:
        if name != "UTC":  # which is known also where the machine has no time zone data
            ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        hint = suggest(name, available_timezones(), else_="write it like Europe/Berlin")
        raise ValueError(f"names no time zone that is known here; {hint}") from None
    return name


def _check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError("names the same thing twice; leave one of them out")
    return names


Text = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], AfterValidator(_check_names)]
SlackChannel = Annotated[Text, AfterValidator(lambda name: name.removeprefix("#"))]
Count = Annotated[int, Field(ge=1, le=20)]
Minutes = Annotated[int, Field(ge=1, le=7 * 24 * 60)]


class _Table(BaseModel):
    """A table of chatops.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class _SlackTable(_Table):
    incidents_channel: SlackChannel | None = None
    mentions_channel: SlackChannel | None = None
    dedicated_channel: bool = False


class Slack(_SlackTable):
    """How to reach Slack, and where in it to post."""

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    api_url: str = SLACK_API_URL


class Page(_Table):
    """`[page]`: how the team calls itself and what its customers use."""

    name: Text = "Status"
    components: Names = ()
    time_zone: Annotated[str, AfterValidator(_check_zone)] = "UTC"


class _Roles(_Table):
    publish_without_approval: Names = ()
    pause_outlets: Names = ()


class _Approvals(_Table):
    none: Count = APPROVALS[Impact.NONE]
    minor: Count = APPROVALS[Impact.MINOR]
    major: Count = APPROVALS[Impact.MAJOR]
    critical: Count = APPROVALS[Impact.CRITICAL]


class _Approvers(_Table):
    users: Names = ()


class _Cadence(_Table):
    none: Minutes = CADENCE_MINUTES[Impact.NONE]
    minor: Minutes = CADENCE_MINUTES[Impact.MINOR]
    major: Minutes = CADENCE_MINUTES[Impact.MAJOR]
    critical: Minutes = CADENCE_MINUTES[Impact.CRITICAL]


class _Mentions(_Table):
    """`[policy.mentions]`: how customers who write are answered."""

    answerers: Names = ()
    second_pair_impacts: tuple[Literal["none", "minor", "major", "critical"], ...] = ()
    second_pair_words: Names = ()
    listen_after_hours: Annotated[int, Field(ge=0, le=24 * 30)] = 24
    target_minutes: Minutes = 60
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90
    tone: Text = MentionPolicy().tone
    do_not_say: Names = MentionPolicy().do_not_say

    def build(self) -> MentionPolicy:
        return MentionPolicy(
            answerers=self.answerers,
            second_pair_impacts=frozenset(map(Impact, self.second_pair_impacts)),
            second_pair_words=self.second_pair_words,
            listen_after=timedelta(hours=self.listen_after_hours),
            target=timedelta(minutes=self.target_minutes),
            keep=timedelta(days=self.keep_days),
            tone=self.tone,
            do_not_say=self.do_not_say,
        )


class _Policy(_Table):
    author_may_approve: bool = False
    publish: Literal["on_approval", "manual"] = "on_approval"
    roles: _Roles = _Roles()
    approvals: _Approvals = _Approvals()
    approvers: _Approvers = _Approvers()
    cadence: _Cadence = _Cadence()
    mentions: _Mentions = _Mentions()

    def build(self) -> Policy:
        return Policy(
            author_may_approve=self.author_may_approve,
            publish=self.publish,
            roles={role: getattr(self.roles, role) for role in Permission},
            approvals={impact: getattr(self.approvals, impact) for impact in Impact},
            approvers=self.approvers.users,
            cadence={impact: getattr(self.cadence, impact) for impact in Impact},
            mentions=self.mentions.build(),
        )


class _Config(_Table):
    """The whole file; each outlet's table is read by the outlet's own model."""

    slack: _SlackTable = _SlackTable()
    page: Page = Page()
    policy: _Policy = _Policy()
    outlets: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that can be set, checked. `clock_start` and `clock_speed` are for replays in the demo only."""

    database_url: str = field(default=DATABASE_URL, repr=False)
    slack: Slack = field(default_factory=Slack)
    page: Page = field(default_factory=Page)
    policy: Policy = field(default_factory=Policy)
    outlets: tuple[Configured, ...] = ()
    """The page first, then as they stand in the file."""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    frame_ancestors: str = "'none'"
    """Who may show the public page in a frame, as the Content-Security-Policy says it."""
    clock_start: datetime | None = None
    clock_speed: float = 1.0
    config_path: Path | None = None

    def require_slack(self) -> Slack:
        """What `run` needs: a bot token, and one of app token (Socket Mode) and signing secret (HTTP)."""
        slack = self.slack
        if slack.bot_token is None:
            raise BadSettings("SLACK_BOT_TOKEN is not set: copy the bot token (xoxb-…) from the Slack app's page.")
        if slack.bot_token.get_secret_value().startswith("xapp-"):
            raise BadSettings("SLACK_BOT_TOKEN holds an app token (xapp-…): the bot token begins with xoxb-.")
        if slack.app_token is None and slack.signing_secret is None:
            raise BadSettings("Set SLACK_APP_TOKEN (Socket Mode, no public address) or SLACK_SIGNING_SECRET (HTTP).")
        if slack.app_token and slack.app_token.get_secret_value().startswith("xoxb-"):
            raise BadSettings("SLACK_APP_TOKEN holds a bot token (xoxb-…): the app token begins with xapp-.")
        return slack


def read_settings(environ: Mapping[str, str], folder: Path, *, with_outlets: bool = True) -> Settings:
    """Environment and the file in `folder`, or the one that CHATOPS_CONFIG names; raises BadSettings, one line.

    Without outlets, their secrets need not be there: to read the log nobody needs the mail server's password.
    """
    env = {name: value.strip() for name, value in environ.items() if value.strip()}
    config = ConfigText.read(env.get("CHATOPS_CONFIG"), folder)
    parsed = config.validate(_Config, config.table, ())
    return Settings(
        database_url=_read_database_url(env),
        slack=_read_slack(env, parsed.slack),
        page=parsed.page,
        policy=parsed.policy.build(),
        outlets=_read_outlets(config, parsed.outlets, env) if with_outlets else (),
        host=env.get("HOST", "127.0.0.1"),
        port=_read_port(env),
        public_url=_read_url(env, "PUBLIC_URL"),
        frame_ancestors=_read_frame_ancestors(env),
        clock_start=_read_clock_start(env),
        clock_speed=_read_clock_speed(env),
        config_path=config.path,
    )


def _read_slack(env: Mapping[str, str], table: _SlackTable) -> Slack:
    secrets = {
        name: SecretStr(env[f"SLACK_{name.upper()}"]) for name in SLACK_SECRETS if f"SLACK_{name.upper()}" in env
    }
    api_url = _read_url(env, "SLACK_API_URL") or SLACK_API_URL
    return Slack.model_validate(table.model_dump() | secrets | {"api_url": f"{api_url.rstrip('/')}/"})


def _read_database_url(env: Mapping[str, str]) -> str:
    """Never shows the value: it may hold a password."""
    url = env.get("DATABASE_URL", DATABASE_URL)
    if url.startswith(("postgres:", "postgresql:", "postgresql+")):
        raise BadSettings(f"DATABASE_URL: PostgreSQL is not supported in this version yet; use {DATABASE_URL}.")
    if not url.startswith("sqlite:///") or url.removeprefix("sqlite:///") in ("", ":memory:"):
        raise BadSettings(f"DATABASE_URL must name an SQLite file, like {DATABASE_URL}.")
    return url


def _read_url(env: Mapping[str, str], name: str) -> str | None:
    if name not in env:
        return None
    try:
        parts = urlsplit(env[name])
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_fine = False
    if not is_fine or parts.username is not None or parts.query or parts.fragment:
        raise BadSettings(f"{name} must be an address like https://status.acme.example, and nothing more.")
    return env[name].rstrip("/")


def _read_frame_ancestors(env: Mapping[str, str]) -> str:
    """Origins, separated by spaces; a port may be `*`."""
    origins = env.get("PAGE_FRAME_ANCESTORS", "").split()
    wrong = [origin for origin in origins if not re.fullmatch(r"https?://[\w.-]+(:(\d+|\*))?", origin)]
    if wrong:
        raise BadSettings(
            f"PAGE_FRAME_ANCESTORS: {wrong[0]!r} is not an origin; write it like https://www.acme.example."
        )
    return " ".join(origins) or "'none'"


def _read_port(env: Mapping[str, str]) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", port := env.get("PORT", "8000")) or int(port) > 65535:
        raise BadSettings("PORT must be a number from 0 to 65535, like 8000.")
    return int(port)


def _read_clock_start(env: Mapping[str, str]) -> datetime | None:
    if "CHATOPS_CLOCK_START" not in env:
        return None
    try:
        start = datetime.fromisoformat(env["CHATOPS_CLOCK_START"])
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise BadSettings("CHATOPS_CLOCK_START must be a time with its offset, like 2013-10-26T18:00:00Z.")
    return start


def _read_clock_speed(env: Mapping[str, str]) -> float:
    text = env.get("CHATOPS_CLOCK_SPEED", "1")
    speed = float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) else 0.0
    if speed < 1:
        raise BadSettings("CHATOPS_CLOCK_SPEED must be a number from 1 (real time) upwards, like 60.")
    return speed


def _read_outlets(config: ConfigText, tables: Mapping[str, Any], env: Mapping[str, str]) -> tuple[Configured, ...]:
    """The page is always on, and first."""
    found = [each for kind, table in {PAGE: {}, **tables}.items() for each in _read_kind(config, kind, table, env)]
    return tuple(sorted(found, key=lambda each: each.key != PAGE))


def _read_kind(config: ConfigText, kind: str, table: object, env: Mapping[str, str]) -> list[Configured]:
    """`[outlets.KIND]` and every `[outlets.KIND.NAME]`: a sub-table that is no setting of the kind is one more."""
    path = ("outlets", kind)
    module = find_outlet(kind)
    if module is None:
        config.refuse(path, f"unknown outlet “{kind}”; {suggest(kind, find_outlets())}")
    if not isinstance(table, dict):
        config.refuse(path, f"outlets.{kind} must be a table of its own: [outlets.{kind}]")
    own = list_keys(module.Settings)
    named = {name: each for name, each in table.items() if isinstance(each, dict) and name not in own}
    if kind == PAGE and named:
        config.refuse((*path, next(iter(named))), "there is only one page; its settings stand in [page]")
    plain = {name: each for name, each in table.items() if name not in named}
    both = ({None: plain} if plain or not named else {}) | named
    return [_read_outlet(config, module, name, each, env) for name, each in both.items()]


def _read_outlet(
    config: ConfigText, module: OutletModule, name: str | None, table: Mapping[str, Any], env: Mapping[str, str]
) -> Configured:
    path = ("outlets", module.NAME, name) if name else ("outlets", module.NAME)
    if name and not re.fullmatch(r"[A-Za-z0-9_-]{1,30}", name):
        config.refuse(path, "name an outlet with letters, digits, - and _ only")
    variables = list_variables(module, name, table)
    for secret, variable in variables.items():
        if not re.fullmatch(r"[A-Za-z_]\w*", str(variable), flags=re.ASCII):
            config.refuse((*path, f"{secret}_env"), f"{secret}_env takes the name of an environment variable")
        if secret in table:
            config.refuse((*path, secret), f"secrets stay out of this file: put it into {variable}")
    names = {f"{secret}_env": variable for secret, variable in variables.items()}
    values = {**list_inherited(module, env), **table, **names}
    values |= {secret: SecretStr(env[each]) for secret, each in variables.items() if str(each) in env}
    return Configured(module=module, name=name, settings=config.validate(module.Settings, values, path))
