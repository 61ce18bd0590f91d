"""The site: `python -m sphinx -W -b html docs docs/_build/html`, which runs the examples and needs no network."""

import re
import sys
import warnings
import zlib
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

import matplotlib  # noqa: E402

import sklearn_mle  # noqa: E402

sys.path.insert(0, str(DOCS))

import families  # noqa: E402

matplotlib.use("Agg")

project = "sklearn_mle"
author = "sklearn_mle developers"
copyright = author
version = release = sklearn_mle.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx-mathjax-offline",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.zip", "auto_examples/*.codeobj.json"]
default_role = "literal"

# --- API reference ---

autosummary_generate = True
autodoc_default_options = {"inherited-members": None}
numpydoc_show_class_members = False  # the template lists them
templates_path = ["templates"]

# --- references to scikit-learn, whose inventory cannot be fetched where there is no network ---

# Labels and objects of scikit-learn's documentation that inherited docstrings and these pages name.
ELSEWHERE = {
    "std:label": {
        "metadata_routing": ("metadata_routing.html", "Metadata Routing"),
        "sphx_glr_auto_examples_miscellaneous_plot_set_output.py": (
            "auto_examples/miscellaneous/plot_set_output.html",
            "Introducing the set_output API",
        ),
    },
    "std:term": {},
    "py:class": {
        "sklearn.pipeline.Pipeline": ("modules/generated/sklearn.pipeline.Pipeline.html#$", "-"),
        "sklearn.model_selection.GridSearchCV": ("modules/generated/sklearn.model_selection.GridSearchCV.html#$", "-"),
    },
    "py:function": {
        "sklearn.set_config": ("modules/generated/sklearn.set_config.html#$", "-"),
        "sklearn.metrics.r2_score": ("modules/generated/sklearn.metrics.r2_score.html#$", "-"),
        "sklearn.metrics.accuracy_score": ("modules/generated/sklearn.metrics.accuracy_score.html#$", "-"),
    },
}


def inventory(entries, path):
    """Write an inventory of Sphinx, version 2."""
    head = [
        "Sphinx inventory version 2",
        "Project: scikit-learn",
        "Version: ",
        "The remainder is compressed using zlib.",
    ]
    lines = [
        f"{name} {role} {'-1' if role.startswith('std') else '1'} {uri} {title}\n"
        for role, objects in entries.items()
        for name, (uri, title) in objects.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"# {line}\n" for line in head).encode() + zlib.compress("".join(lines).encode()))


inventory(ELSEWHERE, DOCS / "_build" / "sklearn.inv")
intersphinx_mapping = {"sklearn": ("https://scikit-learn.org/stable/", str(DOCS / "_build" / "sklearn.inv"))}

# --- the families, from the registry ---

families.write(DOCS / "generated" / "families")

# --- gallery ---

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",  # all run
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sklearn_mle",),
    "reference_url": {"sklearn_mle": None},
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "min_reported_time": 10,
    "image_srcset": ["2x"],
}
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")

# --- look ---

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_mle"
html_static_path = ["static"]
html_css_files = ["landing.css"]
html_theme_options = {
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_end": ["theme-switcher"],
    "footer_end": [],
    "pygments_light_style": "default",
}
html_sidebars = {page: [] for page in ("index", "changelog", "benchmarks", "generated/families/families")}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "dollarmath"]
suppress_warnings = ["config.cache"]  # of the gallery's settings, which hold objects

# --- docstrings ---


def plain_definition(app, what, name, obj, options, lines):
    """The first line of a docstring is a definition in plain text: its |y - mu| and name_ are no markup."""
    if lines:
        parts = re.split(r"(`+[^`]*`+)", lines[0])
        parts[::2] = [re.sub(r"(?<=\w)_(?!\w)|\|", r"\\\g<0>", part) for part in parts[::2]]
        lines[0] = "".join(parts)


def setup(app):
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", plain_definition, priority=400)  # before numpydoc
