"""Stages, plans and frames as rows and lines."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tenbit.kernels import STAGES, _cuda, _shared, stage
from tenbit.kernels._facts import Opcode
from tenbit.kernels._schedule import DEFAULT
from tenbit.pipeline.config import load
from tenbit.pipeline.describe import (
    OPTION_COLUMNS,
    PASS_COLUMNS,
    frame_record,
    lines,
    markdown,
    option_rows,
    pass_rows,
    plan_tables,
    table,
)
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import plan


def test_a_row_per_parameter() -> None:
    rows = {row[0]: dict(zip(OPTION_COLUMNS, row, strict=True)) for row in option_rows(stage("zebra").parameters)}
    high = rows["high"]
    assert (high["default"], high["allowed"], high["unit"]) == ("0.95", "a number, 0.0..1.1", "fraction of white")
    assert rows["source"]["allowed"] == "luma, luma_709, luma_601, max"
    gains = next(row for row in option_rows(stage("white_balance").parameters) if row[0] == "gains")
    assert gains[1:3] == ("null", "a list of 3 numbers or null, 0.01..100.0")


def test_markdown_names_every_stage_and_parameter() -> None:
    text = markdown()
    for name in STAGES:
        assert f"\n## {name}\n" in text
        for option in stage(name).parameters.__dataclass_fields__:
            assert f"| `{option}` |" in text
    assert text.endswith("|\n")


def test_passes_tell_what_they_move() -> None:
    frame = Frame.from_mosaic(np.zeros((100, 200), np.uint16), black=64, white=1023)
    what = plan(load(["black_level", {"demosaic": {"method": "bilinear"}}, "tone"]).links, frame.facts, bits=8)
    (row,) = [dict(zip(PASS_COLUMNS, row, strict=True)) for row in pass_rows(what, frame.facts)]
    assert row["steps"].startswith("black_level + demosaic + tone")
    assert (row["access"], row["reads"], row["stored as"]) == ("stencil 1", "mosaic", "uint8")
    assert (row["B/px in"], row["B/px out"], row["size"]) == ("2", "3", "100 x 200")
    assert 0 < int(row["scratch KiB"]) <= DEFAULT.scratch_bytes / 1024
    (row,) = [dict(zip(PASS_COLUMNS, row, strict=True)) for row in pass_rows(what, frame.facts, target="cuda")]
    # one plane of 8 x 32 threads, 2 x 2 pixels each, and a period around them
    assert row["scratch KiB"] == f"{20 * 68 * 4 / 1024:.0f}"


def test_a_packed_mosaic_moves_fewer_bytes() -> None:
    frame = Frame.from_mosaic(np.zeros((100, 200), np.uint16), black=64, white=1023)
    what = plan(load(["black_level", {"demosaic": {"method": "malvar"}}]).links, frame.facts, bits=8, packing="raw10")
    (row,) = [dict(zip(PASS_COLUMNS, row, strict=True)) for row in pass_rows(what, frame.facts, packing="raw10")]
    assert row["B/px in"] == "1.25"


def test_one_table_where_both_targets_do_the_same_passes() -> None:
    frame = Frame.from_mosaic(np.zeros((100, 200), np.uint16), black=64, white=1023)
    what = plan(load(["black_level", {"demosaic": {"method": "malvar"}}]).links, frame.facts, bits=8, packing="raw10")
    (both,) = plan_tables(what, frame.facts, packing="raw10")
    assert "cpu and cuda" in both.title
    (row,) = both.rows
    shown = dict(zip(both.columns, row, strict=True))
    (cpu,), (cuda,) = (pass_rows(what, frame.facts, packing="raw10", target=target) for target in ("cpu", "cuda"))
    assert (shown["scratch KiB"], shown["shared KiB"]) == (cpu[-1], cuda[-1])
    assert shown["B/px in"] == "1.25"
    assert cpu[-1] != cuda[-1]


def test_a_table_per_target_where_a_block_holds_less_than_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_shared, "SHARED_BYTES", 16 * 1024)
    frame = Frame.from_mosaic(np.zeros((100, 200), np.uint16), black=64, white=1023)
    what = plan(load("monitor").links, frame.facts, bits=8)
    assert len(what.cuda_passes) > len(what.passes)
    cpu, cuda, after = plan_tables(what, frame.facts)
    assert after.rows == [
        ("measures", "exposure_advice"),
        ("paints", "unpack + seen + zebra.paint + quantise"),
        ("draws", "peaking, histogram (bottom-right)"),
    ]
    assert (cpu.title.split(";")[0], cuda.title.split(";")[0]) == ("cpu", "cuda")
    assert (len(cpu.rows), len(cuda.rows)) == (len(what.passes), len(what.cuda_passes))
    assert (cpu.columns[-1], cuda.columns[-1]) == ("scratch KiB", "shared KiB")
    assert [row[-1] for row in cuda.rows] == [f"{_cuda.shared_bytes(work) / 1024:.0f}" for work in what.cuda_passes]


def test_planes_of_a_pass_before_are_read_as_they_are_stored() -> None:
    frame = Frame.from_mosaic(np.zeros((1000, 1000), np.uint16), black=64, white=1023)
    what = plan(load(["black_level", {"demosaic": {"method": "malvar"}}]).links, frame.facts, fuse=False)
    first, second = [dict(zip(PASS_COLUMNS, row, strict=True)) for row in pass_rows(what, frame.facts)]
    assert (first["B/px in"], first["B/px out"], first["MB"]) == ("2", "4", "6")
    assert (second["B/px in"], second["B/px out"], second["MB"]) == ("4", "12", "16")


def test_a_frame_as_json_and_as_lines() -> None:
    frame = Frame.from_mosaic(np.arange(12).reshape(3, 4), black=(1, 2, 3, 4), white=1023, color_matrix=np.eye(3))
    gain = Opcode(2, "GainMap", {"gains": np.linspace(1, 2, 400), "raw": b"abc", "top": np.int64(3)})
    facts = frame.facts.__class__(**{**vars(frame.facts), "opcodes": (gain,)})
    record = json.loads(json.dumps(frame_record(Frame(frame.samples, facts))))
    assert record["samples"] == {"shape": [3, 4], "dtype": "uint16", "least": 0, "largest": 11}
    assert record["facts"]["cfa"] == "RGGB"
    assert record["facts"]["opcodes"][0]["parameters"] == {
        "gains": {"shape": [400], "least": 1.0, "largest": 2.0},
        "raw": "3 bytes",
        "top": 3,
    }
    text = "\n".join(lines(record))
    assert "  black: 1, 2, 3, 4\n" in text
    assert "    color_matrix1: [1, 0, 0], [0, 1, 0], [0, 0, 1]\n" in text
    assert "      name: GainMap\n" in text
    assert "neutral" not in text


def test_a_table_is_whole_unless_a_width_is_given() -> None:
    rows = [("a", "word " * 60), ("[b]", "2")]
    whole = table(("name", "what"), rows)
    assert len(whole.splitlines()) == 4
    assert "[b]" in whole
    assert max(map(len, table(("name", "what"), rows, width=60).splitlines())) <= 60
    # A name wraps as its cells do: no letter of it is lost.
    narrow = table(("scratch KiB", "what"), rows, width=60).split()
    assert {"scratch", "KiB"} <= set(narrow)
