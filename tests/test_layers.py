"""Imports point down: DESIGN section 2, read off the syntax tree of every file."""

import ast
import graphlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "sklearn_mle"

# The storeys of the house. A room imports itself and any room of a lower line, unless NARROWER says less; rooms of one
# line do not know each other.
STOREYS = """
    displays
    inference metrics residuals
    estimators checks
    solvers objective rows separation
    likelihoods
    links jets distributions penalty design
    exceptions names documentation
"""
NARROWER = {
    "solvers": "exceptions documentation",  # an Objective is handed to them, they know nothing else
    "rows": "design exceptions",  # they never see likelihoods
    "likelihoods": "links jets distributions exceptions names documentation",  # they never see X or W
}
# One arrow within a line: links are made of ufuncs, and those that derivatives flow through are in jets.
BESIDE = {"links": "jets"}

PEERS = {"statsmodels", "glum", "ngboost", "skpro", "skglm", "pandas", "polars", "dask", "distributed", "matplotlib"}
MAY_BE_GUARDED = {"matplotlib"}  # at module level inside try ... except ImportError


def arrows():
    """{room: the rooms it may import}."""
    storeys = [line.split() for line in STOREYS.strip().splitlines()]
    allowed = {}
    for i, storey in enumerate(storeys):
        below = " ".join(room for lower in storeys[i + 1 :] for room in lower)
        for room in storey:
            allowed[room] = {room, *NARROWER.get(room, below).split(), *BESIDE.get(room, "").split()}
    return allowed


ARROWS = arrows()


# --- the syntax tree ---


def sources(package):
    """(path, parts, tree) of every file: sklearn_mle/solvers/newton.py has parts ("solvers", "newton")."""
    for path in sorted(package.rglob("*.py")):
        yield path, path.relative_to(package).with_suffix("").parts, ast.parse(path.read_bytes(), str(path))


def last_word(node):
    """`b` of the expressions b and a.b; None of any other."""
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", None)


def absolute(parts, level, dotted):
    """The parts of a module's full name, from its name with `level` leading dots in the file `parts`."""
    home = ("sklearn_mle", *parts[:-1])
    return (*(home[: len(home) + 1 - level] if level else ()), *filter(None, dotted.split(".")))


def imports(nodes, parts):
    """(line, parts of the full name) of all that the nodes import; `from a import b` is a.b, module or not."""
    for node in nodes:
        match node:
            case ast.Import():
                for alias in node.names:
                    yield node.lineno, absolute(parts, 0, alias.name)
            case ast.ImportFrom():
                for alias in node.names:
                    yield node.lineno, (*absolute(parts, node.level, node.module or ""), alias.name)
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
                if last_word(func) in {"import_module", "__import__"}:
                    dotted = name.lstrip(".")
                    yield node.lineno, absolute(parts, len(name) - len(dotted), dotted)


