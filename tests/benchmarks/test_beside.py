"""tenbit beside its peers: the page of what was measured, and what the run is made of; nothing is timed."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = sorted((ROOT / "benchmarks" / "results").glob("peers-*.json"))


@pytest.fixture
def measured(module):
    """A record of one section: tenbit, a peer that is quicker, one that does a quarter of the frame."""
    timing, report = module("timing"), module("report")
    timed = [
        timing.Timed("tenbit", 12.0, (0.040, 0.041, 0.039, 0.040)),
        timing.Timed("quick", 12.0, (0.020, 0.020, 0.020, 0.021)),
        timing.Timed("quarter", 3.0, (0.080, 0.080, 0.080, 0.080)),
    ]
    section = timing.Section(
        "chain",
        "A chain",
        timed,
        beside={"quick": "tenbit", "quarter": "tenbit"},
        left_out={"torch": "pip install torch"},
    )
    taken = {"commit": "abc", "rounds": 4, "seconds": 1.0, **report.described(section)}
    return {"machine": report.machine([0, 1]), "versions": {"numpy": "2.4"}, "sections": {"chain": taken}}


def test_the_page_is_what_was_measured(module):
    pages = [module("beside_page").page(json.loads(path.read_text("utf-8"))) for path in RESULTS]
    assert (ROOT / "docs" / "peers.md").read_text("utf-8") in pages, "run: python benchmarks/beside.py --page"


def test_who_is_quicker_stands_first_and_bold_and_pixels_count(module, measured):
    page = module("beside_page").page(json.loads(json.dumps(measured)))
    first, _, rest = page.partition("## A chain")
    assert "| quick | tenbit | A chain | **0.50** |" in first
    assert "quarter" not in first
    # 3 MP in 80 ms beside 12 MP in 40 ms.
    assert re.search(r"\| quarter \| 37\.5 \|.*\| tenbit \| 8\.00 \(\S+ … \S+\) \|", rest)
    assert re.search(r"\| quick \| 600 \| 5\d\d … 600 \| 4 \| tenbit \| \*\*0\.50\*\* ", rest)
    assert "Not installed: torch: `pip install torch`" in rest
    assert "| numpy | 2.4 |" in rest


def test_a_page_of_nothing_is_refused(module):
    with pytest.raises(ValueError, match=r"^nothing has been measured: run python benchmarks/beside.py$"):
        module("beside_page").page({})


def test_every_part_has_its_words(module):
    assert set(module("beside_page").notes()) == {"first", "last", *module("beside").PARTS}


def test_the_plan_and_wrong_use(module, tmp_path, capsys, monkeypatch):
    beside = module("beside")
    monkeypatch.setattr(beside, "bind_to_cores", lambda threads: [0])
    path = tmp_path / "peers.json"
    path.write_text(json.dumps({"sections": {"lens": {"rounds": 5, "seconds": 12.4}}}), "utf-8")
    assert beside.main(["lens", "files", "--plan", "--results", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "lens        5 rounds  as last time   12 s",
        "files       5 rounds  about   85 s",
        "together    2 min",
    ]
    with pytest.raises(SystemExit):
        beside.main(["fils"])
    assert "no such section: fils; there are files" in capsys.readouterr().err


def test_what_is_not_installed_is_left_out_with_the_command_that_installs_it(module, tmp_path, monkeypatch):
    programs = module("peers.programs")
    monkeypatch.setattr(programs.shutil, "which", lambda name: None)
    found, left_out = programs.programs(tmp_path)
    assert {programs.STANDARD, programs.FAST, programs.AHD} <= set(found)
    assert left_out[programs.DCRAW] == "apt-get install libraw-bin libjpeg-turbo-progs"
    assert left_out[programs.DARKTABLE] == "apt-get install darktable"
    assert programs.wanting("colour_nothing") == "pip install colour-nothing"


def test_slow_cases_leave_early_and_some_tell_their_own_time(module):
    timing = module("timing")
    said = []
    cases = [
        timing.Case("a", lambda: said.append("a"), 1.0),
        timing.Case("slow", lambda: said.append("slow") or "took 2.5 s", 1.0, told_s=lambda text: 2.5, most=1),
    ]
    timed = timing.in_turns(cases, 3)
    assert said == ["a", "slow", "a", "slow", "a", "a"]
    assert timed["slow"].times_s == (2.5,)
    assert len(timing.in_turns(cases[:1], 2, has_warmed=True)["a"].times_s) == len(said) - 6 == 2


def test_a_worker_answers_and_says_why_it_ended(module, tmp_path):
    script = tmp_path / "child.py"
    script.write_text(
        f"""
