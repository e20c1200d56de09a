"""Experiments as YAML: what they say, every fault with its place, those that are shipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tenbit.pipeline.errors import ChainError, RequestError
from tenbit.pipeline.profile.experiment.declared import Experiment
from tenbit.pipeline.profile.experiment.points import order, points
from tenbit.pipeline.profile.experiment.reading import load, shipped_experiments

Made = Callable[[str], Experiment]


def test_an_experiment_says_its_points(made: Made) -> None:
    asked = made("""\
name: all of it
axes:
  chain: [small.yaml, fast]
  demosaic.method: [malvar, gbtf]
  exposure.ev: 1
  schedule.bands: [2, 8]
  output.bits: [8]
  threads: [1, null]
  sample: [64x64]
exclude: [{threads: 1, schedule.bands: [2, 8], chain: fast}]
baseline: {demosaic.method: malvar}
repeats: 3
seed: 7
quality: true
""")
    assert (asked.name, asked.repeats, asked.seed, asked.quality) == ("all of it", 3, 7, True)
    assert (asked.axes["exposure.ev"], asked.axes["threads"], asked.axes["chain"]) == (
        (1.0,),
        (1, None),
        ("small.yaml", "fast"),
    )
    assert asked.chains["small.yaml"].name == "small" and asked.baseline == {"demosaic.method": "malvar"}
    found = points(asked)
    assert len(found) == 2 * 2 * 2 * 2 - 4
    assert found[0].values == {
        "chain": "small.yaml", "device": "auto", "sample": "64x64", "cfa": "RGGB", "bits": 10, "packed": False,
        "iso": 100.0, "threads": 1, "fuse": True, "demosaic.method": "malvar", "exposure.ev": 1.0,
        "schedule.bands": 2, "output.bits": 8,
    }  # fmt: skip
    assert len({point.key for point in found}) == len(found)


def test_every_fault_is_told_with_its_place(made: Made) -> None:
    with pytest.raises(ChainError) as caught:
        made("""\
chain: [black_level, {demosaik: {}}]
axes:
  demosaic.metod: [malvar]
  threads: [1, 0, two]
  sample: [12mp, 13mpx]
  device: [gpu]
  cfa: []
  bits: [10, 11, 10]
  thread: [1]
  schedule.bands: [0]
  sharpened.amount: [1]
