"""``tenbit lenses import``: a file of another program becomes a profile of the user's."""

import json

import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.pipeline.lenses import catalogue
from tenbit.pipeline.lenses.files import load_profile

SLUG = "summilux-m-35-1.4-asph-fle"
LCP = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <rdf:Description xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
   xmlns:stCamera="http://ns.adobe.com/photoshop/1.0/camera-profile">
  <photoshop:CameraProfiles><rdf:Seq><rdf:li><rdf:Description stCamera:Lens="Lens 1:2/36" stCamera:FocalLength="36"
     stCamera:ApertureValue="2">
   <stCamera:PerspectiveModel stCamera:FocalLengthX="1" stCamera:RadialDistortParam1="-0.1" stCamera:ScaleFactor="0.9"/>
  </rdf:Description></rdf:li></rdf:Seq></photoshop:CameraProfiles>
 </rdf:Description></rdf:RDF></x:xmpmeta>
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The user's folder of profiles; a lens profile lies in the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "My lens.lcp").write_text(LCP)
    return tmp_path / "own"


def imported(*arguments):
    return CliRunner().invoke(commands, ["lenses", "import", *arguments], catch_exceptions=False)


def test_for_files_that_name_the_lens(own):
    result = imported("My lens.lcp")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "24 x 36 mm: distortion of 1 frame",
        f"{own / 'my-lens.yaml'}: for files that name 'Lens 1:2/36'; --lens gives it to a lens of the catalogue",
    ]
    assert result.stderr == "note: left out: a scale of the whole picture, which straightens nothing\n"
    assert (own / "my-lens.yaml").read_text().startswith("# Imported from My lens.lcp.\n# left out: a scale of")
    (entry,) = load_profile(own / "my-lens.yaml").measurements[0].distortion
    assert (entry.terms, entry.f_number, entry.unit_mm) == ((-0.1, 0, 0, 0, 0), 2, pytest.approx(36, abs=1e-3))
    assert "my-lens" in catalogue.slugs()


def test_for_a_lens_of_the_catalogue(own):
    assert imported("My lens.lcp", "--lens", "summilux 35 fle", "--aperture-is", "f-number").exit_code == 0
    (path,) = own.iterdir()
    assert path.name == f"{SLUG}-lcp.yaml"
    profile = load_profile(path)
    assert profile.lenses == (SLUG,)
    assert path in [found for found, _ in catalogue.profiles_for(SLUG)]


def test_a_file_that_is_there_is_kept(own):
    assert imported("My lens.lcp").exit_code == 0
    before = (own / "my-lens.yaml").read_text()
    again = imported("My lens.lcp", "--sensor", "1-inch")
    assert again.exit_code == 2
    assert "my-lens.yaml exists already; --overwrite replaces" in again.stderr
    assert (own / "my-lens.yaml").read_text() == before
    assert imported("My lens.lcp", "--sensor", "1-inch", "--overwrite").exit_code == 0
    assert (own / "my-lens.yaml").read_text() != before


def test_another_place(own):
    result = imported("My lens.lcp", "-o", "else/where.yaml")
    assert result.exit_code == 0
    assert "else/where.yaml: for files developed with --lens else/where.yaml" in result.stdout
    assert not own.exists()


def test_a_cpf_and_a_json(own):
    equations = "".join(f"color {n} equation 0 1 -0.1\n" for n in range(4))
    (own.parent / "a.cpf").write_text(f"profile_version 1\n{equations}")
    assert "light left in the corner" in imported("a.cpf", "--sensor", "36x24", "--unit-mm", "20").stdout
    told = {
        "camera_model": "FX6",
        "calib_dimension": {"w": 4, "h": 2},
        "fisheye_params": {"camera_matrix": [[4, 0, 1.5], [0, 4, 0.5], [0, 0, 1]], "distortion_coeffs": [0, 0, 0, 0]},
    }
    (own.parent / "b.json").write_text(json.dumps(told))
    result = imported("b.json")
    assert result.stdout.splitlines()[0] == "distortion (fisheye) of 35.6 mm, to 19.9 mm"
    assert "--lens b; --lens here gives it to a lens of the catalogue" in result.stdout
    assert sorted(path.name for path in own.iterdir()) == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.lcp"], "none.lcp: cannot be read: No such file or directory"),
        (["a.xml"], "a.xml: .lcp, .cpf, .json are imported"),
        (["My lens.lcp", "-o", "a.txt"], "--output: a.txt is no .yaml file"),
        (["My lens.lcp", "--lens", "none"], "--lens: none is no lens that a profile could be for"),
        (["My lens.lcp", "--lens", "noctilux 77"], "no such lens"),
        (["broken.lcp"], "broken.lcp:1:1: no XML: syntax error"),
        (["a.cpf"], "no CornerFix profile: no profile_version in it"),
    ],
)
def test_each_fault_is_one_line(own, arguments, said):
    (own.parent / "broken.lcp").write_text("broken")
    (own.parent / "a.cpf").write_text("broken")
    result = imported(*arguments)
    assert result.exit_code not in (0, None)
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not own.exists()
