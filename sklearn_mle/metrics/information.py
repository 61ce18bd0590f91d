"""How far predictive distributions are apart: divergences and cross-entropies of (p, q), in nats, one value a row."""

import numpy as np

from ..distributions import Predictive
from ..distributions.predictive import blocks, computable
from ..likelihoods.entropies import divergence


def kl_divergence(p, q):
    """KL(p_i || q_i) = E log p_i(Y) / q_i(Y), Y ~ p_i: what it costs, in nats, to take q_i for the law of Y.

    It is >= 0, and 0 where the laws are the same; it does not depend on the unit of y. A closed form where both laws
    are of a family that has one, else a sum or an adaptive integral to ten digits.

    Parameters
    ----------
    p, q : Predictive
        What `predict_dist` or `fit_distribution` returns: laws of the same rows, or one law for all rows of the other.
        Of any two families of counts, or of labels; of numbers with a density; or with one and the same point mass.

    Returns
    -------
    array of shape (n,)
        inf where p_i has probability and q_i has none, as where the support of q_i is smaller, and where the mean is
        infinite: p_i has the heavier tails.

    Raises
    ------
    TypeError
        If p or q is no such object.
    ValueError
        If their numbers of rows differ, or the measures with respect to which they have densities.

    References
    ----------
    Cover and Thomas (2006), Elements of Information Theory, sections 2.3 and 8.5.

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> from sklearn_mle.metrics import kl_divergence
    >>> y = [0.5, 1.0, 1.5, 2.0, 8.0]
    >>> p, q = fit_distribution(y, "gamma"), fit_distribution(y, "exponential")
    >>> kl_divergence(p, q).round(4)
    array([0.0126])
    """
    p, q = _comparable(p, q)
    n = len(q) if len(p) == 1 else len(p)
    found = np.empty(n)
    with np.errstate(all="ignore"):
        for rows in blocks(n):
            found[rows] = divergence(_some(p, rows), _some(q, rows))
    return found


def cross_entropy(p, q):
    """H(p_i, q_i) = -E log q_i(Y), Y ~ p_i, in nats: the entropy of p_i plus KL(p_i || q_i).

    The expectation of minus the log score that q_i earns where p_i is the truth. As an entropy it may have any sign
    where the laws have densities.

    Parameters
    ----------
    p, q : Predictive
        As in `kl_divergence`.

    Returns
    -------
    array of shape (n,)
        inf where `kl_divergence` is.

    References
    ----------
    Cover and Thomas (2006), Elements of Information Theory, section 5.4.

    Examples
    --------
    >>> from sklearn_mle import fit_distribution
    >>> from sklearn_mle.metrics import cross_entropy
    >>> y = [0, 1, 1, 2, 5]
    >>> p, q = fit_distribution(y, "poisson"), fit_distribution(y, "negative_binomial")
    >>> cross_entropy(p, q) > p.entropy()
    array([ True])
    """
    return p.entropy() + kl_divergence(p, q)


def _some(p, rows):
    """The laws of these rows; the only one of p stands for all rows."""
    return p if len(p) == 1 else p[rows]


def _comparable(p, q):
    """p and q as laws of one number, with parameters that can be computed with; or an error."""
    for name, law in (("p", p), ("q", q)):
        if not isinstance(law, Predictive):
            raise TypeError(f"{name} is what predict_dist or fit_distribution returns; got {type(law).__name__}.")
    if len(p) != len(q) and 1 not in (len(p), len(q)):
        raise ValueError(
            f"p has {len(p)} rows and q has {len(q)}: the laws of each row are compared, or one law with all."
        )
    kinds = [_measure(law) for law in (p, q)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"{p.likelihood!r} has {kinds[0]}, {q.likelihood!r} {kinds[1]}: probabilities and densities cannot be "
            "compared. Compare laws of the same kind, or mean_crps, which needs neither."
        )
    return [Predictive(law.likelihood.of_dist, computable(law.likelihood, law.theta), len(law)) for law in (p, q)]


def _measure(p):
    """In words, with respect to what the laws have densities."""
    if hasattr(p.dist, "pmf"):
        return "probabilities of integers"
    atoms = getattr(p.dist, "atoms", ())
    return " ".join(["a density", *(f"and a probability of {at:g}" for at in sorted(atoms))])