def run_at_import(node, guarded=False):
    """(node, guarded) of all that runs when the module is imported: no function bodies, no `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                pass
            case ast.If(test=test, orelse=orelse) if last_word(test) == "TYPE_CHECKING":
                yield from run_at_import(ast.Module(orelse, []), guarded)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                caught = {name for handler in handlers for name in named(handler.type)}
                guards = not caught.isdisjoint({"ImportError", "ModuleNotFoundError"})
                yield from run_at_import(ast.Module(body, []), guarded or guards)
                yield from run_at_import(ast.Module([*handlers, *orelse, *finalbody], []), guarded)
            case _:
                yield child, guarded
                yield from run_at_import(child, guarded)


def named(node):
    """The names in `A`, `m.A`, `"A"`, `(A, B)` and `A | B`."""
    match node:
        case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
            return {name for element in elts for name in named(element)}
        case ast.BinOp(left=left, right=right):
            return named(left) | named(right)
        case ast.Constant(value=str(value)):
            return {value}
    return {last_word(node)} - {None}


# --- the three rules; each returns its violations, a sentence each ---


def arrows_up(package):
    """Files that belong to no room, and imports that do not point down."""
    found = []
    for path, parts, tree in sources(package):
        room = parts[0]
        if parts == ("__init__",):
            continue  # it states the public names and may import all
        if room not in ARROWS:
            found.append(f"{path} belongs to no room of DESIGN section 2; the rooms are {', '.join(ARROWS)}.")
            continue
        for line, name in imports(ast.walk(tree), parts):
            if name[0] != "sklearn_mle" or name == ("sklearn_mle", "__version__"):
                continue  # the version is a number, not a room: pickles carry it
            target = name[1] if name[1:2] and name[1] in ARROWS else ".".join(name)
            if target not in ARROWS[room]:
                may = ", ".join(sorted(ARROWS[room] - {room})) or "no other room"
                found.append(f"{path}:{line}: {room} imports {target}; it may import {may}.")
    return list(dict.fromkeys(found))


def peers_at_import(package):
    """Peers and optional packages that `import sklearn_mle...` would import as well: move them into the function."""
    return [
        f"{path}:{line}: {name[0]} is imported with the module; import it inside the function that needs it."
        for path, parts, tree in sources(package)
        for node, guarded in run_at_import(tree)
        for line, name in imports([node], parts)
        if name[0] in PEERS and not (guarded and name[0] in MAY_BE_GUARDED)
    ]


def families(package):
    """Names of the concrete likelihoods: all that descend from Likelihood, except the protocols in base.py."""
    bases, protocols = {}, set()
    for _, parts, tree in sources(package / "likelihoods"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {last_word(base) for base in node.bases}
                if parts == ("base",):
                    protocols.add(node.name)
    kin = {"Likelihood"}
    while more := {name for name, above in bases.items() if above & kin} - kin:
        kin |= more
    return kin - protocols - {"Likelihood"}


def class_tests(package):
    """Code outside likelihoods/ that asks for a family by its class: a missing method on the base is the cure."""
    names = families(package)
    found = []
    for path, parts, tree in sources(package):
        if parts[0] == "likelihoods":
            continue
        renamed = {
            alias.asname: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.asname
        }
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=func, args=[_, classes]) if last_word(func) in {"isinstance", "issubclass"}:
                    asked = named(classes)
                case ast.Compare(left=left, comparators=comparators):  # type(x) is A, type(x).__name__ == "A"
                    asked = {name for operand in [left, *comparators] for name in named(operand)}
                case ast.MatchClass(cls=cls):
                    asked = named(cls)
                case _:
                    continue
            for name in sorted(names & {renamed.get(name, name) for name in asked}):
                found.append(f"{path}:{node.lineno}: asks for {name} by its class; ask a method of Likelihood.")
    return found


# --- the package ---


@pytest.mark.parametrize("rule", [arrows_up, peers_at_import, class_tests])
def test_the_package_keeps(rule):
    violations = rule(PACKAGE)
    assert not violations, "\n".join(violations)


def test_the_package_is_found():
    assert any(sources(PACKAGE))


def test_arrows_make_no_circle():
    graphlib.TopologicalSorter({room: allowed - {room} for room, allowed in ARROWS.items()}).prepare()


# --- the rules, on houses with one fault each ---


@pytest.fixture
def house(tmp_path):
    """Builds a package of {path: source} around two rooms that are in order."""

    def build(files):
        package = tmp_path / "sklearn_mle"
        sound = {
            "__init__.py": "__version__ = '0'\nfrom .estimators import M\nfrom .likelihoods import Poisson\n",
            "likelihoods/__init__.py": "from .base import Likelihood\nfrom .counts import Poisson\n",
            "likelihoods/base.py": "class Likelihood: ...\nclass LabelLikelihood(Likelihood): ...\nclass Support: ...",
            "likelihoods/counts.py": "from . import base\nclass Poisson(base.Likelihood): ...\nclass Zip(Poisson): ...",
            "likelihoods/labels.py": "from .base import LabelLikelihood\nclass Bernoulli(LabelLikelihood): ...\n",
        }
        for path, source in (sound | files).items():
            (package / path).parent.mkdir(parents=True, exist_ok=True)
            (package / path).write_text(source)
        return package

    return build


DOWN = """
    displays>inference displays>metrics displays>residuals displays>estimators displays>links
    inference>estimators metrics>estimators residuals>estimators inference>objective metrics>distributions
    estimators>solvers estimators>objective estimators>rows estimators>separation estimators>likelihoods
    estimators>design estimators>penalty checks>solvers checks>objective checks>likelihoods checks>jets
    objective>likelihoods objective>design objective>penalty rows>design
    likelihoods>links likelihoods>jets likelihoods>distributions links>jets
    solvers>exceptions rows>exceptions likelihoods>exceptions separation>exceptions design>exceptions
""".split()
UP = """
    exceptions>links jets>links design>penalty design>rows penalty>objective distributions>likelihoods
    likelihoods>design likelihoods>penalty likelihoods>objective likelihoods>estimators likelihoods>checks
    rows>likelihoods rows>objective rows>penalty rows>links rows>solvers
    objective>solvers objective>rows objective>estimators separation>solvers
    solvers>objective solvers>rows solvers>likelihoods solvers>design solvers>penalty solvers>separation
    estimators>inference estimators>metrics estimators>checks estimators>displays checks>estimators
    inference>metrics metrics>residuals metrics>displays
