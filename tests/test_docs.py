"""What the site says is so: its code runs and prints what it shows; its generated pages cover what is public."""

import ast
import doctest
import importlib
import importlib.util
import pkgutil
import re
import sys
import tomllib
import warnings
from email.message import Message
from functools import reduce
from pathlib import Path

import pytest

import sklearn_mle
from sklearn_mle import (
    Censored,
    Gaussian,
    Hurdle,
    MLEClassifier,
    MLEClassifierCV,
    MLERegressor,
    MLERegressorCV,
    Truncated,
    ZeroInflated,
    documentation,
)
from sklearn_mle.likelihoods import LIKELIHOODS
from sklearn_mle.metrics import LogScore, NegCRPS, NegIntervalScore
from sklearn_mle.solvers import SOLVERS

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(path for folder in ("guide", "howto") for path in (DOCS / folder).glob("*.rst") if path.stem != "index")

# The names that the reference lists (test_readme.py: all public ones), and the modules whose docstrings have examples.
REFERENCE = re.findall(r"^   (\w[\w.]*)$", (DOCS / "api.rst").read_text(encoding="utf-8"), re.MULTILINE)
MODULES = [
    module.name
    for module in pkgutil.walk_packages(sklearn_mle.__path__, "sklearn_mle.")
    if ">>> " in Path(importlib.util.find_spec(module.name).origin).read_text(encoding="utf-8")
]

# Of LaTeX, as MathJax knows them.
MACROS = set(
    "Gamma Bigl Bigr alpha binom eta exp frac lVert log max mu nu phi pi quad rVert rho sigma sim sqrt sum text "
    "tfrac".split()
)


class Shown(doctest.OutputChecker):
    """What a page shows is compared; what it does not show, such as the artist that a call returns, may be anything."""

    def check_output(self, want, got, optionflags):
        return not want or super().check_output(want, got, optionflags)


@pytest.fixture
def pyplot():
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_run_and_print_what_they_show(page, pyplot):
    test = doctest.DocTestParser().get_doctest(page.read_text(encoding="utf-8"), {}, page.stem, str(page), 0)
    assert test.examples
    report = []
    doctest.DocTestRunner(Shown(), verbose=False).run(test, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("name", REFERENCE)
def test_every_public_docstring_has_an_example(name):
    docstring = reduce(getattr, name.split("."), sklearn_mle).__doc__
    assert re.search(r"^ *Examples\n *--------\n *>>> ", docstring, re.MULTILINE)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_docstrings_run_and_print_what_they_show(module, pyplot):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # an example that warns teaches it
        assert doctest.testmod(importlib.import_module(module)).failed == 0


def declares(monkeypatch, *urls):
    """Let the package declare these addresses."""
    declared = Message()
    for url in urls:
        declared["Project-URL"] = url
    monkeypatch.setattr(documentation.metadata, "metadata", lambda name: declared)
    documentation.site.cache_clear()


@pytest.fixture
def forget():
    yield
    documentation.site.cache_clear()


@pytest.mark.usefixtures("forget")
def test_the_html_of_objects_links_to_their_pages_in_the_reference(monkeypatch):
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declares(monkeypatch, "Source, https://elsewhere", f"Documentation, {project['urls']['Documentation']}")
    address = re.escape(project["urls"]["Documentation"]) + r"generated/sklearn_mle\.([\w.]+)\.html"
    kinds = [MLERegressor, MLEClassifier, MLERegressorCV, MLEClassifierCV, ZeroInflated, Hurdle, Truncated, Censored]
    kinds += [*LIKELIHOODS.values(), *SOLVERS.values(), LogScore, NegCRPS, NegIntervalScore]
    for kind in kinds:
        pages = set(re.findall(address, kind()._repr_html_()))
        assert len(pages) == 1 and pages.pop() in REFERENCE, kind


@pytest.mark.usefixtures("forget")
def test_without_an_address_or_a_page_there_is_no_link(monkeypatch):
    class Own(Gaussian):
        pass

    declares(monkeypatch, "Documentation, https://site/")
    assert "https://site/" in MLERegressor()._repr_html_() and "https://site/" not in Own()._repr_html_()
    declares(monkeypatch)
    assert "generated/sklearn_mle" not in MLERegressor()._repr_html_()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_are_an_equation_code_and_a_picture(page):
    text = page.read_text(encoding="utf-8")
    assert ".. plot::\n   :context: close-figs\n\n" in text
    assert ".. math::" in text or page.stem in {"choose_family", "separation", "own_likelihood"}
    index = (page.parent / "index.rst").read_text(encoding="utf-8")
    assert f"   {page.stem}\n" in index and f"/{page.stem}-1.png" in index


def module(name):
    """A module of docs/, which is no package."""
    sys.path.insert(0, str(DOCS))
    try:
        spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
        found = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found)
        return found
    finally:
        sys.path.remove(str(DOCS))


def test_every_family_has_a_section_with_its_density():
    families = module("families")
    assert set(families.DENSITIES) == set(LIKELIHOODS)
    macros = {macro for density in families.DENSITIES.values() for macro in re.findall(r"\\([A-Za-z]+)", density)}
    assert macros <= MACROS  # any other would be shown in red
    page = families.page()
    for name, family in LIKELIHOODS.items():
        assert f".. _family-{name}:" in page and f"\n{family.__name__}\n" in page


def test_code_in_the_tables_of_equivalents_is_python():
    table = (DOCS / "equivalents.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^   \* - (.*)\n     - (.*)\n     -", table, re.MULTILINE)
    assert len(rows) > 40
    for code in re.findall(r"``(MLE.*?)``", "\n".join(ours for _, ours in rows)):
        calls = [node.func for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
        for call in calls:
            assert isinstance(call, ast.Attribute) or hasattr(sklearn_mle, call.id), code
