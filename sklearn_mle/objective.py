"""F(w), the penalised mean negative log-likelihood, with its derivatives: a map over row blocks and a sum."""

from dataclasses import dataclass, replace

import numpy as np

from .design import Layout, NearKinks, Root, Sums, dense, gram
from .likelihoods.base import Likelihood
from .likelihoods.rounded import bandwidth_at_kink
from .penalty import ElasticNet

# Of the columns of X: where more have no coefficient, the others are gathered.
MOSTLY = 0.75


@dataclass(frozen=True)
class Objective:
    """F(w) = 1/s sum_i s_i nll_i(W) + penalty(W), s = sum_i s_i, in the coordinates w of the layout.

    This is all that a solver sees. Everything that needs the rows is one call of ``rows.sum``.

    Attributes
    ----------
    likelihood : Likelihood
    layout : Layout
    penalty : ElasticNet
    rows : sklearn_mle.rows.Rows
    """

    likelihood: Likelihood
    layout: Layout
    penalty: ElasticNet
    rows: object

    @property
    def size(self):
        """d, the number of coordinates."""
        return self.layout.size

    @property
    def n_rows(self):
        """The number of rows of positive weight."""
        return self.rows.n_counting

    @property
    def cheap_hessian(self):
        """Whether a pass with the Hessian costs about two with the gradient alone: not where it is made of tiles."""
        return self.rows.block.cheap_gram

    @property
    def invariances(self):
        """The number of directions in which F is constant by nature: shifts of all logits of a softmax."""
        likelihood, layout = self.likelihood, self.layout
        free = layout.mask[:, :1] if self.penalty.alpha > 0 else layout.mask
        return int(sum(free[likelihood.slices[name]].all(axis=0).sum() for name in likelihood.shift_invariant))

    @property
    def nuisance(self):
        """Which coordinates, boolean (d,), the optimal others do not depend on: constants of `likelihood.nuisance`."""
        likelihood, layout = self.likelihood, self.layout
        entries = np.zeros(layout.mask.shape, dtype=bool)
        if self.penalty.alpha > 0 or layout.basis is not None:
            return np.zeros(layout.size, dtype=bool)
        for name, k in likelihood.slices.items():
            constant = not layout.sloped[k].any() and not self.rows.varying_offset(k)
            entries[k] = constant and name in likelihood.nuisance
        return entries[layout.mask]

    def informed(self, n):
        """Which coordinates, boolean (d,), at least n rows tell of: those where the column is not as it mostly is."""
        X = self.rows.block.X
        if hasattr(X, "tocoo"):  # mostly 0
            rows = np.bincount(X.tocoo().col, minlength=X.shape[1])
        else:
            X = dense(X)
            rows = np.sum(np.median(X, axis=0) != X, axis=0)
        mask, basis = self.layout.mask, self.layout.basis
        told = np.broadcast_to(np.append(True, rows >= n), mask.shape)[mask]
        return told if basis is None else basis[told].any(axis=0)

    @property
    def kinked(self):
        """Which coordinates, boolean (d,), move rows over a kink of their nll: those of the first predictor."""
        entries = np.zeros(self.layout.mask.shape, dtype=bool)
        entries[0] = not self.likelihood.smooth
        moved, basis = entries[self.layout.mask], self.layout.basis
        return moved if basis is None else basis[moved].any(axis=0)

    def smoothed(self, width):
        """The objective with kinks rounded over `width` scales of y."""
        return replace(self, likelihood=self.likelihood.smoothed(width))

    def with_density_at_kinks(self, w):
        """The objective whose curvature at kinks is by the density that the rows show there, not the family's."""
        likelihood, block = self.likelihood, self.rows.sample().block
        if likelihood.smooth:
            return self
        weight = np.ones(len(block)) if block.weight is None else block.weight
        z = np.broadcast_to(likelihood.kinks(block.y, block.eta(self.layout.unpack(w)))[0], len(block))
        if not (weight * np.isfinite(z)).any():  # every row is censored
            return self
        bandwidth = bandwidth_at_kink(z, weight, likelihood.slopes, self.rows.total)
        return replace(self, likelihood=likelihood.with_density(bandwidth))

    def near_kinks(self, w, n):
        """The n rows nearest to their kink at w: F about w, piecewise linear, until another row passes its own."""
        kinks = self.rows.sum(_kinks, self.likelihood, self.layout, self.layout.unpack(w), n)
        kinks = replace(kinks, slopes=kinks.slopes / self.rows.total)
        return replace(kinks, rest=self.taylor(w, 1)[1] - kinks.gradient())

    @property
    def thresholds(self):
        """t (d,) of the sum of t_j |w_j| in F: 0 but for an l1 penalty."""
        if self.penalty.alpha * self.penalty.l1_ratio == 0:
            return np.zeros(self.size)
        return self.penalty.thresholds(self.layout.slopes)

    @property
    def floor(self):
        """The curvature (d,) in each coordinate that the penalty alone gives: 0 where there is none."""
        if self.layout.basis is not None:
            return np.zeros(self.size)
        return self.penalty.taylor(np.zeros(self.size), self.layout.slopes)[2]

    def value(self, w):
        """F(w)."""
        return self.taylor(w, 0)[0] + float(self.thresholds @ np.abs(w))

    def taylor(self, w, order):
        """The first `order` + 1 of the value (float), gradient (d,) and observed Hessian (d, d) at w.

        They are those of the smooth part of F, which is all but the `thresholds`.
        """
        sums = self.rows.sum(_taylor, self.likelihood, self.layout.summed, self.layout.unpack(w), order)
        s = self.rows.total
        value, *derivatives = self._penalty(w)
        parts = [float(sums[0] / s + value)]
        if order > 0:
            parts.append(self.layout.gradient(sums[1]) / s + derivatives[0])
        if order > 1:
            parts.append(self.layout.hessian(sums[2]) / s + derivatives[1]())
        return tuple(parts)

    def log_likelihood(self, w, value=None):
        """sum_i s_i log p(y_i | theta_i), without the penalty; `value` is F(w) where it is known."""
        value = self.value(w) if value is None else value
        return -self.rows.total * (value - self._penalty(w)[0] - float(self.thresholds @ np.abs(w)))

    def metric(self, w):
        """A positive semidefinite curvature (d, d): each row's Hessian with its eigenvalues' modulus."""
        H = self.rows.sum(_metric, self.likelihood, self.layout.summed, self.layout.unpack(w))
        return self.layout.hessian(H) / self.rows.total + self._penalty(w)[2]()

    def hessian_product(self, w):
        """v -> H v with the observed Hessian H at w, which is never formed: K x K numbers a row are kept."""
        return self._product(w, _observed)

    def metric_product(self, w):
        """v -> M v with the `metric` M at w, as `hessian_product`."""
        return self._product(w, _modulus_in)

    def root(self, w):
        """R, upper triangular, with R'R = metric(w): by QR over blocks, so that Z is never squared."""
        R = self.rows.sum(_root, self.likelihood, self.layout, self.layout.unpack(w)).R / np.sqrt(self.rows.total)
        *_, curvature = self._penalty(w)
        values, vectors = np.linalg.eigh(curvature())
        penalty = Root(np.sqrt(np.maximum(values, 0))[:, None] * vectors.T)
        return (Root(R) + penalty).R if values.any() else R

    def restrict(self, free, w):
        """The objective in which only the coordinates `free` (boolean, (d,)) move, the others held at w."""
        layout, idle = self.layout.restrict(free, w), np.zeros(0, dtype=bool)
        if layout.basis is None:
            idle = ~layout.mask[:, 1:].any(axis=0) & ~layout.held[:, 1:].any(axis=0)
        if idle.sum() <= MOSTLY * len(idle):
            return replace(self, layout=layout)
        return replace(self, layout=layout.columns_only(~idle), rows=self.rows.columns_only(~idle))

    def along(self, basis, w):
        """The objective of v at w + basis v: other coordinates, or a subspace."""
        return replace(self, layout=self.layout.along(basis, w))

    def fewer_rows(self, n):
        """The objective of a strided sample of n rows, gathered once."""
        return replace(self, rows=self.rows.sample(n))

    def batches(self, n, rng):
        """Objectives of mini-batches of about n rows, every row once: one epoch, in random order."""
        for rows in self.rows.batches(n, rng):
            yield replace(self, rows=rows)

    def split(self, share, rng):
        """The objective of all rows but a random share, and that of the share."""
        return tuple(replace(self, rows=rows) for rows in self.rows.split(share, rng))

    def _product(self, w, curvature):
        curved = self.rows.map(_curved, self.likelihood, self.layout, self.layout.unpack(w), curvature)
        layout = replace(self.layout, held=np.zeros(self.layout.mask.shape))
        linear = replace(self, layout=layout, rows=curved)

        def product(v):
            G = curved.sum(_product, layout, layout.unpack(v))
            return layout.gradient(G) / self.rows.total + linear._penalty(v)[1]

        return product

    def _penalty(self, w):
        """Value, gradient and Hessian (a function, made only where it is wanted) of the penalty's smooth part.

        The value counts the slopes that are held, too: a restricted F is F.
        """
        layout = self.layout
        entries = layout.entries(w)
        value, gradient, curvature = self.penalty.taylor(entries[layout.mask], layout.slopes)
        held = replace(layout, mask=~layout.mask)
        value += self.penalty.taylor(entries[held.mask], held.slopes)[0]
        if layout.basis is None:
            return value, gradient, lambda: np.diag(curvature)
        basis, curved = layout.basis, curvature != 0
        return value, basis.T @ gradient, lambda: (basis[curved].T * curvature[curved]) @ basis[curved]