points: some
exclude: [{fuse: true}, 3]
baseline: {threads: 3}
repeats: 0
order: 1
""")
    assert caught.value.faults == (
        "e.yaml:1:23: chain[1] demosaik: no such stage; did you mean 'demosaic'?",
        "e.yaml:3:3: axes.demosaic.metod: no such parameter; did you mean 'method'?",
        "e.yaml:4:16: axes.threads[1]: 0 is outside 1..1024",
        "e.yaml:4:19: axes.threads[2]: 'two' is not a whole number or null, 1..1024",
        "e.yaml:5:18: axes.sample[1]: no such size; allowed: 12mp, 24mp, 50mp, any number of megapixels (0.5mp), or "
        "rows x columns (1080x1440)",
        "e.yaml:6:12: axes.device[0]: 'gpu' is not one of auto, cpu, cuda, cuda:N",
        "e.yaml:7:8: axes.cfa: has no values",
        "e.yaml:8:9: axes.bits: has a value twice",
        "e.yaml:8:14: axes.bits[1]: 11 is not one of 8, 10, 12, 14, 16",
        "e.yaml:9:3: axes.thread: no such axis; did you mean 'threads'? (or STAGE.NAME, output.NAME, schedule.NAME)",
        "e.yaml:10:20: axes.schedule.bands[0]: 0 is outside 1..256",
        "e.yaml:11:3: axes.sharpened.amount: no such stage; did you mean 'sharpen'?",
        "e.yaml:12:9: points: not 'all' or {random: N}, N in 1..100000",
        "e.yaml:13:12: exclude[0].fuse: no such axis here; there are chain, threads, sample, bits",
        "e.yaml:13:25: exclude[1]: not a combination, such as {fuse: false, sample: 50mp}",
        "e.yaml:14:21: baseline.threads: 3 is not on this axis",
        "e.yaml:15:10: repeats: 0 is outside 1..10000",
        "e.yaml:16:1: order: no such key; there are name, repeats, seed, quality, chain, axes, points, exclude, "
        "baseline",
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("axes: {threads: 1}", "e.yaml:1:1: chain: missing"),
        ("chain: fast", "e.yaml:1:1: axes: missing"),
        ("[]", "e.yaml:1:1: a mapping with 'axes:' belongs here"),
        ("chain: fast\naxes: {chain: [fast]}", "e.yaml:1:1: chain: said twice: it is an axis too"),
        ("chain: fats\naxes: {threads: 1}", "e.yaml:1:8: chain: 'fats': no shipped chain; did you mean 'fast'? (or a "
         "path that ends in .yaml)"),
        ("chain: fast\naxes: {sharpen.amount: [1]}", "e.yaml:2:8: axes.sharpen.amount: no sharpen in the chain fast"),
        ("chain: fast\naxes:\n  demosaic[1].method: gbtf", "e.yaml:3:3: axes.demosaic[1].method: no demosaic[1] in "
         "the chain fast"),
        ("chain: fast\naxes: {files: [a.dng], iso: [100]}", "e.yaml:2:24: axes.iso: of simulated frames, not of files; "
         "leave one of the two out"),
        ("chain: fast\nquality: true\naxes: {files: [a.dng]}", "e.yaml:2:10: quality: files have no truth to be held "
         "against; leave one of the two out"),
        ("chain: fast\naxes: [", "e.yaml:2:8: no YAML: while parsing a flow node"),
    ],
)  # fmt: skip
def test_one_fault_is_one_line(made: Made, text: str, fault: str) -> None:
    with pytest.raises(ChainError) as caught:
        made(text)
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith(fault.rsplit(": while", 1)[0])


def test_chains_and_files_lie_beside_the_experiment(
    here: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "e.yaml").write_text("chain: small.yaml\naxes: {threads: [1]}", "utf-8")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    asked = load(str(here / "e.yaml"))
    assert asked.chains["small.yaml"].source == here / "small.yaml" and asked.folder == here
    with pytest.raises(ChainError, match=r"^none\.yaml: cannot be read: No such file or directory$"):
        load("none.yaml")
    with pytest.raises(ChainError, match=r"^'demosaik': no shipped experiment; did you mean 'demosaic'"):
        load("demosaik")


def test_some_points_are_drawn_from_more_than_can_be_listed(made: Made) -> None:
    many = ", ".join(map(str, range(1, 61)))
    text = f"""\
chain: fast
axes: {{threads: [{many}], iso: [{many}], schedule.most_deep: [{many}], exposure.ev: [0, 1, 2, 3]}}
exclude: [{{exposure.ev: [0, 1]}}]
points: {{random: 50}}
"""
    found = points(made(text))
    assert len({point.key for point in found}) == 50
    assert {point.values["exposure.ev"] for point in found} == {2.0, 3.0}
    assert found == points(made(text)) != points(made(f"{text}\nseed: 1"))
    with pytest.raises(RequestError, match=r"^864000 points are more than 100000"):
        points(made(text.replace("{random: 50}", "all")))


def test_as_many_are_drawn_as_there_are(made: Made) -> None:
    text = "chain: fast\naxes: {threads: [1, 2, 3]}\n"
    assert len(points(made(f"{text}points: {{random: 2}}"))) == 2
    with pytest.raises(RequestError, match=r"^4 points are to be drawn, and there are 3$"):
        points(made(f"{text}points: {{random: 4}}"))
    with pytest.raises(RequestError, match=r"^no point is left: all are excluded$"):
        points(made(f"{text}exclude: [{{threads: [1, 2, 3]}}]"))


def test_rounds_go_in_other_orders_the_same_for_a_seed(made: Made) -> None:
    found = points(made("chain: fast\naxes: {threads: [1, 2, 3, 4, 5, 6, 7, 8]}"))
    first, second = order(found, 0, 1), order(found, 0, 2)
    assert first != found and first != second
    assert sorted(p.key for p in first) == sorted(p.key for p in found)
    assert first == order(found, 0, 1) != order(found, 1, 1)


@pytest.mark.parametrize("name", shipped_experiments())
def test_shipped_experiments_have_no_fault(name: str) -> None:
    asked = load(name)
    assert asked.name == name and len(points(asked)) > 1


def test_demosaic_methods_are_sixty_points() -> None:
    asked = load("demosaic")
    assert len(points(asked)) == 60 and asked.quality