""".split()


@pytest.mark.parametrize("arrow", [*DOWN, *UP])
def test_the_arrows_are_those_of_the_design(house, arrow):
    room, target = arrow.split(">")
    violations = arrows_up(
        house({f"{room}.py" if room != "likelihoods" else f"{room}/real.py": f"import sklearn_mle.{target}"})
    )
    if arrow in DOWN:
        assert violations == []
    else:
        assert len(violations) == 1 and f"{room} imports {target};" in violations[0]


@pytest.mark.parametrize(
    "path, source",
    [
        ("solvers/newton.py", "from ..objective import Objective"),
        ("solvers/newton.py", "from .. import objective"),
        ("solvers/newton.py", "from .base import Solver\nfrom .. import objective as o"),
        ("solvers/newton.py", "from sklearn_mle.objective import Objective"),
        ("solvers/newton.py", "from sklearn_mle import objective"),
        ("solvers/newton.py", "import numpy as np, sklearn_mle.objective as o"),
        ("solvers/newton.py", "def step():\n    from ..objective import Objective"),
        ("solvers/newton.py", "class A:\n    async def step(self):\n        import sklearn_mle.objective"),
        ("solvers/newton.py", "if TYPE_CHECKING:\n    from ..objective import Objective"),
        ("solvers/newton.py", "importlib.import_module('sklearn_mle.objective')"),
        ("solvers/newton.py", "import_module('..objective', __package__)"),
        ("solvers/line/search.py", "from ...objective import Objective"),
        ("solvers/__init__.py", "from ..objective import Objective"),
        ("solvers.py", "from .objective import Objective"),
    ],
)
def test_an_arrow_up_is_found_however_it_is_written(house, path, source):
    (violation,) = arrows_up(house({path: source}))
    assert path in violation and "solvers imports objective; it may import documentation, exceptions." in violation


@pytest.mark.parametrize("source", ["import sklearn_mle", "from .. import M", "from sklearn_mle import *"])
def test_no_room_imports_the_public_names(house, source):
    (violation,) = arrows_up(house({"estimators/base.py": source}))
    assert "estimators imports sklearn_mle" in violation


@pytest.mark.parametrize("path", ["utils.py", "utils/__init__.py", "solver/newton.py"])
def test_a_file_without_a_room_is_found(house, path):
    (violation,) = arrows_up(house({path: ""}))
    assert path in violation and "belongs to no room" in violation


def test_an_import_of_no_room_is_found(house):
    (violation,) = arrows_up(house({"links.py": "from .utils import clip"}))
    assert "links imports sklearn_mle.utils.clip" in violation


def test_what_is_allowed_is_not_reported(house):
    package = house(
        {
            "solvers/newton.py": "import numpy\nfrom .base import Solver\nfrom ..exceptions import BoundaryWarning",
            "estimators/base.py": "from .. import __version__, links\nfrom ..likelihoods import Likelihood, Poisson\n"
            "from sklearn.base import BaseEstimator\nisinstance(x, (Likelihood, LabelLikelihood, str))\n"
            "x == 'poisson'\nPoisson() == x\n",
            "likelihoods/wrappers.py": "isinstance(x, Poisson)\n",
            "rows.py": "def spool(x):\n    import dask.array\n    import pandas as pd\n",
            "displays.py": "try:\n    import matplotlib.pyplot as plt\nexcept ImportError:\n    plt = None\n"
            "if TYPE_CHECKING:\n    import pandas\n",
        }
    )
    assert [*arrows_up(package), *peers_at_import(package), *class_tests(package)] == []


@pytest.mark.parametrize(
    "source",
    [
        "import {}",
        "import numpy, {}.sub as s",
        "from {} import a",
        "from {}.sub import a",
        "if True:\n    import {}",
        "class A:\n    import {}",
        "importlib.import_module('{}')",
        "try:\n    pass\nexcept ImportError:\n    import {}",
        "try:\n    import {}\nexcept ValueError:\n    pass",
    ],
)
@pytest.mark.parametrize("peer", sorted(PEERS))
def test_a_peer_imported_with_the_package_is_found(house, peer, source):
    (violation,) = peers_at_import(house({"rows.py": source.format(peer)}))
    assert "rows.py" in violation and f"{peer} is imported with the module" in violation


def test_only_some_may_be_imported_under_a_guard(house):
    guard = "try:\n    import {}\nexcept (AttributeError, ImportError):\n    pass\n"
    (violation,) = peers_at_import(house({"rows.py": guard.format("pandas") + guard.format("matplotlib")}))
    assert "pandas" in violation


def test_a_file_is_blamed_once_a_line(house):
    assert len(arrows_up(house({"rows.py": "from .likelihoods import Poisson, Bernoulli"}))) == 1


def test_families_are_the_descendants_of_likelihood(house):
    assert families(house({})) == {"Poisson", "Zip", "Bernoulli"}


@pytest.mark.parametrize(
    "source, name",
    [
        ("isinstance(x, Poisson)", "Poisson"),
        ("isinstance(x, likelihoods.Poisson)", "Poisson"),
        ("isinstance(x, (str, Zip))", "Zip"),
        ("isinstance(x, str | Zip)", "Zip"),
        ("def f(x):\n    return issubclass(type(x), Bernoulli)", "Bernoulli"),
        ("from .likelihoods import Poisson as P\nisinstance(x, P)", "Poisson"),
        ("type(x) is Poisson", "Poisson"),
        ("type(x) in (Poisson, str)", "Poisson"),
        ("type(x).__name__ == 'Poisson'", "Poisson"),
        ("match x:\n    case Poisson():\n        pass", "Poisson"),
    ],
)
def test_a_class_test_outside_likelihoods_is_found(house, source, name):
    (violation,) = class_tests(house({"objective.py": source}))
    assert "objective.py:" in violation and f"asks for {name} by its class" in violation
