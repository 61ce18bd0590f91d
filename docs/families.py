"""The reference of families, made from the registry: definition, density, parameters, links, support, a picture."""

import numpy as np
from likelihood_table import LINK_NAMES, support

from sklearn_mle import Hurdle, LabelLikelihood, Truncated, ZeroInflated
from sklearn_mle.likelihoods import LIKELIHOODS
from sklearn_mle.links import ProbabilityLink

HEAD = """\
.. _families:

========
Families
========

A family is a name, ``MLERegressor("gamma")``, or an object in which parameters are fixed and links chosen,
``MLERegressor(Gamma(phi=1.0, link="softplus"))``. All parameters can be estimated, as constants or as functions of X;
every one but the first can be fixed. This page is made from the registry ``sklearn_mle.likelihoods.LIKELIHOODS``.

In each picture one parameter takes three values, light to dark, and the others are held.

"""
WRAPPED = """\
Families made of families
=========================

:class:`~sklearn_mle.ZeroInflated`, :class:`~sklearn_mle.Hurdle`, :class:`~sklearn_mle.Truncated` and
:class:`~sklearn_mle.Censored` take any family that fits, by name or as an object, and keep its parameters.

"""
# What `y` is, in the order of the page.
KINDS = ["Real numbers", "Positive numbers", "Counts", "Shares of trials", "Numbers between 0 and 1", "Labels"]

# Between two lines of an equation.
LINE = "\n\n   "
# The density, or the probability, of y.
DENSITIES = {
    "gaussian": r"p(y) = \frac{1}{\sigma \sqrt{2 \pi}} \exp\Bigl(-\frac{(y - \mu)^2}{2 \sigma^2}\Bigr)",
    "student_t": r"p(y) = \frac{\Gamma((\nu + 1) / 2)}{\Gamma(\nu / 2) \sqrt{\pi \nu}\, \sigma}"
    r"\Bigl(1 + \frac{(y - \mu)^2}{\nu \sigma^2}\Bigr)^{-(\nu + 1) / 2}, \quad \nu = \text{df}",
    "laplace": r"p(y) = \frac{1}{2 s} \exp\Bigl(-\frac{|y - \mu|}{s}\Bigr), \quad s = \text{scale}",
    "asymmetric_laplace": r"p(y) = \frac{q (1 - q)}{s} \exp\Bigl(-\frac{\rho(y - \mu)}{s}\Bigr), \quad"
    r"\rho(u) = \max(q u, (q - 1) u), \quad q = \text{quantile}, \; s = \text{scale}",
    "logistic": r"p(y) = \frac{e^{-z}}{s (1 + e^{-z})^2}, \quad z = \frac{y - \mu}{s}, \quad s = \text{scale}",
    "gumbel": r"p(y) = \frac{1}{s} \exp(-z - e^{-z}), \quad z = \frac{y - \mu}{s}, \quad s = \text{scale}",
    "gamma": r"p(y) = \frac{a^a}{\Gamma(a)\, \mu} \Bigl(\frac{y}{\mu}\Bigr)^{a - 1} e^{-a y / \mu},"
    r"\quad a = \frac{1}{\phi}",
    "inverse_gaussian": r"p(y) = \frac{1}{\sqrt{2 \pi \phi y^3}} \exp\Bigl(-\frac{(y - \mu)^2}{2 \phi \mu^2 y}\Bigr)",
    "lognormal": r"p(y) = \frac{1}{y\, \sigma \sqrt{2 \pi}} \exp\Bigl(-\frac{(\log y - \mu)^2}{2 \sigma^2}\Bigr)",
    "weibull": r"p(y) = \frac{k}{s} \Bigl(\frac{y}{s}\Bigr)^{k - 1} e^{-(y / s)^k},"
    r"\quad s = \text{scale}, \; k = \text{shape}",
    "log_logistic": r"p(y) = \frac{k}{s} \Bigl(\frac{y}{s}\Bigr)^{k - 1} \Bigl(1 + \Bigl(\frac{y}{s}\Bigr)^k\Bigr)^{-2}"
    r", \quad s = \text{scale}, \; k = \text{shape}",
    "exponential": r"p(y) = \frac{1}{\mu} e^{-y / \mu}",
    "tweedie": r"y = \sum_{j=1}^N G_j, \quad N \sim \text{Poisson}\Bigl(\frac{\mu^{2 - p}}{\phi (2 - p)}\Bigr),"
    r"\quad p = \text{power}" + LINE + r"G_j \sim \text{Gamma with shape } \frac{2 - p}{p - 1}"
    r" \text{ and scale } \phi (p - 1) \mu^{p - 1}",
    "poisson": r"P(y) = e^{-\mu} \frac{\mu^y}{y!}",
    "negative_binomial": r"P(y) = \frac{\Gamma(y + r)}{\Gamma(r)\, y!} \Bigl(\frac{r}{\mu + r}\Bigr)^r"
    r"\Bigl(\frac{\mu}{\mu + r}\Bigr)^y, \quad r = \frac{1}{\alpha}",
    "negative_binomial1": r"P(y) = \frac{\Gamma(y + r)}{\Gamma(r)\, y!} \frac{\alpha^y}{(1 + \alpha)^{y + r}},"
    r"\quad r = \frac{\mu}{\alpha}",
    "geometric": r"P(y) = p (1 - p)^y, \quad p = \frac{1}{1 + \mu}",
    "binomial": r"P(y) = \binom{n}{y} p^y (1 - p)^{n - y}",
    "beta_binomial": r"P(y) = \binom{n}{y} \frac{B(y + a, n - y + b)}{B(a, b)}, \quad "
    r"a = \mu \frac{1 - \rho}{\rho}, \; b = (1 - \mu) \frac{1 - \rho}{\rho}",
    "beta": r"p(y) = \frac{y^{a - 1} (1 - y)^{b - 1}}{B(a, b)}, \quad a = \mu \phi, \; b = (1 - \mu) \phi",
    "bernoulli": r"P(y) = p^y (1 - p)^{1 - y}",
    "categorical": r"P(y = c) = \frac{\exp(\eta_c)}{\sum_k \exp(\eta_k)}, \quad \eta = \text{logits}",
    "ordinal": r"P(y = c) = F(t_c - \eta) - F(t_{c - 1} - \eta), \quad F = \text{link}^{-1}",
    "gaussian_on_labels": r"-\log p(y) = \tfrac12 \lVert \text{onehot}(y) - p \rVert^2 + \text{const}",
}


