"""Where an object is documented: its page in the reference of the site whose address the package declares."""

import sys
from functools import cache
from importlib import metadata


@cache
def site():
    """The address of the site, "Documentation" of pyproject.toml's project.urls; "" where none is declared."""
    try:
        declared = metadata.metadata("sklearn-mle").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:  # the sources on the path, not installed
        return ""
    return dict(line.split(", ", 1) for line in declared).get("Documentation", "")


class Documented:
    """An object whose HTML, in a notebook, links to its page; scikit-learn reads these three names."""

    _doc_link_module = "sklearn_mle"  # classes of users, which have no page here, get no link

    @property
    def _doc_link_template(self):
        return site() and site() + "generated/{page}.html"

    def _doc_link_url_param_generator(self):
        kind = type(self)
        package, room, *_ = kind.__module__.split(".")
        at_top = hasattr(sys.modules[package], kind.__name__)
        return {"page": f"{package}.{kind.__name__}" if at_top else f"{package}.{room}.{kind.__name__}"}
