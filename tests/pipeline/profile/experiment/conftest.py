"""Experiments from a text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.profile.experiment.reading import load


@pytest.fixture
def made(here: Path) -> Callable[[str], Experiment]:
    """An experiment of a text, in a folder with small.yaml."""

    def of(text: str) -> Experiment:
        (here / "e.yaml").write_text(text, "utf-8")
        return load("e.yaml")

    return of