def kind(likelihood):
    """One of KINDS."""
    if isinstance(likelihood, LabelLikelihood):
        return "Labels"
    support = likelihood.support
    if support.integer:
        return "Shares of trials" if support.columns > 1 else "Counts"
    if np.isfinite(support.upper):
        return "Numbers between 0 and 1"
    return "Positive numbers" if support.lower == 0 else "Real numbers"


# --- pictures ----------------------------------------------------------------------------------------------------


def middle(name, likelihood, first):
    """The predictor of a parameter around which its picture is drawn: where the law has a shape to look at."""
    support = likelihood.support
    if name == first:
        probability = isinstance(likelihood.parameters[name], ProbabilityLink)
        return 1.5 if support.integer and not probability else 0.0
    dispersion = 2.0 if np.isfinite(support.upper) else -1.0 if support.open else 0.0
    return {"df": 1.0, "shape": 0.7, "rho": -2.0, "alpha": -0.5}.get(name, dispersion)


def settings(likelihood):
    """{parameter: three (label, eta)}: its predictor moves by steps from the middle, the others stay there."""
    parameters, places = likelihood.parameters, {name: k.start for name, k in likelihood.slices.items()}
    centre = np.array([middle(name, likelihood, next(iter(places))) for name in places])
    found = {}
    for name, k in places.items():
        real = parameters[name].lower == likelihood.support.lower == -np.inf
        step = 1.5 if real or isinstance(parameters[name], ProbabilityLink) else 0.9
        etas = [centre + step * shift * (np.arange(len(centre)) == k) for shift in (-1, 0, 1)]
        values = [np.squeeze(parameters[name].shown(likelihood.theta(rows(eta))[k])) for eta in etas]
        found[name] = [(f"{value:.2g}", eta) for value, eta in zip(values, etas, strict=True)]
    return found


def rows(eta):
    """One predictor for a single row each."""
    return [np.array([value]) for value in eta]


def numbers(likelihood, etas):
    """y on the axis of the picture: 10 trials, or all but the far tails of the laws."""
    if likelihood.support.columns > 1:
        return np.arange(11.0)
    laws = [likelihood.dist(*likelihood.theta(rows(eta))) for eta in etas]
    low, high = (np.array([float(np.squeeze(law.ppf(q))) for law in laws]) for q in (0.02, 0.98))
    if likelihood.support.integer:
        return np.arange(low.min(), np.sort(high)[1] + 1)
    y = np.linspace(low.min(), np.sort(high)[1] if likelihood.support.lower == 0 else high.max(), 400)
    return y if not y[0] else np.append(y[0] * np.linspace(0.01, 1, 20)[:-1], y) if likelihood.support.lower == 0 else y


