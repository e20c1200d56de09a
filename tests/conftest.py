"""What all tests share."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

if not os.environ.get("TENBIT_TEST_GPU"):
    # Before anything imports numba: its CUDA becomes the simulator, its CPU compiler stays.
    os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
# What a developer has tuned is no test's affair.
os.environ["TENBIT_TUNING"] = "off"


# A shell makes what it runs in the background deaf to Ctrl-C, and all that this starts; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """A compiler makes a million small objects, and next to none is garbage (37.1 to 33.0 s of CPU for 11 loops)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real raw files beside the repository; tests that need it are skipped where it is absent."""
    folder = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"shared data is not here: {folder}")
    return folder


# Few passes: a cold cache costs a compile each.
CHAIN = """\
name: small
chain:
  - black_level
  - white_balance
  - demosaic: {method: bilinear}
  - colour
  - tone
output: {quality: 90}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, but for a chain file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENBIT_DEVICE", "cpu")
    (tmp_path / "small.yaml").write_text(CHAIN, "utf-8")
    return tmp_path


@pytest.fixture
def raw(here: Path) -> Path:
    """A simulated raw file of 64 x 64 in the current folder."""
    from tenbit.pipeline.sample import make

    make(here / "a.dng", rows=64, cols=64, truth=False)
    return here / "a.dng"


@pytest.fixture
def told() -> Callable[[str], list[str]]:
    """Lines of stderr, but for those that a cold cache adds."""
    return lambda text: [line for line in text.splitlines() if not line.startswith("compiling ")]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The Chromium that is installed; tests that need it are skipped elsewhere."""
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install 'tenbit[browser]'"
    )
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(
            f"no browser to drive the page: none of {', '.join(names)} is on the path (apt-get install chromium)"
        )
    with api.sync_playwright() as running:
        # Inside a container the browser's own sandbox has no rights to make another.
        opened = running.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page from disk; what its console says, and what it asks of the network, is a failure."""
    contexts: list[Any] = []
    said: list[str] = []

    def open_page(path: Path, **options: Any) -> Any:
        contexts.append(browser.new_context(**{"viewport": {"width": 1600, "height": 1000}, **options}))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request", lambda request: None if request.url.startswith(("file:", "data:")) else said.append(request.url)
        )
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
