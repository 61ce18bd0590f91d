"""The page of likelihoods, made from the registry: definition, parameters, support and a picture of each."""

import inspect

import matplotlib.pyplot as plt
import numpy as np

from sklearn_mle import LabelLikelihood
from sklearn_mle.distributions import Predictive
from sklearn_mle.likelihoods import LIKELIHOODS
from sklearn_mle.links import LINKS, Log

LINK_NAMES = {link: name for name, link in LINKS.items()}
MOVES = (-1.0, 0.0, 1.0)
STYLES = ("--", "-", ":")
TITLE = "Likelihoods"
INTRODUCTION = """
Every name that ``likelihood=`` takes. A parameter is estimated unless its constructor argument is a number; with
``regressed=`` it depends on X, through its link. Each panel moves one parameter by 1 on the scale of its default link,
and holds the others.
"""


def write(folder):
    """Write families.rst and its pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f"{TITLE}\n{'=' * len(TITLE)}\n{INTRODUCTION}"]
    for name, family in LIKELIHOODS.items():
        draw(family(), folder / f"family_{name}.png")
        parts.append(section(name, family))
    (folder / "families.rst").write_text("\n".join(parts), encoding="utf-8")


def section(name, family):
    """What is said of one family."""
    definition = inspect.getdoc(family).splitlines()[0].replace("|", r"\|")
    links = ", ".join(
        f"``{parameter}`` ({LINK_NAMES.get(type(link), link)})" for parameter, link in family.links.items()
    )
    likelihood = family()
    if isinstance(likelihood, LabelLikelihood):
        y = "labels, of two or more classes" if likelihood.multi_class else "labels of two classes"
    else:
        y = f"{likelihood.support}" + (f", in {likelihood.support.columns} columns" * (likelihood.support.columns > 1))
    return f"""
{name}
{"-" * len(name)}

{definition}

:class: :class:`~sklearn_mle.{family.__name__}`
:parameters: {links}
:y: {y}

.. image:: family_{name}.png
   :alt: {family.__name__} as its parameters change
   :width: 100%
"""


def draw(likelihood, path):
    """One panel for each predictor that an estimated parameter has (of several classes: for the first)."""
    if isinstance(likelihood, LabelLikelihood):
        likelihood = likelihood.with_classes(3 if likelihood.multi_class else 2)
        panel, panels = probabilities, [("", 0)]
    else:
        if "n" in likelihood.get_params():
            likelihood = likelihood.set_params(n=10)  # of trials
        panel, panels = densities, [(name, rows.start) for name, rows in likelihood.slices.items()]
    K = max(rows.stop for rows in likelihood.slices.values())
    with plt.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(1, len(panels), figsize=(7, 2.1), layout="constrained", squeeze=False)
        for ax, (name, k) in zip(axes[0], panels, strict=True):
            panel(likelihood, K, k, name, ax)
        figure.savefig(path, dpi=150)
        plt.close(figure)


def densities(likelihood, K, k, name, ax):
    """Densities, or probabilities of counts, for three values of one parameter."""
    middle = np.zeros(K)
    counts = likelihood.support.integer
    if counts and likelihood.parameters[next(iter(likelihood.slices))] == Log():
        middle[0] = 1.5  # a mean at which counts have a shape
    laws = []
    for move in MOVES:
        eta = middle + move * (np.arange(K) == k)
        laws.append(Predictive(likelihood, likelihood.theta([np.array([value]) for value in eta]), 1))
    # Nearly all of the middle law, and half of the others, whose tails may be endless.
    tail = 0.002 if counts else 0.04
    low = min(laws[1].ppf(tail)[0], *(law.ppf(0.25)[0] for law in laws))
    high = max(laws[1].ppf(1 - tail)[0], *(law.ppf(0.75)[0] for law in laws))
    low = max(low, likelihood.support.lower)
    y = np.arange(low, high + 1) if counts else np.linspace(low, high, 401)
    top = []
    for law, style in zip(laws, STYLES, strict=True):
        p = np.exp(Predictive(likelihood, law.theta, len(y)).log_prob(y))
        label = f"{name} = {law.params[name][0]:.3g}"
        ax.plot(y, p, style, label=label, marker="o" if counts else None, markersize=2.5)
        top.append(np.quantile(p[np.isfinite(p)], 0.99))
    ax.set_ylim(0, 1.25 * max(top))
    ax.set(xlabel="y", ylabel="probability" if counts else "density")
    ax.legend(frameon=False, fontsize=7)


def probabilities(likelihood, K, k, name, ax):
    """The probability of each class as the first predictor goes from -6 to 6."""
    eta = np.zeros((K, 201))
    eta[k] = np.linspace(-6, 6, 201)
    for c, row in enumerate(likelihood.log_proba(*likelihood.theta(list(eta)))):
        ax.plot(eta[k], np.exp(row), ("-", "--", ":")[c], label=f"P(y = {c})")
    predictor = next(iter(likelihood.slices))
    ax.set(xlabel=f"linear predictor of {predictor}", ylabel="probability", ylim=(-0.03, 1.03))
    ax.legend(frameon=False, fontsize=7)
