"""Where others' Slack material lies, for the tests that compare with it; they skip without it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

DEFAULT = Path(__file__).parents[2].parent / "shared" / "data"
SLACK = Path(os.environ.get("CHATOPS_SHARED_DATA", DEFAULT)) / "slack"

needs_shared_data = pytest.mark.skipif(not SLACK.is_dir(), reason="the shared Slack material is not here")


def read(path: str) -> Any:
    return json.loads((SLACK / path).read_text("utf-8"))
