"""What the README says is so: its code runs and prints what it shows, its table is the registry's, the examples run."""

import contextlib
import importlib.util
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = ["pip install -e . && python examples/quickstart.py", 'pip install -e ".[test]" && pytest']
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# A fenced block of python, and the block of text right after it, if there is one: what it prints.
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)


def fenced(text):
    """The contents of all fenced blocks."""
    return re.findall(r"^```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_two_commands_stand_alone_under_their_heading():
    (section,) = re.findall(r"^## The two commands\n(.*?)^## ", README, re.DOTALL | re.MULTILINE)
    assert [block.strip() for block in fenced(section)] == COMMANDS


def test_python_blocks_run_in_order_and_print_what_is_shown():
    namespace = {"__name__": "readme"}
    blocks = list(BLOCK.finditer(README))
    assert len(blocks) == README.count("```python")
    for block in blocks:
        code, shown = block.groups()
        line = README.count("\n", 0, block.start(1)) + 1
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile("\n" * (line - 1) + code, "README.md", "exec"), namespace)
        assert printed.getvalue() == (shown or ""), f"README.md:{line}"


def test_the_table_of_likelihoods_is_the_registry():
    spec = importlib.util.spec_from_file_location("likelihood_table", ROOT / "docs" / "likelihood_table.py")
    likelihood_table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(likelihood_table)
    assert likelihood_table.with_table(README) == README, "run python docs/likelihood_table.py"


def test_links_lead_to_files_and_headings():
    titles = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    headings = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in headings
        elif "://" not in target:
            assert (ROOT / target).exists(), target


def seconds_of_children():
    """Processor time of all finished child processes: unlike the clock, it does not count what else is running."""
    times = os.times()
    return times.children_user + times.children_system


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run_in_silence(example):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = seconds_of_children()
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, cwd=ROOT, env=env, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no warnings
    assert not re.search(r"\b(nan|inf)\b", done.stdout)
    assert seconds_of_children() - began < 30  # what is promised of the quick start; all take about 6


def test_examples_are_gallery_scripts():
    for example in EXAMPLES:
        first, title, underline, *_ = example.read_text(encoding="utf-8").splitlines()
        assert first == '"""' and set(underline) == {"="} and len(underline) >= len(title), example.name
        assert f"examples/{example.name}" in README
