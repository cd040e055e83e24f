"""The bench's machinery with tiny numbers: every series is there and every file is written. Nothing is timed."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.figures import Figure, Results, Spread, find_percentile
from bench.processes import ROOT
from bench.report import draw


def test_percentiles_are_samples() -> None:
    samples = [float(number) for number in range(1, 101)]
    assert find_percentile(samples, 50) == 50
    assert find_percentile(samples, 99) == 99
    assert find_percentile([7.0], 99) == 7


def test_a_spread_over_rounds_is_the_median_of_each_figure() -> None:
    rounds = [Spread.of([seconds]) for seconds in (0.001, 0.002, 0.9)]
    assert Spread.median_of(rounds).p99 == 2
    assert Spread.median_of(rounds).count == 3


@pytest.mark.parametrize(("value", "target", "met"), [(4.0, 4.0, True), (4.1, 4.0, False), (4.1, None, None)])
def test_a_figure_knows_whether_it_is_met(value: float, target: float | None, met: bool | None) -> None:
    assert Figure(group="", name="", value=value, unit="ms", target=target).is_met is met


def test_the_picture_is_xml_and_holds_every_figure_in_milliseconds() -> None:
    results = Results(measured_at="2026-11-05", machine={"cores": 2, "python": "3.11"}, sizes={})
    results.add("Group <1>", "a & b", 3, target=4)
    results.add("Group <1>", "memory", 90, "MB")
    text = "".join(ET.fromstring(draw(results)).itertext())
    assert "a & b" in text
    assert "memory" not in text


@pytest.mark.timeout(300)
def test_a_tiny_run_measures_everything(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--tiny", "--out", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    results = json.loads((tmp_path / "results.json").read_text())
    assert {each["group"] for each in results["figures"]} >= {"Start-up", "Acknowledged with its commit"}
    assert all(each["value"] > 0 for each in results["figures"])
    ET.parse(tmp_path / "results.svg")
