"""Where names of other projects are documented: objects.inv files of our own, for the names that we use.

Sphinx would download the projects' own, which fails without a network. Docstrings that are inherited from scikit-learn
refer to labels of its documentation, so that some are needed in any case.
"""

import inspect
import re
import zlib
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Address of the documentation, and of the page of a name in it.
PROJECTS = {
    "sklearn": ("https://scikit-learn.org/stable/", "modules/generated/{name}.html#{name}"),
    "scipy": ("https://docs.scipy.org/doc/scipy/", "reference/generated/{name}.html#{name}"),
    "numpy": ("https://numpy.org/doc/stable/", "reference/generated/{name}.html#{name}"),
}
# Labels and terms that scikit-learn's docstrings refer to: role, page and title.
LABELS = {
    "sklearn": {
        "metadata_routing": ("label", "metadata_routing.html#metadata-routing", "Metadata Routing"),
        "sphx_glr_auto_examples_miscellaneous_plot_set_output.py": (
            "label",
            "auto_examples/miscellaneous/plot_set_output.html",
            "Introducing the set_output API",
        ),
        "meta-estimator": ("term", "glossary.html#term-meta-estimator", "meta-estimator"),
    }
}


def used(project):
    """The dotted names of a project that our pages refer to by a role of the Python domain."""
    pattern = re.compile(rf":(?:class|func|meth|mod|obj):`(?:[^`<]*<|~)?({project}\.[\w.]+)>?`")
    pages = [*ROOT.glob("docs/**/*.rst"), *ROOT.glob("examples/*.py"), *ROOT.glob("sklearn_mle/**/*.py")]
    return sorted({name for page in pages for name in pattern.findall(page.read_text(encoding="utf-8"))})


def role(name):
    """class, function or module: what the Python domain calls it."""
    module, _, attribute = name.rpartition(".")
    try:
        thing = getattr(import_module(module), attribute)
    except AttributeError:
        thing = import_module(name)
    return "module" if inspect.ismodule(thing) else "class" if inspect.isclass(thing) else "function"


def inventory(project):
    """The contents of objects.inv, version 2."""
    _, page = PROJECTS[project]
    lines = [f"{name} py:{role(name)} 1 {page.format(name=name)} -" for name in used(project)]
    lines += [f"{label} std:{kind} -1 {at} {title}" for label, (kind, at, title) in LABELS.get(project, {}).items()]
    head = f"# Sphinx inventory version 2\n# Project: {project}\n# Version: \n"
    head += "# The remainder of this file is compressed using zlib.\n"
    return head.encode() + zlib.compress("".join(f"{line}\n" for line in lines).encode())


def mapping(folder):
    """`intersphinx_mapping`; writes the inventories to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for project, (address, _) in PROJECTS.items():
        path = folder / f"{project}.inv"
        path.write_bytes(inventory(project))
        found[project] = (address, str(path))
    return found