def draw_law(axes, likelihood):
    """Density or probabilities of y, a panel for each parameter."""
    from matplotlib import colormaps

    shades = colormaps["viridis_r"](np.linspace(0.15, 0.9, 3))
    for ax, (name, lines) in zip(axes, settings(likelihood).items(), strict=True):
        y = numbers(likelihood, [eta for _, eta in lines])
        given = np.column_stack([y, 10 - y]) if likelihood.support.columns > 1 else y
        heights = []
        for color, (label, eta) in zip(shades, lines, strict=True):
            with np.errstate(all="ignore"):
                density = np.exp(likelihood.log_prob(given, *likelihood.theta(rows(eta))))
            continuous = not likelihood.support.integer
            look = {"linewidth": 1.8} if continuous else {"linewidth": 0.7, "marker": "o", "markersize": 3}
            atom = continuous & (y == 0)  # a probability, not a density
            ax.plot(y[~atom], density[~atom], color=color, label=label, **look)
            if np.any(atom):
                ax.plot(y[atom], density[atom], "o", color=color)
            heights.append(density[5:-5].max() if continuous else density.max())
        ax.set_title(name, fontsize=10)
        ax.set_ylim(0, 1.1 * min(max(heights), 3 * np.median(heights)))
        ax.legend(fontsize=8, handlelength=1, frameon=False)
        ax.set_xlabel("successes of 10" if likelihood.support.columns > 1 else "y", fontsize=9)


def draw_labels(ax, likelihood):
    """Probabilities of the classes along the first parameter's predictor."""
    from matplotlib import colormaps

    likelihood = likelihood.with_classes(3 if likelihood.multi_class else 2)
    K = max(k.stop for k in likelihood.slices.values())
    first = next(iter(likelihood.slices.values()))
    x = np.linspace(-6, 6, 201)
    eta = [np.zeros(1)] * K
    width = first.stop - first.start
    for k, slope in enumerate(np.linspace(-1, 1, width) if width > 1 else [1.0]):
        eta[k] = slope * x
    if "gaps" in likelihood.slices:
        eta[-1] = np.array([1.0])
    proba = np.exp(likelihood.log_proba(*likelihood.theta(eta)))
    shades = colormaps["viridis_r"](np.linspace(0.15, 0.9, len(proba)))
    for c, (row, color) in enumerate(zip(proba, shades, strict=True)):
        ax.plot(x, row, color=color, label=f"P(y = {c})", linewidth=1.8)
    ax.set_ylim(0, 1)
    ax.set_xlabel("linear predictor", fontsize=9)
    ax.legend(fontsize=8, handlelength=1, frameon=False)


def picture(likelihood, path):
    """A row of small panels, as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    labels = isinstance(likelihood, LabelLikelihood)
    panels = 1 if labels else len(likelihood.slices)
    figure = Figure(figsize=(3.2 * panels, 2.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, panels, squeeze=False)[0]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(labelsize=8)
    draw_labels(axes[0], likelihood) if labels else draw_law(axes, likelihood)
    figure.savefig(path, dpi=120)


# --- the page ----------------------------------------------------------------------------------------------------


def entry(name, likelihood, shown, density=None):
    """The section of one family."""
    likelihood_class = type(likelihood).__name__
    definition = type(likelihood).__doc__.splitlines()[0]
    lines = [
        f".. _family-{name}:\n",
        f"{likelihood_class}\n{'-' * len(likelihood_class)}\n",
        f"{escaped(definition)}\n",
    ]
    if density:
        lines.append(f".. math::\n\n   {density}\n")
    lines.append(f".. image:: pictures/{name}.png\n   :alt: {likelihood_class}, for several values of its parameters\n")
    lines.append(
        f":write: ``{shown}``\n:class: `~sklearn_mle.{likelihood_class}`\n:parameters: {parameters(likelihood)}\n"
        f":y: {escaped(support(type(likelihood)) if density else str(likelihood.support))}\n"
    )
    return "\n".join(lines)


def parameters(likelihood):
    """mu (identity), sigma (log)."""
    links = type(likelihood).links if isinstance(type(likelihood).links, dict) else likelihood.links
    return ", ".join(f"**{name}** ({LINK_NAMES.get(type(link), link)})" for name, link in links.items())


def escaped(text):
    """Text whose marks of reStructuredText are letters."""
    return "".join(f"\\{letter}" if letter in "\\*_|`" else letter for letter in text)


def wrapped():
    """Examples of the wrappers that have a picture: file name, object, how it is written."""
    yield "zero_inflated", ZeroInflated("poisson"), 'ZeroInflated("poisson")'
    yield "hurdle", Hurdle("poisson"), 'Hurdle("poisson")'
    yield "truncated", Truncated("poisson", lower=0), 'Truncated("poisson", lower=0)'


def page():
    """All families, in reStructuredText."""
    blocks = [HEAD]
    for title in KINDS:
        blocks.append(f"{title}\n{'=' * len(title)}\n")
        for name, family in LIKELIHOODS.items():
            if kind(family()) == title:
                blocks.append(entry(name, family(), f'"{name}"', DENSITIES[name]))
    blocks.append(WRAPPED)
    blocks += [entry(name, likelihood, shown) for name, likelihood, shown in wrapped()]
    return "\n".join(blocks)


def write(folder):
    """families.rst and its pictures in the folder."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, family in LIKELIHOODS.items():
        picture(family(), pictures / f"{name}.png")
    for name, likelihood, _ in wrapped():
        picture(likelihood, pictures / f"{name}.png")
    (folder / "families.rst").write_text(page(), encoding="utf-8")
