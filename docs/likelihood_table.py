"""The README's table of likelihoods, made from the registry: `python docs/likelihood_table.py` writes it there."""

from pathlib import Path

from sklearn_mle import LabelLikelihood
from sklearn_mle.likelihoods import LIKELIHOODS
from sklearn_mle.links import LINKS

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- likelihoods: begin -->\n", "<!-- likelihoods: end -->\n"
LINK_NAMES = {link: name for name, link in LINKS.items()}


def table():
    """One row for each name in LIKELIHOODS: definition, parameters with default links, support."""
    head = ["name", "class", "definition", "parameters (default link)", "y"]
    rows = [head, ["---"] * len(head)]
    for name, likelihood in LIKELIHOODS.items():
        definition = likelihood.__doc__.splitlines()[0].rstrip(".").replace("|", r"\|")
        rows.append([f"`{name}`", f"`{likelihood.__name__}`", definition, parameters(likelihood), support(likelihood)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def parameters(likelihood):
    """mu (identity), sigma (log): the names of its constructor, in the order of theta."""
    return ", ".join(f"{name} ({LINK_NAMES.get(type(link), link)})" for name, link in likelihood.links.items())


def support(likelihood):
    """Where y lies, in words."""
    if issubclass(likelihood, LabelLikelihood):
        return "two or more classes" if likelihood.multi_class else "two classes"
    support = likelihood().support
    return f"{support}; {support.columns} columns" if support.columns > 1 else str(support)


def with_table(text):
    """The README's text with today's table."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
