"""Lists of defective sites: pairs, text, files, and what is none of them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.raw import read
from tenbit.pipeline.raw.camera import check_camera
from tenbit.pipeline.raw.defects import DefectList, defects_from, load_defects, sites_of


@pytest.mark.parametrize("value", [[[12, 40], [7, 9]], "12 40\n7 9\n", "12 40 7 9"])
def test_pairs(value: object) -> None:
    assert sites_of(value).tolist() == [[12, 40], [7, 9]]


@pytest.mark.parametrize("value", [[], "", " \n"])
def test_no_pairs(value: object) -> None:
    assert sites_of(value).shape == (0, 2)


@pytest.mark.parametrize("value", [[1, 2, 3], "1 2 3", [[1, "a"]], [[1.5, 2]], 7, {"row": 1}, [[True, 1]]])
def test_what_is_no_pair(value: object) -> None:
    with pytest.raises(ReadError, match=r"x: defects: pairs of row and column belong there"):
        sites_of(value, "x: ")
    with pytest.raises(ReadError, match=r"defects: -1 is below 0"):
        sites_of([[-1, 2]])


def test_a_camera_file_names_a_list_beside_it(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("rows: 2\ncols: 4\ndefects: |\n  1 2\n", "utf-8")
    (tmp_path / "camera.yaml").write_text(
        "rows: 2\ncols: 4\npacking: u16\nwhite: 1023\ncfa: RGGB\ndefects: list.yaml\n", "utf-8"
    )
    (tmp_path / "a.raw").write_bytes(np.arange(8, dtype="<u2").tobytes())
    frame = read(tmp_path / "a.raw", camera=tmp_path / "camera.yaml")
    assert frame.facts.defects is not None
    assert frame.facts.defects.tolist() == [[1, 2]]
    assert load_defects(tmp_path / "camera.yaml").sites.tolist() == [[1, 2]]
    (tmp_path / "list.yaml").unlink()
    with pytest.raises(ReadError, match=r"list\.yaml: a YAML file with a list of defects belongs here"):
        check_camera(tmp_path / "camera.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rows: 3\n", "has no defects"),
        ("- 1\n", "a mapping with a list"),
        ("a: [\n", "flow"),
        ("defects: 3\n", "pairs"),
    ],
)
def test_files_without_a_list(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "list.yaml").write_text(text, "utf-8")
    with pytest.raises(RequestError, match=rf"--defects: list\.yaml: .*{said}"):
        defects_from(str(tmp_path / "list.yaml"))
    assert defects_from(None) is None


def test_sites_join_those_that_a_frame_knows() -> None:
    frame = Frame.from_mosaic(np.zeros((4, 6), np.uint16))
    once = DefectList(np.array([[1, 2], [3, 4]])).on(frame)
    twice = DefectList(np.array([[0, 5], [1, 2]]), rows=4, cols=6).on(once)
    assert twice.facts.defects is not None
    assert twice.facts.defects.tolist() == [[0, 5], [1, 2], [3, 4]]
    with pytest.raises(ReadError, match="defects is for frames of 8 columns; this one has 6"):
        DefectList(np.zeros((0, 2), int), cols=8).on(frame)


@pytest.mark.parametrize("names", [("list", "list"), ("list", "other", "list")])
def test_a_list_that_leads_back_to_itself(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name, following in itertools.pairwise(names):
        (tmp_path / f"{name}.yaml").write_text(f"defects: {following}.yaml\n", "utf-8")
    with pytest.raises(RequestError, match=r"^--defects: list\.yaml: its list of defects leads back to itself$"):
        defects_from(str(tmp_path / "list.yaml"))


def test_brackets_without_end(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("defects: " + "[" * 5000, "utf-8")
    with pytest.raises(RequestError, match=r"^--defects: list\.yaml: nested too deeply for a list of defects$"):
        defects_from(str(tmp_path / "list.yaml"))
