"""`chatops demo` as a newcomer runs it: the story, and a replay of somebody's history."""

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.e2e.town import CHECKOUT, Ended
from tests.outlets.mail_servers import find_closed_port

HISTORY = {
    "incidents": [
        {
            "provider": "acme",
            "incident_id": "1",
            "name": "Orders are slow",
            "impact": "minor",
            "created_at": "2025-03-01T10:00:00Z",
            "resolved_at": "2025-03-01T11:30:00Z",
            "updates": [
                {"status": "investigating", "body": "Orders take a minute.", "created_at": "2025-03-01T10:05:00Z"},
                {
                    "status": "identified",
                    "body": "A queue is full.\n\nWe add workers.",
                    "created_at": "2025-03-01T10:30:00Z",
                },
                {"status": "resolved", "body": "Orders are quick again.", "created_at": "2025-03-01T11:30:00Z"},
            ],
        },
        {
            "provider": "acme",
            "incident_id": "2",
            "name": "No receipts",
            "impact": "major",
            "created_at": "2025-03-02T08:00:00Z",
            "resolved_at": "2025-03-02T08:40:00Z",
            "updates": [
                {"status": "investigating", "body": "Receipts are missing.", "created_at": "2025-03-02T08:10:00Z"},
                {"status": "resolved", "body": "All were sent.", "created_at": "2025-03-02T08:40:00Z"},
            ],
        },
    ]
}


async def run_demo(folder: Path, *options: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chatops", "demo", "--port", str(find_closed_port(2)), "--once", *options),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 180)
    return Ended(code=process.returncode or 0, out=out.decode(), err=err.decode())


async def test_the_story_is_played_and_every_step_is_seen(tmp_path: Path) -> None:
    ended = await run_demo(tmp_path)
    assert ended.code == 0, f"{ended.out}\n{ended.err}"
    assert "the log verifies" in ended.out


async def test_a_history_is_replayed_word_for_word(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text(json.dumps(HISTORY), encoding="utf-8")
    ended = await run_demo(tmp_path, "--play", "history.json", "--speed", "3600")
    assert ended.code == 0, f"{ended.out}\n{ended.err}"
    assert "the same 5 updates, word for word, in order" in ended.out
    assert "the log verifies" in ended.out


async def test_every_customer_of_the_flood_is_answered_once(tmp_path: Path) -> None:
    ended = await run_demo(tmp_path, "--play", "buffer-2013", "--speed", "3600")
    assert ended.code == 0, f"{ended.out}\n{ended.err}"
    assert "a power cut in the midst of it" in ended.out
    assert "36 of 36 answered by 5 people" in ended.out
    assert "the log verifies" in ended.out


async def test_a_history_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text("[{]", encoding="utf-8")
    for name in ("history.json", "missing.json"):
        ended = await run_demo(tmp_path, "--play", name)
        assert ended.code == 2
        assert len(ended.err.strip().splitlines()) == 1, ended.err