import pickle, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT / "benchmarks" / "peers")!r})
from _served import serve
given = pickle.loads(Path(sys.argv[1]).read_bytes())
serve("child 1.0", {{"double": lambda: given["picture"] * 2, "fail": lambda: 1 / 0}})
""",
        "utf-8",
    )
    picture = np.arange(6, dtype=np.uint16).reshape(2, 3)
    with module("worker").Worker((sys.executable, str(script)), {"picture": picture}) as worker:
        assert worker.version == "child 1.0"
        assert worker.call("double") == "done"
        np.testing.assert_array_equal(worker.picture("double"), picture * 2)
        with pytest.raises(RuntimeError, match=r"^child.py has ended: ZeroDivisionError: division by zero$"):
            worker.call("fail")


@pytest.mark.parametrize(
    ("code", "said", "pictures", "cell"),
    [
        (1, "no\n", 0, "1, one line"),
        (0, "a\nb\n", 0, "**0, 2 lines**"),
        (0, "", 1, "**0, silent**, **writes a picture**"),
        (1, "Traceback (most recent call last):\n…", 0, "1, traceback"),
        (-11, "", 0, "ended by signal 11"),
    ],
)
def test_what_is_wrong_on_bad_input_is_bold(module, code, said, pictures, cell):
    bad_input = module("sections.bad_input")
    assert bad_input._of_bad(bad_input.Outcome(code, said, pictures)) == cell


def test_the_files_of_the_benchmark_hold_the_same_samples(module, tmp_path, monkeypatch):
    dngs, frames, codecs = module("dngs"), module("frames"), module("sections.codecs")
    monkeypatch.setattr(frames, "ROWS", 128)
    monkeypatch.setattr(frames, "COLS", 192)
    monkeypatch.setattr(dngs, "TILE", 64)
    packed = dngs.plain(tmp_path / "packed.dng", bits=10)
    mosaic = codecs._by_tifffile(packed)
    for read in (codecs._read, codecs._by_libraw, codecs._by_tifffile):
        np.testing.assert_array_equal(read(dngs.lossless_jpeg(packed, tmp_path / "lossless.dng")), mosaic)
    large = codecs._read(dngs.plain(tmp_path / "large.dng", times=2))
    np.testing.assert_array_equal(large[:128, :192], large[128:, 192:])


def test_numpy_makes_our_picture(module):
    frames, engine = module("frames"), module("ours")
    exposure = frames.exposure(200, 256)
    ours = engine.developed(exposure.frame, engine.fast_chain("linear"), bits=8).samples
    theirs = module("peers.numpy_fast").FastChain(frames.numbers_of(exposure.frame.facts))(exposure.frame.samples)
    frames.agreement(ours, theirs, least_db=75)


def test_the_method_of_darktable_is_changed_where_it_is_kept(module):
    demosaics = module("sections.demosaics")
    params = "0" * 24 + "05000000" + "01000000"
    history = f'<li darktable:operation="demosaic" darktable:enabled="1" darktable:params="{params}"/>'
    assert "0" * 24 + "0100000001000000" in demosaics._with_method(history, "01000000")
    with pytest.raises(ValueError, match="darktable: the history has no demosaic"):
        demosaics._with_method("<li/>", "01000000")
    assert demosaics._rawtherapee_s("RCD", "x\nDemosaicing Bayer data: rcd - 62000 usec\n") == 0.062
    said = "3.05 [dev_pixelpipe] took 0.823 secs (0.274 CPU) [export] processed `demosaic' on CPU, blended on CPU"
    assert demosaics._darktable_s(said) == 0.823
