"""The site: ``sphinx-build -W --keep-going docs docs/_build/html``, which runs all code and needs no network."""

import re
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import families
import inventories

import sklearn_mle

GENERATED = HERE / "generated"

project = "sklearn_mle"
author = "sklearn_mle developers"
project_copyright = "sklearn_mle developers, BSD-3-Clause"
version = release = sklearn_mle.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
    "sphinx-mathjax-offline",  # MathJax is copied into the site: no CDN
    "myst_parser",  # benchmarks.md, large_data.md, CHANGELOG.md
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.zip", "auto_examples/*.codeobj.json"]
templates_path = ["templates"]
default_role = "autolink"
toc_object_entries_show_parents = "hide"
myst_heading_anchors = 3

# --- reference ---------------------------------------------------------------------------------------------------

autosummary_generate = True
numpydoc_show_class_members = False  # the template lists them
intersphinx_mapping = inventories.mapping(GENERATED / "inventories")
intersphinx_timeout = 1

# --- pictures ----------------------------------------------------------------------------------------------------

plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("png", 110)]
plot_rcparams = {
    "figure.figsize": (7.6, 3.8),
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "font.size": 10,
    "axes.titlesize": 11,
}
plot_apply_rcparams = True
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sklearn_mle",),
    "reference_url": {"sklearn_mle": None},
    "image_srcset": ["2x"],
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,  # a page that asks a CDN for scripts
    "show_signature": False,
    "remove_config_comments": True,
    "default_thumb_file": str(HERE / "pictures" / "readme.png"),  # of examples without a picture
}

warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
suppress_warnings = ["config.cache"]  # of the gallery's settings, which hold objects

# --- looks -------------------------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_mle"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
# Pages without neighbours.
ALONE = ["index", "changelog", "large_data", "benchmarks", "equivalents", "design", "generated/families"]
html_sidebars = {page: [] for page in ALONE}
html_theme_options = {
    "logo": {"text": "sklearn_mle"},
    "show_prev_next": True,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": [], "equivalents": []},
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def write_pages(app, config):
    """The pages that are made from the code, before Sphinx looks which pages there are."""
    families.write(GENERATED)


def plain_definition(app, what, name, thing, options, lines):
    """The first line of a docstring is a definition in plain text: its |y - mu| and name_ are no markup."""
    if lines:
        parts = re.split(r"(`+[^`]*`+)", lines[0])
        parts[::2] = [re.sub(r"(?<=\w)_(?!\w)|\|", r"\\\g<0>", part) for part in parts[::2]]
        lines[0] = "".join(parts)


def setup(app):
    app.connect("autodoc-process-docstring", plain_definition, priority=400)  # before numpydoc
    app.connect("config-inited", write_pages)
