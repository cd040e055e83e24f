"""Settings: every mistake stops the start with one readable line that names the line, and no secret is ever shown."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatops.domain.errors import BadSettings
from chatops.domain.policy import Permission, Policy
from chatops.domain.records import Impact
from chatops.settings import Settings, read_settings

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-sesame-bot",
    "SLACK_APP_TOKEN": "xapp-sesame-app",
    "SLACK_SIGNING_SECRET": "sesame-signing",
    "SMTP_URL": "smtp://status:sesame-mail@mail.acme.example:587",
}

FULL = """\
[slack]
incidents_channel = "#incidents"
mentions_channel = "mentions"
dedicated_channel = true

[page]
name = "Acme"
components = ["API", "Web app"]
time_zone = "Europe/Berlin"

[policy]
author_may_approve = true
publish = "manual"
[policy.roles]
publish_without_approval = ["U1", "boss@acme.example"]
pause_outlets = ["@sre"]
[policy.approvals]
minor = 2
critical = 3
[policy.approvers]
users = ["U2"]
[policy.cadence]
critical = 20

[outlets.page]
[outlets.email]
from = "Acme Status <status@acme.example>"
to = ["customers@list.acme.example"]
"""

EMAIL = """\
[outlets.email]
from = "Acme <status@acme.example>"
to = ["all@acme.example"]
"""


def read(folder: Path, text: str | None = None, **environ: str) -> Settings:
    if text is not None:
        (folder / "chatops.toml").write_text(text, encoding="utf-8")
    return read_settings(environ, folder)


def refusal(folder: Path, text: str | None = None, **environ: str) -> str:
    with pytest.raises(BadSettings) as caught:
        read(folder, text, **environ)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_nothing_set_is_a_page_alone(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert [each.key for each in settings.outlets] == ["page"]
    assert settings.policy == Policy(roles=dict.fromkeys(Permission, ()))
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.database_url == "sqlite:///chatops.db"
    assert settings.slack.api_url == "https://slack.com/api/"
    assert settings.page.time_zone == "UTC"
    assert (settings.clock_start, settings.clock_speed, settings.public_url) == (None, 1.0, None)


def test_everything_set(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        FULL,
        **SECRETS,
        SLACK_API_URL="http://127.0.0.1:9000/api",
        HOST="0.0.0.0",
        PORT="80",
        PUBLIC_URL="https://status.acme.example/",
        DATABASE_URL="sqlite:////data/chatops.db",
        CHATOPS_CLOCK_START="2013-10-26T18:00:00Z",
        CHATOPS_CLOCK_SPEED="60",
    )
    assert settings.slack.incidents_channel == "incidents"
    assert settings.slack.mentions_channel == "mentions"
    assert settings.slack.dedicated_channel
    assert settings.slack.api_url == "http://127.0.0.1:9000/api/"
    assert settings.page.components == ("API", "Web app")
    assert settings.public_url == "https://status.acme.example"
    assert settings.policy.publish == "manual"
    assert settings.policy.roles[Permission.PAUSE_OUTLETS] == ("@sre",)
    assert settings.policy.approvals == {Impact.NONE: 1, Impact.MINOR: 2, Impact.MAJOR: 1, Impact.CRITICAL: 3}
    assert settings.policy.interval(Impact.CRITICAL) == timedelta(minutes=20)
    assert settings.policy.approvers == ("U2",)
    assert settings.clock_start == datetime(2013, 10, 26, 18, tzinfo=UTC)
    assert settings.clock_speed == 60.0
    assert [each.key for each in settings.outlets] == ["page", "email"]
    assert settings.require_slack() is settings.slack


def test_an_empty_variable_is_an_unset_one(tmp_path: Path) -> None:
    settings = read(tmp_path, SLACK_APP_TOKEN="", PORT=" ", PUBLIC_URL="")
    assert settings.slack.app_token is None
    assert settings.port == 8000


def test_several_outlets_of_a_kind_take_their_secrets_by_suffix(tmp_path: Path) -> None:
    text = (
        EMAIL
        + EMAIL.replace("outlets.email", "outlets.email.big-customers")
        + '[outlets.email.own]\nsmtp_url_env = "OWN"\n'
    )
    text += 'from = "a@acme.example"\nto = ["b@acme.example"]\n'
    urls = {"SMTP_URL": "smtp://one", "SMTP_URL_BIG_CUSTOMERS": "smtp://two", "OWN": "smtp://three"}
    settings = read(tmp_path, text, **urls)
    mails = settings.outlets[1:]
    assert [each.key for each in mails] == ["email", "email.big-customers", "email.own"]
    assert [each.label for each in mails] == ["E-mail", "E-mail (big-customers)", "E-mail (own)"]
    found = [each.settings.smtp_url.get_secret_value() for each in mails]  # type: ignore[attr-defined]
    assert found == ["smtp://one", "smtp://two", "smtp://three"]


def test_only_a_named_outlet_brings_no_unnamed_one(tmp_path: Path) -> None:
    settings = read(tmp_path, EMAIL.replace("email]", "email.big]"), SMTP_URL_BIG="smtp://two")
    assert [each.key for each in settings.outlets] == ["page", "email.big"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[slack]\nincident_channel = 'x'\n", 2, "unknown key “incident_channel” in [slack]; write incidents_channel"),
        ("# a\n\n[polcy]\n", 3, "unknown key “polcy”; write policy"),
        ("[policy.role]\n", 1, "write roles"),
        ("[policy.roles]\npublish_without_aproval = []\n", 2, "unknown role “publish_without_aproval”"),
        (
            "[policy.cadence]\nmajor = 30\nsev1 = 5\n",
            3,
            "unknown impact “sev1” in [policy.cadence]; known are critical",
        ),
        ("[policy.cadence]\nmajor = 0\n", 2, "policy.cadence.major must be at least 1"),
        ("[policy.cadence]\nmajor = -5\n", 2, "must be at least 1"),
        ("[policy.cadence]\nmajor = 99999999\n", 2, "must be at most"),
        ("[policy.cadence]\nmajor = '30'\n", 2, "policy.cadence.major must be a whole number, without quotes"),
        ("[policy.approvals]\ncritical = 0\n", 2, "policy.approvals.critical must be at least 1"),
        ("[policy.approvals]\ncritical = true\n", 2, "must be a whole number"),
        ("[policy]\nauthor_may_approve = 'no'\n", 2, "must be true or false"),
        ("[policy]\npublish = 'auto'\n", 2, "policy.publish must be 'on_approval' or 'manual'"),
        ("[policy.approvers]\nusers = 'U1'\n", 2, "must be a list"),
        ("[policy.approvers]\nusers = [\n  'U1',\n  7,\n]\n", 2, "must be text in quotes"),
        (
            "[page]\n\n# zone\ntime_zone = 'Europe/Berln'\n",
            4,
            "names no time zone that is known here; write Europe/Berlin",
        ),
        ("[page]\ntime_zone = '../../etc/passwd'\n", 2, "names no time zone"),
        ("[page]\nname = ''\n", 2, "must not be empty"),
        ("[page]\ncomponents = ['API', 'api']\n", 2, "twice"),
        ("slack = 3\n", 1, "slack must be a table of its own"),
        ("outlets = 3\n", 1, "outlets must be a table of its own"),
        ("[outlets]\nemail = 3\n", 2, "outlets.email must be a table"),
        ("[outlets.page]\n[outlets.emial]\nfrom = 'x'\n", 2, "unknown outlet “emial”; write email"),
        ("[outlets.page]\ntitle = 'x'\n", 2, "known are impacts"),
        ("[outlets.page.two]\n", 1, "only one page"),
        ('[outlets.email."a b"]\n', 1, "letters, digits"),
        ("policy = { cadence = { major = 0 } }\n", 1, "must be at least 1"),
        ("policy.cadence.major = 0\n", 1, "must be at least 1"),
        ("[page]\nname = '''\n[policy]\nmajor = 0\n'''\n[policy.cadence]\nmajor = 0\n", 7, "must be at least 1"),
    ],
)
def test_a_mistake_names_its_line_and_what_to_write(tmp_path: Path, text: str, line: int, words: str) -> None:
    said = refusal(tmp_path, text, SMTP_URL="smtp://mail.acme.example")
    assert said.startswith(f"chatops.toml, line {line}: ")
    assert words in said


@pytest.mark.parametrize(
    "text", ["[page\n", "[page]\nname = Acme\n", "[page]\nname = 'a'\nname = 'b'\n", "[page]\nname = ["]
)
def test_broken_toml_names_its_line(tmp_path: Path, text: str) -> None:
    assert re.match(r"chatops\.toml, line \d+: this is not TOML: ", refusal(tmp_path, text))


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    assert "CHATOPS_CONFIG" in refusal(tmp_path, CHATOPS_CONFIG="other.toml")
    (tmp_path / "other.toml").write_text("[page]\nname = 'Other'\n")
    assert read(tmp_path, CHATOPS_CONFIG="other.toml").page.name == "Other"
    assert "cannot be read" in refusal(tmp_path, CHATOPS_CONFIG=".")


def test_a_file_of_another_encoding_is_refused_and_a_mark_at_its_start_is_not(tmp_path: Path) -> None:
    (tmp_path / "chatops.toml").write_bytes("[page]\nname = 'Müller'\n".encode("latin-1"))
    assert "UTF-8" in refusal(tmp_path)
    (tmp_path / "chatops.toml").write_bytes("\ufeff[page]\r\nname = 'Müller'\r\n".encode())
    assert read(tmp_path).page.name == "Müller"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("PORT", "-1"),
        ("PUBLIC_URL", "status.acme.example"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://acme.example:port"),
        ("PUBLIC_URL", "https://user:pw@acme.example"),
        ("PUBLIC_URL", "https://[acme"),
        ("SLACK_API_URL", "ftp://slack.com"),
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("CHATOPS_CLOCK_START", "2013-10-26T18:00:00"),
        ("CHATOPS_CLOCK_START", "saturday"),
        ("CHATOPS_CLOCK_SPEED", "0.5"),
        ("CHATOPS_CLOCK_SPEED", "nan"),
        ("CHATOPS_CLOCK_SPEED", "fast"),
    ],
)
def test_an_impossible_variable_is_named(tmp_path: Path, name: str, value: str) -> None:
    assert refusal(tmp_path, **{name: value}).startswith(name)


def test_who_may_frame_the_page(tmp_path: Path) -> None:
    assert read(tmp_path).frame_ancestors == "'none'"
    origins = "https://www.acme.example http://localhost:*"
    assert read(tmp_path, PAGE_FRAME_ANCESTORS=origins).frame_ancestors == origins
    for wrong in ("acme.example", "https://acme.example/path", "https://a;script-src", "*"):
        assert refusal(tmp_path, PAGE_FRAME_ANCESTORS=wrong).startswith("PAGE_FRAME_ANCESTORS: ")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgres_is_not_there_yet(tmp_path: Path, scheme: str) -> None:
    said = refusal(tmp_path, DATABASE_URL=f"{scheme}://chatops:sesame@db/chatops")
    assert "not supported in this version yet" in said
    assert "sesame" not in said


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "SLACK_BOT_TOKEN is not set"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN (Socket Mode"),
        ({"SLACK_BOT_TOKEN": "xapp-1", "SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN holds an app token"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN holds a bot token"),
    ],
)
def test_run_needs_slack(tmp_path: Path, environ: dict[str, str], words: str) -> None:
    with pytest.raises(BadSettings) as caught:
        read(tmp_path, **environ).require_slack()
    assert words in str(caught.value)


def test_mail_needs_its_server(tmp_path: Path) -> None:
    said = refusal(tmp_path, "[page]\n" + EMAIL)
    assert said.startswith(
        "chatops.toml, line 2: [outlets.email] needs the environment variable SMTP_URL, like smtp://"
    )
    named = refusal(tmp_path, EMAIL.replace("email]", "email.big]"), SMTP_URL="smtp://mail")
    assert "needs the environment variable SMTP_URL_BIG" in named


@pytest.mark.parametrize(
    "text",
    [
        EMAIL + 'smtp_url = "smtp://me:sesame@mail"\n',
        EMAIL + 'smtp_url_env = "smtp://me:sesame@mail"\n',
        EMAIL + 'smtp_url_env = ["sesame"]\n',
        EMAIL + 'password = "sesame"\n',
        EMAIL + "to = sesame\n",
        EMAIL.replace('["all@acme.example"]', '"sesame"'),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    said = refusal(tmp_path, text, SMTP_URL="smtp://mail")
    assert "sesame" not in said
    assert "line" in said


@pytest.mark.parametrize(
    "url", ["http://u:sesame@mail", "smtp://u:sesame@", "smtp://u:ses#sesame@mail", "smtp://u:p@m:sesame"]
)
def test_a_wrong_secret_is_not_repeated(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSettings) as caught:
        read(tmp_path, EMAIL, SMTP_URL=url)
    assert "SMTP_URL" in str(caught.value)
    assert "sesame" not in str(caught.value)
    assert "sesame" not in repr(caught.value)
    assert caught.value.__suppress_context__ or "sesame" not in repr(caught.value.__context__)


def test_no_secret_shows_in_the_settings(tmp_path: Path) -> None:
    settings = read(tmp_path, FULL, **SECRETS)
    assert "sesame" not in f"{settings!r}{settings}{settings.outlets!r}{settings.slack!r}{settings.slack}"
    with pytest.raises((AttributeError, TypeError)):
        settings.port = 1  # type: ignore[misc]


def test_the_line_is_found_in_a_long_file_in_reasonable_time(tmp_path: Path) -> None:
    text = "".join(f"# line {number}\n" for number in range(400)) + "[policy.cadence]\nmajor = 0\n"
    assert "line 402:" in refusal(tmp_path, text)
