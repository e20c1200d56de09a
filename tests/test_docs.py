"""The documents say what the program does."""

import doctest
import re
from pathlib import Path

import tenbit
from tenbit.pipeline import describe
from tenbit.pipeline.config import shipped_chains

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_of_stages_has_not_drifted():
    page = (ROOT / "docs" / "stages.md").read_text(encoding="utf-8")
    assert page == describe.markdown(), "run: .venv/bin/tenbit stages --markdown > docs/stages.md"


def test_every_link_and_picture_of_the_readme_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)]+)\)", text) if "://" not in t]
    assert targets
    assert [t for t in targets if not (ROOT / t).exists()] == []


def test_the_readme_names_the_shipped_chains():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in shipped_chains())


def test_the_readme_gives_the_two_commands_in_its_first_screen():
    first = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:20]
    assert any(line.startswith("make demo") for line in first)
    assert any(line.startswith("make test") for line in first)


def test_the_example_of_the_package_runs():
    done = doctest.testmod(tenbit)
    assert (done.failed, done.attempted > 0) == (0, True)
