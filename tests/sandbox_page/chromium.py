"""Finds the Chromium of this machine; the tests bring none of their own."""

import os
import shutil

WAIT_MS = 15_000
"""So long a busy machine may take to show something."""
NAMES = ("chromium", "chromium-browser", "google-chrome")

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The program named by CHATOPS_CHROMIUM, or the first known one on PATH."""
    named = os.environ.get("CHATOPS_CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for path in map(shutil.which, NAMES) if path), None)