# Steps over one block. They are functions of the module so that another process can run them.


def _weighted(weight, row):
    """weight * row with 0 inf = 0: what has no weight may be anything."""
    return row if weight is None else np.multiply(weight, row, out=np.zeros(len(weight)), where=weight > 0)


def _taylor(block, likelihood, layout, W, order):
    nll, *derivatives = likelihood.taylor(block.y, block.eta(W), order)
    nll = _weighted(block.weight, nll)
    sums = [nll.sum() * (len(block) / len(nll))]
    if order > 0:
        sums.append(block.score([_weighted(block.weight, row) for row in derivatives[0]], layout.sloped))
    if order > 1:
        h = [[_weighted(block.weight, row) for row in rows] for rows in derivatives[1]]
        sums.append(gram(block, layout, h))
    return Sums(sums)


def _kinks(block, likelihood, layout, W, n):
    return NearKinks.of(block, layout, *likelihood.kinks(block.y, block.eta(W)), likelihood.slopes, n)


def _metric(block, likelihood, layout, W):
    return gram(block, layout, _curvature(block, likelihood, layout, W, _modulus_in))


def _curved(block, likelihood, layout, W, curvature):
    """The block of the quadratic form: no y but each row's weighted curvature (n, K, K)."""
    h, K = _curvature(block, likelihood, layout, W, curvature), len(W)
    rows = [np.broadcast_to(row, len(block)) for line in h for row in line]
    return replace(block, y=np.stack(rows, axis=1).reshape(-1, K, K), weight=None, offset=0.0)


