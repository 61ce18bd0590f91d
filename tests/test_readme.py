"""What the README says is so: its code runs and prints what it shows, its table is the registry's, the examples run."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_mle
from benchmarks.report import remembered, with_speed
from sklearn_mle.links import LINKS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = ["pip install -e . && python examples/quickstart.py", 'pip install -e ".[test]" && pytest']
# Objects of a class that is listed, what functions return, and a dict.
NOT_LISTED = {"metrics.log_score", "metrics.neg_crps", "metrics.Scorer", "metrics.Comparison", "solvers.SOLVERS"}
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# A fenced block of python, and the block of text right after it, if there is one: what it prints.
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)

# The first command installs no extras: what they bring must not be needed, except by what draws.
EXTRAS = ["pandas", "polars", "pyarrow", "statsmodels", "matplotlib", "mpmath", "formulaic"]
PLOT = ["matplotlib", "pandas"]
NEEDED = {
    "larger_than_memory.py": ["pandas", "pyarrow"],
    "plot_doctor_visits.py": [*PLOT, "statsmodels"],
    "plot_formulas.py": [*PLOT, "formulaic"],
}
WITHOUT_EXTRAS = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[2:]:
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Missing())
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def fenced(text):
    """The contents of all fenced blocks."""
    return re.findall(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_two_commands_stand_alone_under_their_heading():
    (section,) = re.findall(r"^## The two commands\n(.*?)^## ", README, re.DOTALL | re.MULTILINE)
    assert [block.strip() for block in fenced(section)] == COMMANDS


def run(script, extras=()):
    """What a script prints, without warnings, where only the package, what it depends on and these are installed."""
    shown_to_nobody = {"MPLBACKEND": "Agg", "PYTHONWARNINGS": "ignore:FigureCanvasAgg is non-interactive"}
    env = {**os.environ, **shown_to_nobody, "PYTHONPATH": str(ROOT)}
    missing = [name for name in EXTRAS if name not in extras]
    command = [sys.executable, "-c", WITHOUT_EXTRAS, str(script), *missing]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_python_blocks_run_in_order_and_print_what_is_shown(tmp_path):
    blocks = BLOCK.findall(README)
    assert len(blocks) == README.count("```python")
    script = tmp_path / "readme.py"
    script.write_text("print('<end>')\n".join(code for code, _ in blocks), encoding="utf-8")
    assert run(script).split("<end>\n") == [shown for _, shown in blocks]


def test_the_table_of_likelihoods_is_the_registry():
    spec = importlib.util.spec_from_file_location("likelihood_table", ROOT / "docs" / "likelihood_table.py")
    likelihood_table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(likelihood_table)
    assert likelihood_table.with_table(README) == README, "run python docs/likelihood_table.py"


def test_the_table_of_speed_is_what_was_measured():
    measured = remembered(ROOT / "docs" / "benchmarks.json")
    assert with_speed(README, measured) == README, "run python -m benchmarks --markdown docs/benchmarks.md NAME"


def test_the_reference_lists_all_public_names():
    listed = set(re.findall(r"^   (\w[\w.]*)$", (ROOT / "docs" / "api.rst").read_text(encoding="utf-8"), re.MULTILINE))
    public = set(sklearn_mle.__all__)
    for room in ("displays", "exceptions", "metrics", "residuals", "solvers"):
        public |= {f"{room}.{name}" for name in importlib.import_module(f"sklearn_mle.{room}").__all__}
    public |= {f"links.{link.__name__}" for link in LINKS.values()}
    assert public - listed == NOT_LISTED, "list them in docs/api.rst"


def test_links_lead_to_files_and_headings():
    titles = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    headings = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in headings
        elif "://" not in target:
            assert (ROOT / target).exists(), target
            assert not target.endswith(".png") or (ROOT / target).stat().st_size < 150_000


def seconds_of_children():
    """Processor time of all finished child processes: unlike the clock, it does not count what else is running."""
    times = os.times()
    return times.children_user + times.children_system


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run(example):
    began = seconds_of_children()
    assert not re.search(
        r"\b(nan|inf)\b", run(example, NEEDED.get(example.name, PLOT if example.name.startswith("plot_") else ()))
    )
    assert seconds_of_children() - began < 30  # what is promised of the quick start; none takes more than 15


def test_examples_are_gallery_scripts():
    for example in EXAMPLES:
        first, title, underline, *_ = example.read_text(encoding="utf-8").splitlines()
        assert first == '"""' and set(underline) == {"="} and len(underline) >= len(title), example.name
        assert f"examples/{example.name}" in README
