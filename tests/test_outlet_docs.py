"""docs/outlets.md says what the code says."""

from pathlib import Path

from chatops.outlet_docs import build_page
from chatops.outlets import find_outlets

PAGE = Path(__file__).parent.parent / "docs" / "outlets.md"


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == build_page(), "run `make docs`"


def test_every_outlet_has_its_section_and_its_variables() -> None:
    page = build_page()
    for kind, module in find_outlets().items():
        assert f"\n## {kind}\n" in page
        variables = [info.default for key, info in module.Settings.model_fields.items() if key.endswith("_env")]
        assert [each for each in variables if f"`{each}`" not in page] == []


def test_each_way_of_an_outlet_has_a_row_of_its_own() -> None:
    page = build_page()
    assert "| [Discord](#discord), bot (channel_id) |" in page
    assert "| [Discord](#discord), webhook |" in page
    assert "| `APPRISE_URL` | `APPRISE_NAME_URL` |" in page
    assert "| `from` | needed |" in page
