"""Chain files: what is taken, and every fault by its line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import tenbit
from tenbit.kernels import STAGES, stage
from tenbit.pipeline.config import Chain, Output, load, schema, shipped_chains
from tenbit.pipeline.errors import ChainError

ROOT = Path(tenbit.__file__).resolve().parent


def faults(chain: Any, **options: Any) -> list[str]:
    with pytest.raises(ChainError) as caught:
        load(chain, **options)
    return list(caught.value.faults)


def faults_of(text: str, folder: Path, **options: Any) -> list[str]:
    """Faults of a chain file, its folder cut off."""
    path = folder / "job.yaml"
    path.write_text(text, "utf-8")
    return [fault.replace(f"{folder}/", "") for fault in faults(path, **options)]


def names(chain: Chain) -> list[str]:
    return [link.stage.name for link in chain.links]


# ---- what is taken ----
def test_a_stage_may_be_bare_null_or_have_parameters(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("chain:\n  - black_level\n  - demosaic: {method: bilinear}\n  - exposure:\n", "utf-8")
    chain = load(path)
    assert names(chain) == ["black_level", "demosaic", "exposure"]
    assert chain.links[1].parameters == stage("demosaic").parameters(method="bilinear")
    assert chain.links[1].place == f"{path}:3:5: chain[1]"
    assert (chain.name, chain.source, chain.output) == ("mine", path, Output())


def test_a_list_is_a_chain_and_keeps_its_entries() -> None:
    given = ["black_level", {"demosaic": {"method": "malvar"}}, {"exposure": None}]
    chain = load(given, overrides=["demosaic.method=bilinear"])
    assert names(chain) == ["black_level", "demosaic", "exposure"]
    assert chain.links[1].place == "chain[1]"
    assert given == ["black_level", {"demosaic": {"method": "malvar"}}, {"exposure": None}]


def test_whole_numbers_pass_for_numbers_and_lists_for_tuples(tmp_path: Path) -> None:
    chain = load(["black_level", {"white_balance": {"mode": "gains", "gains": [2, 1, 1.5]}}])
    assert chain.links[1].parameters.gains == (2.0, 1.0, 1.5)
    assert all(isinstance(gain, float) for gain in chain.links[1].parameters.gains)


@pytest.mark.parametrize("name", ["fast", "standard", "quality", "quad-full", "quad-binned", "monitor"])
def test_shipped_chains_load_by_name_and_finish_a_picture(name: str) -> None:
    from tenbit.pipeline.config import final_facts

    chain = load(name)
    assert chain.name == name in shipped_chains()
    facts = final_facts(chain)
    assert (facts.state, facts.space) == ("display", "srgb")


def test_every_shipped_chain_is_named_as_its_file() -> None:
    assert set(shipped_chains()) == {"fast", "standard", "quality", "quad-full", "quad-binned", "monitor", "scopes"}


def test_the_chain_of_the_readme_is_right(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "readme.yaml").write_text(block, "utf-8")
    assert load(tmp_path / "readme.yaml").output == Output(format="jpeg", quality=92)


def test_a_record_is_json_and_makes_the_same_chain() -> None:
    chain = load("monitor", overrides=["zebra.high=0.9"])
    record = json.loads(json.dumps(chain.as_record()))
    again = load(record["chain"])
    assert [link.parameters for link in again.links] == [link.parameters for link in chain.links]
    assert record["output"]["quality"] == 92


# ---- overrides ----
def test_overrides_change_single_values() -> None:
    chain = load("monitor", overrides=["zebra.high=0.9", "output.quality=80", "white_balance.mode=daylight"])
    by_name = {link.stage.name: link.parameters for link in chain.links}
    assert by_name["zebra"].high == 0.9
    assert by_name["zebra"].mid == 0.0
    assert by_name["white_balance"].mode == "daylight"
    assert chain.output.quality == 80


def test_an_override_meets_all_stages_of_a_name_or_one() -> None:
    chain = ["black_level", {"exposure": {"ev": 1}}, "demosaic", "exposure"]
    assert [link.parameters.ev for link in load(chain, overrides=["exposure.ev=2"]).links[1::2]] == [2.0, 2.0]
    assert [link.parameters.ev for link in load(chain, overrides=["exposure[1].ev=-1"]).links[1::2]] == [1.0, -1.0]


def test_faults_of_overrides_name_the_override() -> None:
    overrides = ["zebra.high=1.5", "peeking.colour=red", "high=1", "zebra[1].low=0", "tone.curve=[", "exposure.eV=1"]
    assert faults("monitor", overrides=overrides) == [
        "--set peeking.colour=red: the chain has no peeking; did you mean 'peaking'?",
        "--set high=1: not stage.parameter=value",
        "--set zebra[1].low=0: the chain has no zebra[1]; did you mean 'zebra'?",
        "--set tone.curve=[: value:1:2: no YAML: expected the node content, but found '<stream end>'",
        "--set exposure.eV=1: chain[7] exposure.eV: no such parameter; did you mean 'ev'?",
        "--set zebra.high=1.5: chain[12] zebra.high: 1.5 is outside 0.0..1.1 (fraction of white)",
    ]


# ---- faults ----
def test_every_fault_is_reported_at_once_with_its_place(tmp_path: Path) -> None:
    text = """\
