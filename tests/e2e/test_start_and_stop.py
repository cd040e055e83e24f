"""Starting, stopping, and a machine that is not as it should be: one readable line, and nothing is lost."""

import asyncio
import os
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chatops.sandbox.person import CannotDo
from tests.e2e.laws import require_laws, require_verified, settle
from tests.e2e.steps import count_records, mailed, open_incident, propose, publish, recorded
from tests.e2e.town import CHANNEL, Ended, Plan, Town, eventually, raise_town, run_town

# tests/test_settings.py has every other way; these are the real program.
WRONG: dict[str, tuple[dict[str, str], str]] = {
    "neither way in": ({"SLACK_SIGNING_SECRET": ""}, "SLACK_SIGNING_SECRET"),
    "no directory": ({"DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "/nowhere/at"),
    "mail server": ({"SMTP_URL": "mailto:secret@acme.example"}, "SMTP_URL"),
}


def require_one_line(ended: Ended, *words: str) -> None:
    assert ended.code != 0
    said = ended.err.strip()
    assert len(said.splitlines()) == 1, said
    assert "Traceback" not in said
    assert all(word in said for word in words), said
    assert "secret" not in said


async def test_wrong_settings_stop_the_start_with_one_line(tmp_path: Path) -> None:
    async with raise_town(tmp_path) as town:
        town.write_config()
        ended = await asyncio.gather(*(town.run_cli("run", environ=changes) for changes, _ in WRONG.values()))
        for (_, word), each in zip(WRONG.values(), ended, strict=True):
            require_one_line(each, word)
        (tmp_path / "chatops.toml").write_text('[outlets.emial]\nto = ["x"]\n')
        require_one_line(await town.run_cli("run"), "line 1", "emial", "email")


async def test_a_taken_port_and_a_second_runner_are_said_in_one_line(tmp_path: Path) -> None:
    async with run_town(tmp_path) as town:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            other = {"DATABASE_URL": f"sqlite:///{tmp_path / 'other.db'}", "PORT": port}
            on_port, on_database = await asyncio.gather(
                town.run_cli("run", environ=other), town.run_cli("run", environ={"PORT": "0"})
            )
        require_one_line(on_port, port)
        require_one_line(on_database, "already running", str(town.bot.pid if town.bot else ""))
        await open_incident(town)
        await require_laws(town, await settle(town))


async def test_a_database_of_a_newer_version_is_refused_and_untouched(tmp_path: Path) -> None:
    async with run_town(tmp_path) as town:
        await open_incident(town)
        await settle(town)
        await town.stop()
        with closing(sqlite3.connect(town.database)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        before = town.database.read_bytes()
        for ended in await asyncio.gather(*(town.run_cli(name) for name in ("run", "migrate", "verify"))):
            require_one_line(ended, "newer")
        assert town.database.read_bytes() == before


async def test_sigterm_with_work_under_way_ends_in_time_and_loses_nothing(tmp_path: Path) -> None:
    """A post at Slack, a mail at its server, people in the middle of forms."""
    async with run_town(tmp_path, Plan(transport="socket")) as town:
        await open_incident(town)
        card = await propose(town, "Nobody can pay.")
        town.mail.pause_seconds = 20
        town.fault("slow", "chat.*", seconds=15)
        await town.belle.command(CHANNEL, "/incident remind 30m INC-1")
        await town.andy.click("Approve", message=card)
        await eventually(lambda: _truth(bool(town.mail.tries)), "no mail under way")
        assert await town.stop() < 10
        town.sandbox.faults.clear()
        town.mail.pause_seconds = 0
        await town.start()
        await mailed(town, "Nobody can pay.")
        log = await settle(town, seconds=40)
        assert len(log.of_kind("reminder_moved")) == 1
        assert len(log.updates) == 1


async def _truth(fact: bool) -> bool | None:
    return fact or None


@contextmanager
def mount_small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A disk of its own that a test can fill."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted as root")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all that is left of the disk."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return ballast


async def test_a_full_disk_is_said_and_everything_goes_on_once_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with mount_small_disk(disk, 4096):
        async with raise_town(tmp_path) as town:
            town.database_path = disk / "chatops.db"
            await town.start()
            await open_incident(town)
            await publish(town, "Before the disk was full.")
            await recorded(town, "update_published")
            card = await propose(town, "Written on a full disk.")
            ballast = fill(disk)
            told = await _ask_until_full(town)
            assert "disk" in told
            assert "full" in told
            before = count_records(town)
            await town.andy.click("Approve", message=card)
            assert "full" in town.andy.text_of(await town.andy.wait_for_message(CHANNEL, containing="⚠️"))
            assert count_records(town) == before
            assert "Before the disk was full." in "".join(await town.page_bodies("INC-1")), "the page stays up"
            ballast.unlink()
            await town.andy.click("Approve", message=card)
            await mailed(town, "Written on a full disk.")
            await require_laws(town, await settle(town))
            again = fill(disk)
            await town.kill()
            await town.start(needs_slack=False)
            assert len(await town.page_bodies("INC-1")) == 2, "it starts on a full disk, and the page is up"
            again.unlink()
            await town.belle.command(CHANNEL, "/incident remind 45m INC-1")
            await require_laws(town, await settle(town))
            await require_verified(town)


async def _ask_until_full(town: Town) -> str:
    """What still fits into the log file of the database is used up first."""
    me = await town.belle.id()
    for minutes in range(20, 400):
        answer = await town.deliver(town.command(me, f"remind {minutes}m INC-1"))
        assert answer.status == 200
        if "Nothing was saved" in answer.text:
            return answer.text
    raise CannotDo("the disk never was full")
