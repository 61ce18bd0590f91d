"""A likelihood at a few points, with y drawn there, and its expectations as sums: what the rules look at."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..likelihoods import LabelLikelihood

# Coordinates in which a predictor is far out: a probability of 2e-22, a scale of 5e21.
FAR = 50


class Specimen:
    """A likelihood at a few points, with y drawn from `dist` there.

    Attributes
    ----------
    points : array of shape (3, K)
        Linear predictors; the first is the centre.
    draws : list of arrays of n_draws rows
        y, drawn at each point.
    y, eta : all draws, and K rows of the points they were drawn at
    """

    n_draws = 16

    def __init__(self, likelihood):
        self.likelihood = likelihood
        self.remarks = []  # what is no fault of the likelihood's
        self.labels = isinstance(likelihood, LabelLikelihood)
        # With several columns (an interval, a composition) y is not what dist is the law of.
        self.has_law = likelihood.support.columns == 1 and likelihood.proper

    @cached_property
    def K(self):
        return sum(rows.stop - rows.start for rows in self.likelihood.slices.values())

    @cached_property
    def points(self):
        moves = np.random.RandomState(0).uniform(-0.7, 0.7, (3, self.K))
        moves[0] = 0
        return np.array([self.from_default(move) for move in moves])

    def from_default(self, move):
        """eta of the values at a distance `move` from the centre of the default links."""
        eta = np.empty(self.K)
        for name, rows in self.likelihood.slices.items():
            default, parameter = self.likelihood.links[name], self.likelihood.parameters[name]
            value = default.shown(default.inverse(centre(default) + move[rows]))
            chosen = parameter(value)
            # A value outside the domain of a link that is not the default (log of a mean <= 0): about eta = 1.
            eta[rows] = np.where(np.isfinite(chosen), chosen, 1 + move[rows])
        return eta

    @cached_property
    def draws(self):
        rng = np.random.RandomState(1)
        return [self.draw(rows_of(point), self.n_draws, rng) for point in self.points]

    def draw(self, eta, n, rng):
        """n rows of y from `dist` at eta: (n,), or intervals around the draws where y has two columns."""
        y = np.asarray(self.likelihood.dist(*self.likelihood.theta(eta)).rvs(size=n, random_state=rng))
        if self.labels:
            return y.astype(int)
        y = y.astype(float)
        if self.likelihood.support.columns == 1 or y.ndim == 2:
            return y
        kind = np.arange(n) % (4 if self.likelihood.support.infinite else 2)
        lower = np.where(kind == 2, -np.inf, y)
        upper = np.select([kind == 1, kind == 3], [y + 1, np.inf], y)
        return np.column_stack([lower, upper])

    @cached_property
    def y(self):
        y = np.concatenate(self.draws)
        y.setflags(write=False)  # as that of a memory map
        return y

    @cached_property
    def eta(self):
        return list(np.repeat(self.points, self.n_draws, axis=0).T.copy())

    @cached_property
    def start(self):
        """eta (K,) to start from."""
        values = self.likelihood.start(self.y, np.ones(len(self.y)))
        return self.points[0] if values is None else self.likelihood.eta(values)

    def taylor(self, y, eta, order=2):
        """`likelihood.taylor` as arrays: (n,), (K, n), (K, K, n)."""
        return arrays(self.likelihood.taylor(y, eta, order), len(y))

    def at(self, y, eta):
        """A function from the index of an entry to the place of its row, for messages."""

        def where(index):
            i = index[-1]
            return f"y = {np.asarray(y[i]).tolist()}, eta = {[round(float(row[i % len(row)]), 6) for row in eta]}"

        return where

    @cached_property
    def laws(self):
        """(eta, theta, Nodes) at each point."""
        etas = [rows_of(point) for point in self.points]
        thetas = [self.likelihood.theta(eta) for eta in etas]
        return [(eta, theta, Nodes.of(self, theta)) for eta, theta in zip(etas, thetas, strict=True)]

    @cached_property
    def expectations(self):
        """(eta, nodes, probability, gradient, Hessian) at the nodes of each law, probabilities by `dist`."""
        expectations = []
        for eta, theta, nodes in self.laws:
            _, g, h = self.taylor(nodes.y, eta)
            probability = nodes.measure * np.exp(log_density(self.likelihood.dist(*theta), nodes.y))
            expectations.append((eta, nodes, probability, g, h))
        return expectations

    @cached_property
    def far_out(self):
        """For each k (k, y, grid, eta, taylor): a row per eta_k from -51 to 51, a column per y; the others start."""
        y, grid = self.y[::2], np.arange(-FAR - 1.0, FAR + 2)
        far_out = []
        for k in range(self.K):
            eta = [np.repeat(grid if m == k else np.full(len(grid), self.start[m]), len(y)) for m in range(self.K)]
            parts = self.taylor(np.concatenate([y] * len(grid)), eta)
            parts = [part.reshape(*part.shape[:-1], len(grid), len(y)) for part in parts]
            far_out.append((k, y, grid, eta, parts))
        return far_out


@dataclass
class Nodes:
    """The values of y, and the measure of each, by which expectations under `dist` are sums.

    Classes and integers have measure 1. Real numbers are Gauss-Legendre nodes on panels between quantiles, whose
    odds grow by a factor e from one to the next, so that tails and poles at the ends of the support are resolved.

    Attributes
    ----------
    y, measure : arrays of shape (m,)
    ends : array of shape (number of panels,)
        Upper end of each panel; the nodes themselves where y is discrete.
    below, above : float
        dist's probabilities of what lies beyond the nodes.
    """

    y: np.ndarray
    measure: np.ndarray
    ends: np.ndarray
    below: float = 0.0
    above: float = 0.0

    order = 16
    largest = 20_000

    @classmethod
    def of(cls, specimen, theta):
        """The nodes for `dist` at theta, whose rows have length 1."""
        likelihood = specimen.likelihood
        if specimen.labels:
            y = np.arange(likelihood.n_classes)
            return cls(y, np.ones(len(y)), y)
        law = likelihood.dist(*theta)
        if likelihood.support.integer:
            first = likelihood.support.lower
            first = first if np.isfinite(first) else quantiles(law, np.array([-33.0]))[0]
            y = np.arange(first, min(quantiles(law, np.array([33.0]))[0], first + cls.largest) + 1)
            return cls(y, np.ones(len(y)), y, number(law.cdf(first - 1)), number(law.sf(y[-1])))
        # A probability of the lower bound itself (no claims, no rain) is not in the integral.
        lower = likelihood.support.lower
        atom = number(law.cdf(lower)) if np.isfinite(lower) else 0.0
        edges = np.unique(quantiles(law, np.arange(-36.0, 36.5), atom))
        # A pole at 1 has quantiles so close to it that no number lies between them, unlike a pole at 0.
        apart = np.flatnonzero(np.diff(edges) > 1e6 * np.spacing(np.maximum(np.abs(edges[1:]), np.abs(edges[:-1]))))
        edges = edges[apart[0] : apart[-1] + 2]
        # Where the density has a kink, it is at the point that `predict` returns.
        kink = np.ravel(likelihood.point(*theta))[:1]
        edges = np.unique(np.concatenate([edges, kink[(kink > edges[0]) & (kink < edges[-1])]]))
        x, weight = np.polynomial.legendre.leggauss(cls.order)
        middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
        y = middle[:, None] + half[:, None] * x
        below, above = number(law.cdf(edges[0])), number(law.sf(edges[-1]))
        return cls(y.ravel(), np.outer(half, weight).ravel(), edges[1:], below, above)

    def panels(self, density):
        """The integral over each panel."""
        return (self.measure * density).reshape(len(self.ends), -1).sum(axis=1)


def number(row):
    """The float in a row of length 1."""
    return float(np.ravel(row)[0])


def log_density(law, y):
    """logpmf or logpdf, whichever the law has."""
    return np.broadcast_to(law.logpmf(y) if hasattr(law, "logpmf") else law.logpdf(y), len(y))


def quantiles(law, logit, atom=0.0):
    """The quantiles of dist at these log-odds, finite ones; from above by `isf`, where 1 - p would lose its digits.

    Of the probabilities above `atom`.
    """
    p = (1 - atom) / (1 + np.exp(np.abs(logit)))
    upper = law.isf(p) if hasattr(law, "isf") else law.ppf(1 - p)
    y = np.where(logit < 0, law.ppf(atom + p), upper)
    return y[np.isfinite(y)]


def centre(link):
    """The linear predictor 0, or the nearest of +-1 whose parameter lies inside its domain."""
    return next((float(eta) for eta in (0, 1, -1) if inside(link, link.inverse(np.array([float(eta)]))).all()), 0.0)


def inside(link, theta):
    return np.isfinite(theta) & (theta > link.lower) & (theta < link.upper)


def rows_of(point):
    """K rows of length 1."""
    return [np.array([value]) for value in point]


def arrays(parts, n):
    """taylor's parts with all rows drawn out to length n: (n,), (K, n), (K, K, n)."""
    value, *derivatives = parts
    full = [np.broadcast_to(value, n)]
    if derivatives:
        full.append(np.array([np.broadcast_to(row, n) for row in derivatives[0]]))
    if len(derivatives) > 1:
        full.append(np.array([[np.broadcast_to(row, n) for row in rows] for rows in derivatives[1]]))
    return full