def _curvature(block, likelihood, layout, W, curvature):
    *_, h = likelihood.taylor(block.y, block.eta(W), 2)
    return [[_weighted(block.weight, row) for row in rows] for rows in curvature(h, layout)]


def _observed(h, layout):
    return h


def _modulus_in(h, layout):
    return _modulus(h, layout.unit)


def _product(block, layout, V):
    eta = np.stack([np.broadcast_to(row, len(block)) for row in block.eta(V)])
    return block.score(np.einsum("nkm,mn->kn", block.y, eta), layout.sloped)


def _root(block, likelihood, layout, W):
    *_, h = likelihood.taylor(block.y, block.eta(W), 2)
    weight = None if block.weight is None else np.sqrt(block.weight)
    roots = _modulus(h, layout.unit, power=0.5)
    return Root.of(block, layout, [[_weighted(weight, row) for row in rows] for rows in roots])


def _modulus(h, unit, power=1.0):
    """V |D|^power V' of each row's symmetric matrix h = V D V': K lists of K rows.

    D is that in the layout's units, so that the unit of y changes nothing.
    """
    K = len(h)
    if K == 1:  # the eigenvalue of a 1 x 1 matrix is itself
        return [[np.abs(h[0][0]) ** power]]
    rows = np.broadcast_arrays(*(row for line in h for row in line))
    scaled = np.stack(rows, axis=-1).reshape(-1, K, K) * np.outer(unit, unit)
    values, vectors = np.linalg.eigh(np.where(np.isfinite(scaled), scaled, 0.0))
    values = np.abs(values)
    # An exact 0 (the shift of all logits) comes out as 1e-17, whose root 3e-9 would pass for a curvature.
    values[values < K * np.finfo(float).eps * values.max(axis=1, keepdims=True)] = 0.0
    modulus = (vectors * values[:, None, :] ** power) @ vectors.swapaxes(1, 2)
    modulus /= np.outer(unit, unit) if power == 1.0 else unit
    return [[modulus[:, k, m] for m in range(K)] for k in range(K)]