name: 3
chian: []
chain:
  - black_level: {black_counts: true}
  - demosaik
  - zebra: {high: 1.5, hihg: 2, source: lumma, phase: 1.5}
  - white_balance:
      gains: [1, 2]
  - white_balance:
      gains: [1, x, 2]
      tint: "1.0"
  - orient: {degrees: true, mirror: 1}
  - orient:
    mirror: true
  - lens: auto
  - 3
output: {quality: 101, format: jpg, bits: 12, qualty: 3}
"""
    assert faults_of(text, tmp_path) == [
        "job.yaml:2:1: chian: no such block; did you mean 'chain'?",
        "job.yaml:1:7: name: 3 is not a text",
        "job.yaml:4:33: chain[0] black_level.black_counts: true is not a number or null, 0.0 or more (counts)",
        "job.yaml:5:5: chain[1] demosaik: no such stage; did you mean 'demosaic'?",
        "job.yaml:6:19: chain[2] zebra.high: 1.5 is outside 0.0..1.1 (fraction of white)",
        "job.yaml:6:41: chain[2] zebra.source: 'lumma' is not one of luma, luma_709, luma_601, max; "
        "did you mean 'luma'?",
        "job.yaml:6:55: chain[2] zebra.phase: 1.5 is not a whole number, 0..1000000 (px at 1080 rows)",
        "job.yaml:6:24: chain[2] zebra.hihg: no such parameter; did you mean 'high'?",
        "job.yaml:8:14: chain[3] white_balance.gains: [1, 2] is not a list of 3 numbers or null, 0.01..100.0",
        "job.yaml:11:13: chain[4] white_balance.tint: '1.0' is not a number, -150.0..150.0",
        "job.yaml:10:18: chain[4] white_balance.gains[1]: 'x' is not a number",
        "job.yaml:12:23: chain[5] orient.degrees: true is not one of 0, 90, 180, 270 (degrees)",
        "job.yaml:12:37: chain[5] orient.mirror: 1 is not true or false",
        "job.yaml:13:5: chain[6]: 2 names in one entry; "
        "indent 'mirror' deeper than 'orient', or give it a line with '-'",
        "job.yaml:15:11: chain[7] lens: 'auto' is not a mapping of parameters; write {name: value}",
        "job.yaml:16:5: chain[8]: not a stage; write '- demosaic' or '- demosaic: {method: malvar}'",
        "job.yaml:17:32: output.format: 'jpg' is not one of jpeg, png, tiff, dng or null; did you mean 'jpeg'?",
        "job.yaml:17:19: output.quality: 101 is outside 1..100",
        "job.yaml:17:43: output.bits: 12 is not one of 8, 16, 32 or null",
        "job.yaml:17:47: output.qualty: no such parameter; did you mean 'quality'?",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "job.yaml:1:1: a mapping with 'chain:' belongs here"),
        ("- demosaic", "job.yaml:1:1: a mapping with 'chain:' belongs here"),
        ("name: a", "job.yaml:1:1: chain: missing"),
        ("chain: []", "job.yaml:1:8: chain: has no stages"),
        ("chain: demosaic", "job.yaml:1:8: chain: not a list of stages"),
        ("chain: [a]\nchain: [b]", 'job.yaml:2:1: no YAML: found duplicate key "chain" with value'),
        ("chain:\n\t- a", "job.yaml:2:1: no YAML: found character '\\t' that cannot start any token"),
        ("chain: [*a]", "job.yaml:1:9: no YAML: found undefined alias 'a'"),
        ("chain: [demosaic: {method: yes}]", "job.yaml:1:28: chain[0] demosaic.method: 'yes' is not one of auto,"),
        ("[" * 5000, "job.yaml: no YAML: nested too deep"),
        ("chain: [exposure: {ev: .nan}]", "job.yaml:1:24: chain[0] exposure.ev: nan is not a number, -10.0..10.0 (EV)"),
        ("chain: [demosaic]\noutput: jpeg", "job.yaml:2:9: output: not a mapping, such as {format: jpeg}"),
        ("chain: [demosaic]\noutput: {format: png, bits: 32}", "job.yaml:2:29: output.bits: 32 is not possible in png"),
        ("a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
         "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
         "chain: [*d, *d, *d]", "job.yaml:1:"),
    ],
)  # fmt: skip
def test_files_that_are_no_chain(text: str, fault: str, tmp_path: Path) -> None:
    (found, *_) = faults_of(text, tmp_path)
    assert found.startswith(fault)
    assert "\n" not in found


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert faults(path) == [f"{path}: not UTF-8 text"]
    path.write_bytes(b" " * (1 << 21))
    assert faults(path) == [f"{path}: more than 1 MiB, so no chain file"]
    assert faults(str(tmp_path / "no.yaml")) == [f"{tmp_path}/no.yaml: no such file, a chain file belongs here"]
    assert faults(tmp_path) == [f"{tmp_path}: a folder, a chain file belongs here"]


def test_a_misspelt_name_gets_a_hint() -> None:
    assert faults("standrad") == [
        "'standrad': no shipped chain; did you mean 'standard'? (or a path that ends in .yaml)"
    ]


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        (["black_level", "tone"], "chain[1]: tone takes a linear frame; here it is mosaic (put demosaic before it)"),
        (["demosaic", "demosaic"], "chain[1]: demosaic takes a mosaic frame; here it is linear"),
        (["demosaic", "tone"], "chain[1]: tone: the samples are counts above a black level; put black_level before it"),
        (["black_level", "demosaic", "tone", "lens"], "chain[3]: lens takes a linear frame; here it is display"),
        (["black_level", "demosaic", "tone", "zebra", "orient"], ""),
        ([{"black_level": {"white_counts": 0}}], "chain[0]: black_level: white 0 is not above black 64"),
    ],
)
def test_an_impossible_order_is_refused_with_the_reason(chain: list[Any], reason: str) -> None:
    if reason:
        (found,) = faults(chain)
        assert found.startswith(reason)
    else:
        load(chain)


@pytest.mark.parametrize(
    ("chain", "reasons"),
    [
        # With the default levels white_balance and exposure would meet no counts, and so are not named.
        (
            [{"black_level": {"white_counts": 0}}, "white_balance", "demosaic", "exposure", "tone",
             {"zebra": {"low": 0.9, "high": 0.1}}],
            ["chain[0]: black_level: white 0 is not above", "chain[5]: zebra: low 0.9 is above high 0.1"],
        ),
        # tone is left out, so that nobody knows what zebra would meet.
        (["demosaic", "tone", "zebra"], ["chain[1]: tone: the samples are counts"]),
        (
            ["black_level", "demosaic", "colour", "colour", "white_balance", "tone", "lens"],
            ["chain[3]: colour: the picture is in srgb already", "chain[4]: white_balance: the picture is in srgb"],
        ),
    ],
)  # fmt: skip
def test_a_stage_that_fails_brings_no_fault_on_the_ones_behind_it(chain: list[Any], reasons: list[str]) -> None:
    found = faults(chain)
    assert len(found) == len(reasons)
    assert all(fault.startswith(reason) for fault, reason in zip(found, reasons, strict=True))


def test_an_impossible_order_in_a_file_has_its_place(tmp_path: Path) -> None:
    (found,) = faults_of("chain:\n  - black_level\n  - tone: {curve: linear}\n", tmp_path)
    assert found.startswith("job.yaml:3:5: chain[1]: tone takes a linear frame")


def test_what_only_some_frames_refuse_is_no_fault_of_the_chain() -> None:
    load(["black_level", "demosaic", {"crop": {"rows": 8000, "cols": 8000}}])
    load([{"black_level": {"black_counts": 4000}}])


def test_the_order_is_left_to_a_caller_with_a_frame() -> None:
    assert names(load(["tone"], is_order_checked=False)) == ["tone"]


# ---- the schema for editors ----
def test_the_schema_knows_every_parameter_with_its_range() -> None:
    made = json.loads(json.dumps(schema()))
    bare, *entries = made["properties"]["chain"]["items"]["anyOf"]
    assert bare["enum"] == list(STAGES)
    by_name = {entry["required"][0]: entry for entry in entries}
    assert list(by_name) == list(STAGES)
    body = by_name["zebra"]["properties"]["zebra"]["anyOf"][0]
    assert body["additionalProperties"] is False
    assert set(body["properties"]) == set(stage("zebra").parameters.__dataclass_fields__)
    high = body["properties"]["high"]
    assert (high["type"], high["minimum"], high["maximum"], high["default"]) == ("number", 0, 1.1, 0.95)
    assert "fraction of white" in high["description"]
    output = made["properties"]["output"]["anyOf"][0]["properties"]
    assert set(output) == set(Output.__dataclass_fields__)


@pytest.mark.parametrize("name", STAGES)
def test_every_default_is_allowed(name: str) -> None:
    from tenbit.pipeline.schema import checked

    parameters = stage(name).parameters
    made, wrong = checked(parameters, load([name], is_order_checked=False).as_record()["chain"][0][name])
    assert not wrong
    assert made == parameters()


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (["demosaic", "tone", "crop", "orient", "zebra"], ["demosaic", "tone", "crop", "resize", "orient", "zebra"]),
        (["demosaic", "tone"], ["demosaic", "tone", "resize"]),
        ([{"resize": {"scale": 0.5, "filter": "box"}}, "demosaic"], ["resize", "demosaic"]),
    ],
)
def test_a_long_edge_goes_into_the_resize_stage(stages: list[Any], expected: list[str]) -> None:
    chain = load(stages, long_edge_px=100, is_order_checked=False)
    assert [link.stage.name for link in chain.links] == expected
    (resize,) = [link.parameters for link in chain.links if link.stage.name == "resize"]
    assert (resize.long_edge_px, resize.scale) == (100, None)
    assert resize.filter == ("box" if len(stages) == len(expected) else type(resize)().filter)


def test_an_override_meets_the_stage_that_a_long_edge_puts_in() -> None:
    chain = load("fast", long_edge_px=100, overrides=["resize.filter=box"])
    (resize,) = [link.parameters for link in chain.links if link.stage.name == "resize"]
    assert (resize.long_edge_px, resize.filter) == (100, "box")


def test_a_stage_put_in_moves_no_place(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("chain:\n  - demosaic\n  - zebra: {high: 2}\n", "utf-8")
    with pytest.raises(ChainError) as caught:
        load(path, long_edge_px=0)
    long, zebra = caught.value.faults
    assert long.startswith("--long-edge 0: chain[1] resize.long_edge_px: 0 is outside 1..")
    assert zebra.startswith(f"{path}:3:19: chain[2] zebra.high: 2")


def test_the_output_is_checked_against_the_format_that_is_settled(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("chain: [black_level, demosaic]\noutput: {format: jpeg, bits: 16}\n", "utf-8")
    assert load(path, format="png").output == Output(format="png", bits=16)
    with pytest.raises(ChainError, match=r"job.yaml:2:30: output.bits: 16 is not possible in jpeg"):
        load(path)
    path.write_text("chain: [black_level]\noutput: jpeg\n", "utf-8")
    with pytest.raises(ChainError, match=r"output: not a mapping"):
        load(path, overrides=["output.bits=8"])
    path.write_text("chain: [black_level, demosaic]\n", "utf-8")
    assert load(path, format="png").output == Output(format="png")
    assert load(["black_level", "demosaic"], format="tiff").output.format == "tiff"
