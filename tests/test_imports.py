"""Law 7 (import does nothing), and the guards that the layout of the tree needs."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

import tenbit

ROOT = Path(tenbit.__file__).resolve().parent
CODE = [*sorted(p for f in ("commands", "kernels", "pipeline") for p in (ROOT / f).rglob("*.py")), ROOT / "cli.py"]
HEAVY = ("numba", "cupy", "rawpy", "pydantic", "ruamel", "rich", "imagecodecs", "imageio", "tifffile", "PIL", "scipy")


def loaded_by(text: str) -> set[str]:
    """Names of the packages that a fresh interpreter has loaded after some statements."""
    script = (
        f"{text}\nimport sys, json; print(); print(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_tenbit_loads_nothing_else() -> None:
    assert not loaded_by("import tenbit; tenbit.__version__") & {*HEAVY, "numpy", "click"}


def test_help_loads_no_heavy_package() -> None:
    for arguments in (["--help"], ["develop", "--help"], ["--version"]):
        loaded = loaded_by(f"from tenbit.cli import commands; commands({arguments!r}, standalone_mode=False)")
        assert not loaded & {*HEAVY, "numpy"}


def test_importing_every_module_loads_no_heavy_package() -> None:
    names = [".".join(("tenbit", *p.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__") for p in CODE]
    # Profiles of lenses are pydantic models: who makes or shows one imports that.
    others = [name for name in names if ".lenses." not in name and ".calibrate." not in name]
    assert not loaded_by("\n".join(f"import {name}" for name in others)) & set(HEAVY)
    assert loaded_by("\n".join(f"import {name}" for name in names)) & set(HEAVY) <= {"pydantic"}


def test_the_python_face_is_lazy_and_whole() -> None:
    assert not loaded_by("import tenbit; tenbit.Frame, tenbit.read, tenbit.run, tenbit.TenbitError") & set(HEAVY)
    assert all(hasattr(tenbit, name) for name in tenbit.__all__)
    with pytest.raises(AttributeError, match="no attribute 'develop'"):
        tenbit.develop  # noqa: B018


def test_help_answers_quickly() -> None:
    # The best of three: other work on the machine makes single runs slow. Seen: 0.07 s.
    command = [sys.executable, "-m", "tenbit.cli", "--help"]
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.4


def imports_of(path: Path) -> set[str]:
    """Packages that a file imports, at its top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize(("package", "home"), [("cupy", "pipeline/device/cuda.py"), ("numba", "kernels/_compile.py")])
def test_one_module_imports_each_compiler(package: str, home: str) -> None:
    assert {str(p.relative_to(ROOT)) for p in CODE if package in imports_of(p)} == {home}


def test_only_the_command_line_knows_click() -> None:
    at = {str(p.relative_to(ROOT).parent) if p.parent != ROOT else p.name for p in CODE if "click" in imports_of(p)}
    assert at == {"cli.py", "commands", "commands/profile"}


def test_every_package_is_listed_in_pyproject() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    folders = {p.parent.relative_to(ROOT) for p in CODE}
    assert all((ROOT / folder / "__init__.py").is_file() for folder in folders)
    assert set(config["packages"]) == {".".join(("tenbit", *folder.parts)) for folder in folders}


def test_every_shipped_file_is_package_data() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"][
        "tenbit"
    ]
    shipped = {p for pattern in patterns for p in ROOT.glob(pattern)}
    assert {p for p in (ROOT / "configs").rglob("*") if p.is_file()} <= shipped


def test_no_stray_module_stands_in_the_root() -> None:
    assert {p.name for p in ROOT.glob("*.py")} == {"__init__.py", "cli.py"}


def test_the_contract_between_stages_names_them_all() -> None:
    from tenbit.kernels import STAGES

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (modules,) = (c["modules"] for c in contracts if c["type"] == "independence")
    assert sorted(modules) == sorted(f"tenbit.kernels.{name}" for name in STAGES)
