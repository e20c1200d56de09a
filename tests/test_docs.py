"""The documents say what the program does."""

import doctest
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

import tenbit
from tenbit.cli import commands
from tenbit.pipeline import describe
from tenbit.pipeline.config import load, shipped_chains

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_of_stages_has_not_drifted():
    page = (ROOT / "docs" / "stages.md").read_text(encoding="utf-8")
    assert page == describe.markdown(), "run: .venv/bin/tenbit stages --markdown > docs/stages.md"


def test_the_plans_in_the_page_of_the_engine_have_not_drifted():
    page = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    shown = page.split("```text\n")[1].split("```")[0]
    for name in ("fast", "monitor", "standard"):
        command = ["check", name, "--plan"]
        real = CliRunner().invoke(commands, command, catch_exceptions=False).stdout
        # Of a long one the table of the CPU is enough, and what is done on the host.
        cpu, cuda, rest = real.partition("\n\ncuda;")
        real = cpu + "".join(rest.partition("\n\nthen, ")[1:]).rstrip("\n") + "\n" if cuda else real
        assert f"$ tenbit {' '.join(command)}\n{real}" in shown, f"docs/engine.md: put in what this says:\n{real}"


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        *(f"docs/{page}.md" for page in ("batches", "engine", "farms", "peers", "profiling", "sequences")),
    ],
)
def test_every_link_and_picture_is_there(name):
    page = ROOT / name
    targets = [t for t in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")) if "://" not in t]
    assert targets
    assert [t for t in targets if not (page.parent / t).exists()] == []


def test_files_that_the_page_of_the_engine_names_are_there():
    page = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:kernels|pipeline|tests)/[\w/.]+)`", page)
    assert len(named) > 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_names_the_shipped_chains():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in shipped_chains())


def test_the_readme_gives_the_two_commands_in_its_first_screen():
    first = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:20]
    assert any(line.startswith("make demo") for line in first)
    assert any(line.startswith("make test") for line in first)


def test_the_corrections_of_the_demo_fit_the_chains_that_it_runs():
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    overrides = shlex.split(text.split("\nCORRECTION :=")[1].split("\n")[0])[1::2]
    assert len(overrides) == 5
    for name in ("standard", "monitor"):
        assert f"-c {name} -o" in text
        assert load(name, overrides=overrides).name == name


def test_the_example_of_the_package_runs():
    done = doctest.testmod(tenbit)
    assert (done.failed, done.attempted > 0) == (0, True)
