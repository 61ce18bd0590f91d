"""Rules of the law: log_prob, dist, its sums and Bartlett's identities, and what labels mean."""

import numpy as np
from sklearn.base import clone

from .base import demand, demand_close
from .contract import HESSIAN, demand_same_taylor
from .specimen import log_density, rows_of

# Quadrature between quantiles, of densities whose tails are as heavy as those of Student's t with half a degree.
QUADRATURE = 1e-6


def log_prob_is_that_of_dist(specimen):
    """log_prob is dist's logpdf or logpmf on the support."""
    if not specimen.has_law:
        return
    likelihood, look = specimen.likelihood, "Look at the arguments of dist, and at the constants in log_prob."
    for (eta, theta, nodes), draws in zip(specimen.laws, specimen.draws, strict=True):
        for y in (draws, nodes.y):
            expected = log_density(likelihood.dist(*theta), y)
            seen = expected > -600  # scipy underflows to -inf at -745
            found = np.broadcast_to(likelihood.log_prob(y, *theta), len(y))
            demand_close(
                np.where(seen, found, 0), np.where(seen, expected, 0), 1e-8, "log_prob", specimen.at(y, eta), look
            )


def density_sums_to_one(specimen):
    """exp(log_prob) sums, or integrates, to one over the support."""
    if not specimen.has_law:
        return
    for eta, theta, nodes in specimen.laws:
        total = nodes.below + nodes.panels(np.exp(specimen.likelihood.log_prob(nodes.y, *theta))).sum() + nodes.above
        what = f"the total probability over y in [{nodes.y[0]:.4g}, {nodes.y[-1]:.4g}] at eta = {np.ravel(eta)}"
        look = "Look for a factor that depends on theta in log_prob (and dist, if log_prob is its)."
        demand_close(total, 1.0, QUADRATURE, what, None, look)


def cdf_is_the_sum_of_the_density(specimen):
    """log_cdf and log_sf are the logarithms of dist's cdf and sf, which sum up exp(log_prob)."""
    if not specimen.has_law or specimen.labels:
        return
    likelihood = specimen.likelihood
    for eta, theta, nodes in specimen.laws:
        law, where = likelihood.dist(*theta), specimen.at(nodes.ends, eta)
        for name, ours, theirs in (("log_cdf", likelihood.log_cdf, law.cdf), ("log_sf", likelihood.log_sf, law.sf)):
            found, expected = np.exp(ours(nodes.ends, *theta)), theirs(nodes.ends)
            demand_close(found, expected, 1e-9, f"exp({name})", where, f"Look at {name}.")
        cdf = nodes.below + np.cumsum(nodes.panels(np.exp(likelihood.log_prob(nodes.y, *theta))))
        demand_close(law.cdf(nodes.ends), cdf, QUADRATURE, "dist's cdf", where, "It must be the sum of exp(log_prob).")


def labels_agree_with_log_proba(specimen):
    """Hard labels, soft labels, decision and start mean the same classes as the rows of log_proba."""
    if not specimen.labels:
        return
    likelihood, C = specimen.likelihood, specimen.likelihood.n_classes
    eta = list(np.random.RandomState(5).uniform(-3, 3, (specimen.K, 40)))
    theta, y = likelihood.theta(eta), np.arange(40) % C
    log_proba = np.array(np.broadcast_arrays(*likelihood.log_proba(*theta)))
    demand(len(log_proba) == C, f"log_proba has {len(log_proba)} rows for {C} classes.")
    where, look = specimen.at(y, eta), "Look at the order of the rows of log_proba."
    demand_close(np.exp(log_proba).sum(axis=0), 1.0, 1e-10, "the sum of exp(log_proba)", where, look)
    hard = specimen.taylor(y, eta)
    if specimen.has_law:
        demand_close(-hard[0], log_proba[y, np.arange(40)], 1e-10, "log_prob of a label", where, look)
    demand_same_taylor(specimen.taylor(np.eye(C)[y], eta), hard, "of one-hot labels", where, "Look at soft labels.")
    if specimen.has_law:
        share = np.random.RandomState(6).dirichlet(np.ones(C), 40)
        each = [specimen.taylor(np.full(40, c), eta) for c in range(C)]
        mixed = [sum(share[:, c] * part for c, part in enumerate(parts)) for parts in zip(*each, strict=True)]
        found, look_soft = specimen.taylor(share, eta), "The nll of soft labels is the cross-entropy to them."
        demand_same_taylor(found, mixed, "of soft labels", specimen.at(share, eta), look_soft)
    scores = [np.broadcast_to(row, 40) for row in likelihood.decision(*theta)]
    demand(len(scores) == (1 if C == 2 else C), f"decision has {len(scores)} rows for {C} classes.")
    decided = (scores[0] > 0).astype(int) if C == 2 else np.argmax(scores, axis=0)
    sure = np.diff(np.sort(log_proba, axis=0)[-2:], axis=0)[0] > 1e-6
    agree = decided[sure] == np.argmax(log_proba, axis=0)[sure]
    demand(agree.all(), f"decision chooses another class than log_proba at {where((np.argmin(agree),))}.")
    for c in range(C):
        skewed = np.concatenate([np.full(20, c), np.arange(C)])
        values = likelihood.start(skewed, np.ones(len(skewed)))
        if values is None:
            continue
        rows = likelihood.log_proba(*likelihood.theta(rows_of(likelihood.eta(values))))
        likeliest = int(np.argmax(np.ravel(rows)))
        demand(likeliest == c, f"start makes class {likeliest} the likeliest where most labels are {c}. {look}")


def two_classes_means_two_classes(specimen):
    """A likelihood of two classes only refuses a third in scikit-learn's words."""
    if not specimen.labels or specimen.likelihood.multi_class:
        return
    try:
        clone(specimen.likelihood).with_classes(3)
    except ValueError as error:
        words = "Only binary classification is supported"
        demand(words in str(error), f"with_classes(3) says {error}, without scikit-learn's words {words!r}.")
    else:
        raise AssertionError("with_classes(3) is accepted although multi_class is False.")


def score_has_mean_zero(specimen):
    """Bartlett's first identity: under the model the gradient has mean zero."""
    if not specimen.has_law:
        return
    for eta, nodes, probability, g, _ in specimen.expectations:
        size = np.sqrt((probability * g**2).sum(axis=-1))
        beyond = 10 * (nodes.below + nodes.above) * np.abs(g).max()
        what = f"the mean of the gradient at eta = {np.ravel(eta)}"
        look = "log_prob and dist are not one law, or the gradient is not that of log_prob."
        demand_close((probability * g).sum(axis=-1), 0.0, QUADRATURE * (1 + size) + beyond, what, None, look)


def mean_hessian_is_the_variance_of_the_score(specimen):
    """Bartlett's second identity: where the nll is smooth, E[Hessian] = E[gradient gradient'] under the model."""
    if not specimen.has_law or not specimen.likelihood.smooth:
        return
    for eta, nodes, probability, g, h in specimen.expectations:
        beyond = 10 * (nodes.below + nodes.above) * max(np.abs(g).max() ** 2, np.abs(h).max())
        variance = np.einsum("ki,mi,i->km", g, g, probability)
        what = f"the mean Hessian at eta = {np.ravel(eta)}"
        look = "It must be the variance of the gradient under dist: look at log_prob, derivatives and dist."
        demand_close((probability * h).sum(axis=-1), variance, HESSIAN + beyond, what, None, look)
