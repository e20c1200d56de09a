"""What containers are built from: locks that pyproject.toml allows, by hash, and files that are there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = {"cpu": ["farm", "lens", "video"], "cuda": ["cuda12", "farm", "lens", "video"]}


class Locked(NamedTuple):
    version: str
    marker: Marker | None
    hashes: int


def locked(kind: str) -> dict[str, list[Locked]]:
    """What a lock file holds, by name."""
    found: dict[str, list[Locked]] = {}
    text = re.sub(r"^\s*#.*\n", "", (ROOT / f"containers/{kind}.lock").read_text("utf-8"), flags=re.MULTILINE)
    for entry in text.replace("\\\n", " ").splitlines():
        wanted, *hashes = entry.split(" --hash=")
        name, _, rest = wanted.partition("==")
        version, _, marker = rest.partition(" ; ")
        one = Locked(version.strip(), Marker(marker) if marker.strip() else None, len(hashes))
        found.setdefault(name.strip(), []).append(one)
    return found


@pytest.mark.parametrize("kind", EXTRAS)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_a_lock_has_what_the_project_asks_for(kind: str, python: str) -> None:
    entries = locked(kind)
    environment = {**default_environment(), "python_version": python, "python_full_version": f"{python}.4"}
    environment |= {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux"}
    optional = PROJECT["project"]["optional-dependencies"]
    asked = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
    for text in [*asked, *(one for extra in EXTRAS[kind] for one in optional[extra])]:
        wanted = Requirement(text)
        there = [
            one
            for one in entries.get(canonicalize_name(wanted.name), ())
            if one.marker is None or one.marker.evaluate({**environment, "extra": ""})
        ]
        assert len(there) == 1, f"{text}: {len(there)} in {kind}.lock for Python {python}; run: make lock"
        assert wanted.specifier.contains(there[0].version), f"{text}: {there[0].version} in {kind}.lock; run: make lock"
    assert all(one.hashes for of_name in entries.values() for one in of_name)


@pytest.mark.parametrize("kind", EXTRAS)
def test_a_containerfile_installs_its_lock_and_nothing_else(kind: str) -> None:
    text = (ROOT / f"containers/Containerfile.{kind}").read_text("utf-8")
    installs = re.findall(r"pip install ([^\n\\]*)", text)
    assert [line.split()[-1] for line in installs] == [f"/tmp/{kind}.lock", "/src"]
    assert "--require-hashes" in installs[0]
    assert {"--no-deps", "--no-build-isolation", "--no-index"} <= set(installs[1].split())
    assert re.search(r"^USER tenbit$", text, re.MULTILINE)
    (python,) = re.findall(r"^ARG BASE=.*/python:([0-9.]+)-", text, re.MULTILINE)
    assert SpecifierSet(PROJECT["project"]["requires-python"]).contains(python)


def test_a_container_gets_all_that_the_package_is_made_of() -> None:
    kept = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    parts = {name.split(".")[1] for name in PROJECT["tool"]["setuptools"]["packages"] if "." in name}
    others = {PROJECT["project"]["readme"], "LICENSE", "__init__.py", "cli.py", "configs", "py.typed", "pyproject.toml"}
    assert kept - {"containers"} == parts | others


def test_the_command_that_writes_locks_asks_for_the_same_extras() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    extras = re.findall(r"--extra (\w+)", text.split("\nLOCK :=")[1].split("\n\n")[0])
    assert sorted(extras) == EXTRAS["cuda"]
    assert (ROOT / "containers/build.in").read_text("utf-8").split() == PROJECT["build-system"]["requires"]
