"""``tenbit profile report``: files in, one page out."""

import json

import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.pipeline.profile.parts import Ceilings, First, PassProfile, Timing
from tenbit.pipeline.profile.record import Profile

TABLE = """\
point,chain,device,frame,demosaic.method,status,error,notes,rounds,median_s,low_s,high_s,is_conclusive,mp_per_s,megapixels,experiment
a1,fast,cpu,12mp,bilinear,done,,,5,0.012,0.0119,0.0121,true,1048.3,12.58,methods
a2,fast,cpu,12mp,malvar,done,,slow & old,5,0.017,0.015,0.019,false,740,12.58,methods
a3,fast,cpu,12mp,none,failed,no <such> method,,0,,,,,,12.58,methods
"""


@pytest.fixture
def run(here):
    def call(*arguments, code=0):
        result = CliRunner().invoke(commands, ["profile", "report", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def saved(here):
    timing = Timing(((0.010, 0.011, 0.012),), ((0.02, 0.02, 0.02),))
    one = PassProfile(("black_level", "tone"), "point", 64, 64, 8192.0, 12288.0, 250_000.0, timing)
    made = Profile(
        "small", {"name": "small"}, {"name": "a.dng", "rows": 64, "cols": 64}, "cpu", "cpu", 2, {"cpu": "x"}, {}, None,
        "exact", Ceilings(1e10, 1e11), 40_000, 90_000_000, First(0.5, 1, 0.4, 0, 0.0), timing, timing,
            timing, (one,),
    )  # fmt: skip
    path = here / "small.json"
    path.write_text(made.as_json(), "utf-8")
    return path


def test_profiles_and_tables_on_one_page(run, here, saved):
    (here / "methods.csv").write_text(TABLE, "utf-8")
    result = run("small.json", "methods.csv", "--title", "Mine & yours")
    assert result.stdout.startswith("report.html  1 profile, 1 experiment, ")
    text = (here / "report.html").read_text("utf-8")
    assert "<title>Mine &amp; yours</title>" in text
    assert "Roofline of small" in text
    assert "1 of 3 points failed" in text
    assert "failed: no &lt;such&gt; method" in text
    assert "slow &amp; old" in text
    assert "report.html exists already; --overwrite replaces" in run("small.json", code=2).stderr
    run("small.json", "--overwrite")
    assert "methods" not in (here / "report.html").read_text("utf-8")


def test_parquet_is_the_same_table(run, here):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    csv = pytest.importorskip("pyarrow.csv")
    (here / "methods.csv").write_text(TABLE, "utf-8")
    options = csv.ConvertOptions(strings_can_be_null=True, column_types={"median_s": pa.float64()})
    parquet.write_table(csv.read_csv(here / "methods.csv", convert_options=options), here / "methods.parquet")
    run("methods.csv", "-o", "csv.html")
    run("methods.parquet", "-o", "parquet.html")
    assert (here / "csv.html").read_bytes() == (here / "parquet.html").read_bytes()


def test_files_that_are_none(run, here, saved, monkeypatch):
    (here / "other.csv").write_text("a,b\n1,2\n", "utf-8")
    (here / "empty.csv").write_text("", "utf-8")
    (here / "broken.csv").write_bytes(b"\xff\xfe\x00")
    (here / "broken.parquet").write_bytes(b"no")
    (here / "other.json").write_text(json.dumps({"kind": "x"}), "utf-8")
    for name, message in {
        "other.csv": "other.csv: not a table of an experiment; tenbit profile experiment writes one",
        "empty.csv": "empty.csv: not a table of an experiment; tenbit profile experiment writes one",
        "broken.csv": "broken.csv: not a table; tenbit profile experiment writes one",
        "broken.parquet": "broken.parquet: not a table; tenbit profile experiment writes one",
        "none.csv": "none.csv: No such file or directory",
        "none.json": "none.json: No such file or directory; a profile is what tenbit profile --save writes",
        "other.json": "other.json: not a profile; tenbit profile --save writes one",
    }.items():
        assert run(name, code=2).stderr.strip() == message
    monkeypatch.setattr("tenbit.pipeline.profile.page.read.find_spec", lambda name: None)
    wanted = "broken.parquet: Parquet needs pyarrow: pip install 'tenbit[profile]'"
    assert run("broken.parquet", code=2).stderr.strip() == wanted
    assert not (here / "report.html").exists()
    own = run("other.json", "-o", "other.json", "--overwrite", code=2).stderr
    assert "other.json is one of the files that the page is made of" in own
