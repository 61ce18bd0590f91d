"""What every likelihood and every solver must satisfy: rules of the maths, checked one by one."""

import inspect
import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize
from sklearn.base import clone

from . import jets
from .design import Block, Layout, Moments
from .likelihoods import Bernoulli, Categorical, Gaussian, LabelLikelihood, Likelihood, Poisson, StudentT
from .links import LINKS, Link
from .objective import Objective
from .penalty import ElasticNet
from .rows import Rows

# Same code, same rows: what regrouping and vectorisation may change.
ROUNDING = 1e-12
# Derivatives through `jets.numeric`: its gradient and Hessian are good to 1e-9 and 1e-6.
GRADIENT, HESSIAN = 1e-7, 1e-5
# Quadrature between quantiles, of densities whose tails are as heavy as those of Student's t with half a degree.
QUADRATURE = 1e-6
# Coordinates in which a predictor is far out: a probability of 2e-22, a scale of 5e21.
FAR = 50
# An nll that overflows passes this on its way to inf, from one unit of eta to the next.
HUGE = 1e100


def check_likelihood(likelihood):
    """Check that a likelihood keeps the rules on which the rest of the package relies.

    The rules are the functions in `LIKELIHOOD_CHECKS`, checked in that order at a few parameter values, with y
    drawn from `dist`; a likelihood of labels is checked with three classes (if it takes them) and with two.

    Parameters
    ----------
    likelihood : Likelihood
        With any parameters.

    Raises
    ------
    AssertionError
        At the first rule that is broken: names the likelihood, the rule, the values, and where to look.

    Warns
    -----
    UserWarning
        Where scipy's logpdf or logpmf loses the far tail and the likelihood has no `log_prob` of its own: fits work
        from a reasonable start, but may be stuck from a bad one.

    Examples
    --------
    >>> from sklearn_mle import Gaussian
    >>> from sklearn_mle.checks import check_likelihood
    >>> check_likelihood(Gaussian())
    """
    if not isinstance(likelihood, Likelihood):
        raise AssertionError(f"check_likelihood takes a Likelihood object; got {likelihood!r}.")
    if isinstance(likelihood, LabelLikelihood):
        for n_classes in (3, 2) if likelihood.multi_class else (2,):
            specimen = Specimen(likelihood.with_classes(n_classes))
            _run(LIKELIHOOD_CHECKS, specimen, f"{likelihood!r} with {n_classes} classes")
        return
    specimen = Specimen(likelihood)
    _run(LIKELIHOOD_CHECKS, specimen, repr(likelihood))
    for remark in specimen.remarks:
        warnings.warn(f"{likelihood!r}: {remark}", stacklevel=2)


def check_solver(solver):
    """Check that a solver keeps the rules on which estimators rely, on a dozen small objectives.

    The rules are the functions in `SOLVER_CHECKS`. Exactness is asked for as far as the solver's own `tol` claims it:
    where it says `converged`, F lies within 200 `tol` of the optimum, relative (absolute where ``|F| < 1``).

    Parameters
    ----------
    solver : Solver

    Raises
    ------
    AssertionError
        At the first rule that is broken: names the solver, the rule, the problem, the values, and where to look.
    """
    _run(SOLVER_CHECKS, Trials(solver), repr(solver))


def _run(checks, subject, name):
    for check in checks:
        rule = check.__name__.replace("_", " ")
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check(subject)
        except AssertionError as broken:
            raise AssertionError(f"{name} breaks the rule '{rule}': {broken}") from None
        except Exception as error:
            raise AssertionError(f"{name} breaks the rule '{rule}': {type(error).__name__}: {error}") from error


def demand(condition, message):
    """An AssertionError with this message unless the condition holds."""
    if not condition:
        raise AssertionError(message)


def demand_close(found, expected, tolerance, what, where=None, look=""):
    """|found - expected| <= tolerance (1 + |expected|), by entry; `where(index)` says where the worst entry lies."""
    found, expected, tolerance = np.broadcast_arrays(found, expected, tolerance)
    excess = np.abs(found - expected) - tolerance * (1 + np.abs(expected))
    good = (excess <= 0) | (found == expected)  # equal infinities are equal; NaN is never good
    if good.all():
        return
    i = np.unravel_index(np.argmax(np.where(good, -np.inf, np.nan_to_num(excess, nan=np.inf))), good.shape)
    place = f" at {where(i)}" if where else ""
    values = f"{found[i]:.10g}, not {expected[i]:.10g} (tolerance {tolerance[i]:.0e})"
    raise AssertionError(f"{what} is {values}{place}. {look}")


# --- likelihoods: what the checks look at ---------------------------------------------------------------------------


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
        self.has_law = likelihood.support.columns == 1 and getattr(likelihood, "proper", True)

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
            eta[rows] = parameter(value)
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
        thetas = [self.likelihood.theta(rows_of(point)) for point in self.points]
        return [(rows_of(point), theta, Nodes.of(self, theta)) for point, theta in zip(self.points, thetas, strict=True)]

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
        """For each k (k, y, grid, eta, taylor): eta_k on the grid -51 .. 51 (first axis), y (second axis), others start."""
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
        edges = np.unique(quantiles(law, np.arange(-36.0, 36.5)))
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


def quantiles(law, logit):
    """The quantiles of dist at these log-odds, finite ones; from above by `isf`, where 1 - p would lose its digits."""
    p = 1 / (1 + np.exp(np.abs(logit)))
    upper = law.isf(p) if hasattr(law, "isf") else law.ppf(1 - p)
    y = np.where(logit < 0, law.ppf(p), upper)
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


def demand_same_taylor(found, expected, what, where, look):
    """Equality of two taylors as arrays, as close as `jets.numeric` allows."""
    names, tolerances = ("nll", "gradient", "Hessian"), (ROUNDING, GRADIENT, HESSIAN)
    for name, tolerance, a, b in zip(names, tolerances, found, expected, strict=False):
        demand_close(a, b, tolerance, f"the {name} {what}", where, look)


def differences(specimen, order, h=1e-3):
    """For each k, the derivative of taylor's last part by eta_k, and an estimate of its error.

    Central differences of fourth order; the error is estimated from those of twice the step, whose own is 16 times
    as large.
    """
    y, eta, n, steps = specimen.y, specimen.eta, len(specimen.y), (-1, 1, -2, 2, -4, 4)
    moves = [(k, step) for k in range(specimen.K) for step in steps]
    # All moves at once: what costs is the number of calls of `dist`.
    moved = [np.concatenate([row + h * step * (m == k) for k, step in moves]) for m, row in enumerate(eta)]
    f = specimen.taylor(np.concatenate([y] * len(moves)), moved, order)[-1]
    f = f.reshape(*f.shape[:-1], specimen.K, len(steps), n)
    for k in range(specimen.K):
        f_1, f1, f_2, f2, f_4, f4 = (f[..., k, i, :] for i in range(len(steps)))
        slope = (8 * (f1 - f_1) - (f2 - f_2)) / (12 * h)
        coarse = (8 * (f2 - f_2) - (f4 - f_4)) / (24 * h)
        yield k, slope, np.abs(slope - coarse)


# --- likelihoods: the rules -----------------------------------------------------------------------------------------


def constructor_arguments_are_kept(specimen):
    """scikit-learn's contract: clone, repr and get_params work, and use changes no constructor argument."""
    likelihood = specimen.likelihood
    before, shown = likelihood.get_params(deep=False), repr(likelihood)
    arguments, default = _default(likelihood)
    for argument in arguments:
        stored, given = getattr(default, argument.name), argument.default
        kept = given is inspect.Parameter.empty or stored is given
        demand(kept, f"{argument.name}={given!r} is stored as {stored!r}. __init__ stores what it is given.")
    copy = clone(likelihood)
    demand(repr(copy) == shown, f"clone gives {copy!r}. Look at __init__.")
    demand(
        copy.set_params(**before).get_params(deep=False) == before, "set_params(**get_params()) changes a parameter."
    )
    likelihood.taylor(specimen.y.copy(), specimen.eta, 2)
    likelihood.start(specimen.y.copy(), np.ones(len(specimen.y)))
    likelihood.point(*likelihood.theta(specimen.eta))
    after = likelihood.get_params(deep=False)
    changed = [name for name in before if after[name] is not before[name]] or ([] if repr(likelihood) == shown else [1])
    demand(not changed, f"{shown} became {likelihood!r} in use. Work on a clone.")


def default_constructor_estimates_everything(specimen):
    """Every parameter that can be fixed in the constructor is estimated by default."""
    _, default = _default(specimen.likelihood)
    for name in default.links:
        value = default.get_params(deep=False).get(name)
        demand(value is None, f"{name} is fixed at {value!r} by default. Let {name}=None, estimated, be the default.")


def _default(likelihood):
    """The constructor's arguments, and what it makes of their defaults (of the likelihood's own where there is none)."""
    arguments = inspect.signature(type(likelihood)).parameters.values()
    needed = [argument.name for argument in arguments if argument.default is inspect.Parameter.empty]
    return arguments, type(likelihood)(**{name: getattr(likelihood, name) for name in needed})


def parameters_are_consistent(specimen):
    """links, parameters, widths, slices, theta and eta speak of the same parameters in the same order."""
    likelihood = specimen.likelihood
    links, parameters, slices = likelihood.links, likelihood.parameters, likelihood.slices
    demand(list(parameters) == list(links), f"parameters {list(parameters)} are not those of links {list(links)}.")
    position = 0
    for name, parameter in parameters.items():
        demand((name in slices) == isinstance(parameter, Link), f"slices and parameters disagree on {name}.")
        if name in slices:
            width = likelihood.widths.get(name, 1)
            demand(slices[name] == slice(position, position + width), f"slices[{name!r}] is {slices[name]}.")
            position += width
    for point in specimen.points:
        theta = likelihood.theta(rows_of(point))
        demand(len(theta) == len(links), f"theta has {len(theta)} entries for the {len(links)} parameters.")
        values = []
        for (name, link), entry in zip(links.items(), theta, strict=True):
            wide = isinstance(entry, tuple)
            demand(wide == (name in likelihood.widths and name in slices), f"theta's entry of {name} is {entry!r}.")
            entry = np.concatenate([np.zeros(0), *entry]) if wide else entry
            domain = f"({link.lower:g}, {link.upper:g})"
            demand(inside(link, entry).all(), f"theta of {name} is {entry}, outside {domain}. Look at links.")
            values.append(link.shown(entry) if wide else number(link.shown(entry)))
        demand_close(likelihood.eta(values), point, 1e-9, "eta(values of theta(eta))", look="Look at links.")


def fixing_a_parameter_is_holding_it(specimen):
    """taylor with a parameter fixed is taylor without, minus that parameter's derivatives."""
    likelihood, y = specimen.likelihood, specimen.draws[1]
    arguments, slices = likelihood.get_params(deep=False), likelihood.slices
    for name in list(slices)[1:]:
        if arguments.get(name, 0) is not None or name in likelihood.widths:
            continue
        eta = rows_of(specimen.points[1])
        k = slices[name].start
        value = number(likelihood.links[name].shown(likelihood.parameters[name].inverse(eta[k])))
        fixed = clone(likelihood).set_params(**{name: value})
        if specimen.labels:
            fixed = fixed.with_classes(likelihood.n_classes)
        rest = [m for m in range(specimen.K) if m != k]
        nll, g, h = specimen.taylor(y, eta)
        found = arrays(fixed.taylor(y, [eta[m] for m in rest], 2), len(y)) if rest else [fixed.taylor(y, [], 0)[0]]
        demand_same_taylor(
            found, [nll, g[rest], h[np.ix_(rest, rest)]], f"with {name}={value:.4g} fixed", specimen.at(y, eta),
            "Look at `parameters`, and at how `derivatives` uses a fixed parameter.",
        )  # fmt: skip


def support_holds_what_dist_draws(specimen):
    """check returns y itself where dist draws it, and names the row where y is outside."""
    likelihood, y = specimen.likelihood, specimen.y
    demand(likelihood.check(y) is y, "check(y) does not return y itself.")
    support = likelihood.support
    if specimen.labels or not np.isfinite(support.lower):
        return
    outside = y.copy()
    outside[1] = support.lower - 1
    try:
        likelihood.check(outside)
    except ValueError as error:
        demand("y[1]" in str(error), f"the message of check does not name row 1: {error}")
    else:
        raise AssertionError(f"check accepts y[1] = {outside[1]}, below the support. Look at `support`.")


def taylor_has_its_shapes(specimen):
    """taylor is a tuple of a row, K rows and K lists of K rows, (n,) or (1,) each; its orders are nested."""
    likelihood, y, eta, K = specimen.likelihood, specimen.y, specimen.eta, specimen.K
    whole = specimen.taylor(y, eta)
    for order in range(3):
        parts = likelihood.taylor(y, eta, order)
        demand(isinstance(parts, tuple), f"taylor(order={order}) is no tuple but {type(parts).__name__}.")
        demand(len(parts) == order + 1, f"taylor(order={order}) has {len(parts)} parts, not {order + 1}.")
        rows = [parts[0], *(parts[1] if order > 0 else [])]
        demand(len(rows) == 1 + K * (order > 0), f"taylor(order={order}) has {len(rows) - 1} gradient rows, K = {K}.")
        if order > 1:
            demand([len(line) for line in parts[2]] == [K] * K, f"the Hessian is not K lists of K rows, K = {K}.")
            rows += [row for line in parts[2] for row in line]
        for row in rows:
            shape = np.shape(row)
            demand(shape in {(len(y),), (1,)}, f"a row of taylor has shape {shape}, n = {len(y)}.")
        look = "The orders of taylor must agree: look at `derivatives`."
        demand_same_taylor(arrays(parts, len(y)), whole, f"of order {order}", specimen.at(y, eta), look)
    nll, _, h = whole
    demand_close(h, h.swapaxes(0, 1), ROUNDING, "the Hessian's mirror entry", specimen.at(y, eta))
    finite = np.isfinite(nll)
    demand(finite.all(), f"the nll is {nll[~finite][:1]} where y was drawn from dist. Look at `log_prob`.")


def rows_of_length_one_are_constants(specimen):
    """Predictors that do not vary may come as rows of length 1, each alone or all together."""
    for y, point in zip(specimen.draws[:2], specimen.points, strict=False):
        eta = [np.full(len(y), value) for value in point]
        expected = specimen.taylor(y, eta)
        for full in [*range(specimen.K), None]:
            mixed = [row if k == full else row[:1] for k, row in enumerate(eta)]
            what = f"for eta rows of length {[len(row) for row in mixed]}"
            look = "Entries of theta must broadcast: look for shapes in log_prob and derivatives."
            demand_same_taylor(specimen.taylor(y, mixed), expected, what, specimen.at(y, eta), look)


def rows_are_independent(specimen):
    """taylor of some rows, in any order, is those rows of taylor."""
    y, eta = specimen.y, specimen.eta
    whole = specimen.taylor(y, eta)
    shuffled = np.random.RandomState(2).permutation(len(y))
    for rows in (shuffled, np.arange(0, len(y), 3), np.array([len(y) - 1])):
        part, part_eta = y[rows], [row[rows] for row in eta]
        what = f"of {len(rows)} of {len(y)} rows"
        look = "A row's nll may depend on no other row: look for means, sums and sorts over y."
        expected = [array[..., rows] for array in whole]
        demand_same_taylor(specimen.taylor(part, part_eta), expected, what, specimen.at(part, part_eta), look)


def y_is_not_modified(specimen):
    """taylor and start write neither to y nor to eta or weight."""
    given = [specimen.y, *specimen.eta, np.ones(len(specimen.y))]
    y, *eta, weight = (array.copy() for array in given)
    specimen.likelihood.taylor(y, eta, 2)
    specimen.likelihood.start(y, weight)
    names = ["y", *(f"eta[{k}]" for k in range(specimen.K)), "weight"]
    for name, before, after in zip(names, given, [y, *eta, weight], strict=True):
        demand(np.array_equal(before, after), f"{name} was written to. Look for in-place operators and out=.")


def weights_are_repeats(specimen):
    """The objective of weighted rows is that of the rows, each repeated weight times."""
    y, K = specimen.y, specimen.K
    rng = np.random.RandomState(3)
    weight, X = rng.randint(3, size=len(y)), 0.1 * rng.uniform(-1, 1, (len(y), 1))
    mask = np.zeros((K, 2), dtype=bool)
    mask[:, 0] = mask[0] = True
    layout = Layout(mask, np.zeros(1), np.ones(1), np.ones(K))
    W = np.column_stack([specimen.points[0], np.zeros(K)])
    W[0, 1] = 1.0
    repeats = np.repeat(np.arange(len(y)), weight)
    parts = [
        Objective(specimen.likelihood, layout, ElasticNet(), Rows(block, K)).taylor(layout.pack(W), 2)
        for block in (Block(X, y, weight.astype(float)), Block(X[repeats], y[repeats]))
    ]
    demand_same_taylor(*parts, "of the weighted objective", None, "A row's nll may depend on no other row.")


def start_is_finite_under_every_link(specimen):
    """start gives finite values inside the domain, also for constant y, and the same nll under every link."""
    likelihood, y = specimen.likelihood, specimen.y
    n = len(y)
    lowest = y[np.argsort(y.reshape(n, -1)[:, 0])[:1]]
    for sample in (y, y[:1], np.repeat(y[:1], 5, axis=0), np.repeat(lowest, 5, axis=0)):
        values = likelihood.start(sample, np.ones(len(sample)))
        described = f"from {len(sample)} rows of y in [{sample.min():.4g}, {sample.max():.4g}]"
        if values is None:  # the fit from eta = 0, then
            nll = likelihood.taylor(sample, rows_of(np.zeros(specimen.K)), 0)[0]
            demand(np.isfinite(nll).all(), f"there is no `start`, and the nll at eta = 0 is not finite {described}. Write one.")
            continue
        demand(len(values) == len(likelihood.links), f"start gives {len(values)} values for {list(likelihood.links)}.")
        eta = likelihood.eta(values)
        demand(np.isfinite(eta).all(), f"start is {values}, eta = {eta}, {described}. Keep it inside the domain.")
        nll = likelihood.taylor(sample, rows_of(eta), 0)[0]
        demand(np.isfinite(nll).all(), f"the nll at the start {values} is not finite {described}.")
        for link in LINKS:
            _same_start_under(link, specimen, sample, values, nll)


def _same_start_under(name, specimen, y, values, nll):
    likelihood = specimen.likelihood
    first, default = next(iter(likelihood.links.items()))
    if first in likelihood.widths or "link" not in likelihood.get_params(deep=False):
        return
    other = clone(likelihood).set_params(link=name)
    if specimen.labels:
        other = other.with_classes(likelihood.n_classes)
    try:
        link = other.parameters[first]
    except (TypeError, ValueError):
        return  # not a link that this parameter takes
    eta, theta = link(np.asarray(values[0], dtype=float)), default.theta(values[0])
    there_and_back = np.isfinite(eta) and abs(link.inverse(eta) - theta) <= 1e-8 * (1 + abs(theta))
    if not there_and_back or other.parameters == likelihood.parameters:
        return  # identity for a negative mean, log for a probability; or a link= with another meaning
    found = other.taylor(y, rows_of(other.eta(other.start(y, np.ones(len(y))))), 0)[0]
    look = "start gives values as users write them, whatever the link."
    demand_close(found, nll, 1e-6, f"the nll at the start under link={name!r}", None, look)


def start_counts_weights(specimen):
    """start of weighted rows is start of the rows, each repeated weight times; weight 0 is no row."""
    likelihood, y = specimen.likelihood, specimen.y
    weight = np.random.RandomState(4).randint(4, size=len(y))
    values = likelihood.start(y, weight.astype(float))
    repeated = np.repeat(y, weight, axis=0)
    expected = likelihood.start(repeated, np.ones(len(repeated)))
    demand((values is None) == (expected is None), "start depends on weights in whether it is None.")
    for name, value, other in zip(likelihood.links, values or (), expected or (), strict=False):
        look = "Look at `start`: means and quantiles must be weighted."
        demand_close(value, other, 1e-8, f"the start of {name} from weighted rows", None, look)


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


def gradient_is_the_slope_of_the_nll(specimen):
    """taylor's gradient is the derivative of its nll in eta, by differences."""
    y, eta = specimen.y, specimen.eta
    nll, g = specimen.taylor(y, eta, 1)
    for k, slope, error in differences(specimen, 0):
        look = "Look at `derivatives`: is the chain rule's factor there?"
        tolerance = GRADIENT * (1 + np.abs(nll)) + error
        demand_close(g[k], slope, tolerance, f"the gradient in eta[{k}]", specimen.at(y, eta), look)


def hessian_is_the_slope_of_the_gradient(specimen):
    """Where the nll is smooth, taylor's Hessian is the derivative of its gradient in eta, by differences."""
    if not specimen.likelihood.smooth:
        return
    y, eta = specimen.y, specimen.eta
    _, g, h = specimen.taylor(y, eta)
    for k, slope, error in differences(specimen, 1):
        tolerance = HESSIAN * (1 + np.abs(g)) + error
        what = f"the Hessian's row {k}"
        demand_close(h[k], slope, tolerance, what, specimen.at(y, eta), "Look at the second order of `derivatives`.")


def derivatives_are_those_of_log_prob(specimen):
    """Analytic `derivatives` agree with the jets of log_prob to ten digits, for |eta| <= 5."""
    likelihood = specimen.likelihood
    default = all(likelihood.parameters[name] == likelihood.links[name] for name in likelihood.slices)
    if likelihood.derivatives is None or not default:
        return
    rng = np.random.RandomState(7)
    eta = list(rng.uniform(-5, 5, (specimen.K, 200)))
    y = specimen.draw(eta, 200, rng)
    # Of a law without moments y may be 1e87, where the jets themselves lose their digits.
    far = (np.isfinite(y) & (np.abs(y) > 1e8)).reshape(200, -1).any(axis=1)
    y[far] = specimen.y[np.flatnonzero(far) % len(specimen.y)]
    exact = arrays(jets.taylor(lambda *rows: -likelihood.log_prob(y, *likelihood.theta(rows)), eta, 2), 200)
    look = "Look at `derivatives`."
    for name, found, expected in zip(("nll", "gradient", "Hessian"), specimen.taylor(y, eta), exact, strict=True):
        demand_close(found, expected, 1e-10, f"the analytic {name}", specimen.at(y, eta), look)


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


def far_out_numbers_are_numbers(specimen):
    """At eta_k from -50 to 50 neither nll, gradient nor Hessian is NaN, and no density is infinite."""
    for k, y, grid, _, (nll, g, h) in specimen.far_out:
        for name, part in (("nll", nll), ("gradient", g), ("Hessian", h)):
            bad = np.argwhere(np.isnan(part) | ((part == -np.inf) & (name == "nll")))
            if len(bad):
                *_, t, i = bad[0]
                raise AssertionError(
                    f"the {name} is {part[tuple(bad[0])]} at eta[{k}] = {grid[t]:g}, y = {y[i].tolist()}, the other "
                    "predictors at the start. Carry the logarithm or the log-odds, never clip."
                )


def far_out_nothing_is_lost(specimen):
    """On the way to eta_k = +-50 the nll becomes infinite by overflow only, or because y leaves dist's support."""
    likelihood = specimen.likelihood
    names = [name for name, rows in likelihood.slices.items() for _ in range(rows.start, rows.stop)]
    for k, y, grid, eta, (nll, *_) in specimen.far_out:
        t = np.arange(len(grid))
        inner = t - np.sign(t - np.argmin(np.abs(grid - specimen.start[k])))  # the grid point before, from the start
        domain = inside(likelihood.links[names[k]], likelihood.parameters[names[k]].inverse(grid))
        lost = np.isinf(nll) & (nll[inner] < HUGE) & domain[:, None]
        if lost.any() and specimen.has_law and not specimen.labels:
            law = likelihood.dist(*likelihood.theta(eta))
            ends = law.support() if hasattr(law, "support") else (likelihood.support.lower, likelihood.support.upper)
            lower, upper = (np.resize(end, nll.size).reshape(nll.shape) for end in ends)
            lost &= (lower < y) & (y < upper)
        if lost.any():
            t, i = np.argwhere(lost)[0]
            message = (
                f"the nll jumps from {nll[inner[t], i]:.6g} at eta[{k}] = {grid[inner[t]]:g} to inf at {grid[t]:g}, "
                f"y = {y[i].tolist()}, the other predictors at the start. Look for the logarithm of what underflows "
                "(log(expit(eta)), log(1 - p)): write log_expit, log_ndtr, log1p, logaddexp."
            )
            demand(type(likelihood).log_prob is Likelihood.log_prob, message)
            specimen.remarks.append(f"{message} The logarithm is scipy's: write log_prob to do better.")
            return


def far_out_the_gradient_points_uphill(specimen):
    """At eta_k = +-50 the gradient has the sign of the nll's change over the unit steps before and behind."""
    for k, y, grid, _, (nll, g, _) in specimen.far_out:
        for t in (1, len(grid) - 2):
            before, behind = nll[t] - nll[t - 1], nll[t + 1] - nll[t]
            changes = np.minimum(np.abs(before), np.abs(behind)) > 1e-10 * (1 + np.abs(nll[t]))
            clear = changes & np.isfinite(nll[t - 1 : t + 2]).all(axis=0) & (np.sign(before) == np.sign(behind))
            wrong = clear & (np.sign(g[k, t]) != np.sign(before))
            if wrong.any():
                i = int(np.argmax(wrong))
                raise AssertionError(
                    f"the gradient in eta[{k}] = {grid[t]:g} is {g[k, t, i]:.6g} where the nll goes {nll[t - 1, i]:.10g}, "
                    f"{nll[t, i]:.10g}, {nll[t + 1, i]:.10g} in unit steps, y = {y[i].tolist()}. "
                    "Look for cancellation or clipping in the tail."
                )


LIKELIHOOD_CHECKS = (
    constructor_arguments_are_kept,
    y_is_not_modified,
    default_constructor_estimates_everything,
    parameters_are_consistent,
    support_holds_what_dist_draws,
    taylor_has_its_shapes,
    rows_of_length_one_are_constants,
    rows_are_independent,
    weights_are_repeats,
    labels_agree_with_log_proba,
    two_classes_means_two_classes,
    start_is_finite_under_every_link,
    start_counts_weights,
    log_prob_is_that_of_dist,
    density_sums_to_one,
    cdf_is_the_sum_of_the_density,
    gradient_is_the_slope_of_the_nll,
    hessian_is_the_slope_of_the_gradient,
    derivatives_are_those_of_log_prob,
    fixing_a_parameter_is_holding_it,
    score_has_mean_zero,
    mean_hessian_is_the_variance_of_the_score,
    far_out_numbers_are_numbers,
    far_out_nothing_is_lost,
    far_out_the_gradient_points_uphill,
)


# --- solvers: the problems ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """An objective, the coordinates to start from, and its optimum by other means."""

    name: str
    objective: Objective
    start: np.ndarray

    @cached_property
    def optimum(self):
        """scipy's trust-region Newton method with exact Hessians."""
        F, w = self.objective, self.start
        for _ in range(2):  # it starts with a small region: twice is to rounding
            w = minimize(
                lambda w: F.taylor(w, 0)[0],
                w,
                jac=lambda w: F.taylor(w, 1)[1],
                hess=lambda w: F.taylor(w, 2)[2],
                method="trust-exact",
                options={"gtol": 1e-11, "maxiter": 500},
            ).x
        return w

    @cached_property
    def least(self):
        """F at the optimum."""
        return self.objective.taylor(self.optimum, 0)[0]


def problems():
    """A dozen small objectives: linear and not, one and three predictors, singular, badly scaled, weighted, penalised."""
    rng = np.random.RandomState(0)
    X = rng.standard_normal((120, 3))
    score = 0.5 + X @ [1.0, -0.5, 0.2]
    real = score + rng.standard_normal(120)
    counts = rng.poisson(np.exp(0.5 * score)).astype(float)
    two = (rng.uniform(size=120) < 1 / (1 + np.exp(-score))).astype(int)
    three = np.argmax(X + rng.gumbel(size=(120, 3)), axis=1)
    weight = rng.randint(4, size=120).astype(float)
    far = X * [1e-6, 1.0, 1e6] + [1e-3, 50.0, -1e8]
    twins = np.column_stack([X, X[:, 0] - X[:, 1]])
    categorical = Categorical().with_classes(3)
    return [
        problem("least squares", Gaussian(sigma=1.0), X, real),
        problem("ridge", Gaussian(sigma=1.0), X, real, alpha=0.1),
        problem("gaussian", Gaussian(), X, real),
        problem("gaussian, all regressed, weighted", Gaussian(), X, real, weight, regressed=slice(None)),
        problem("gaussian, far columns", Gaussian(), far, real),
        problem("gaussian, collinear columns", Gaussian(), twins, real),
        problem("gaussian without columns", Gaussian(), X[:, :0], real),
        problem("student_t", StudentT(df=4.0), X, real),
        problem("poisson, penalised", Poisson(), X, counts, alpha=0.01),
        problem("poisson, far columns, weighted", Poisson(), far, counts, weight),
        problem("bernoulli", Bernoulli(), X, two),
        problem("bernoulli, collinear columns, weighted", Bernoulli(), twins, two, weight),
        problem("categorical", categorical, X, three, regressed=slice(None)),
        problem("categorical, penalised", categorical, X, three, alpha=0.1, regressed=slice(None)),
    ]


def problem(name, likelihood, X, y, weight=None, alpha=0.0, regressed=slice(1)):
    """A Problem in standardised columns, from the likelihood's own start."""
    K = sum(rows.stop - rows.start for rows in likelihood.slices.values())
    block = Block(X, y, weight)
    moments = Moments.of(block)
    mask = np.zeros((K, 1 + X.shape[1]), dtype=bool)
    mask[:, 0] = mask[regressed] = True
    layout = Layout(mask, moments.mean, moments.scale, np.ones(K))
    W = np.zeros(mask.shape)
    W[:, 0] = likelihood.eta(likelihood.start(y, np.ones(len(y)) if weight is None else weight))
    return Problem(name, Objective(likelihood, layout, ElasticNet(alpha), Rows(block, K)), layout.pack(W))


class Recorder:
    """A report that keeps what it is told."""

    def __init__(self):
        self.entries = []

    def __call__(self, w, value, gradient_norm, decrement=None):
        self.entries.append((np.array(w), value, gradient_norm, decrement))


class Trials:
    """A solver on every problem, from its start, solved once."""

    def __init__(self, solver):
        self.solver = solver

    @cached_property
    def problems(self):
        return problems()

    @cached_property
    def runs(self):
        """(problem, Solution, report's entries) for every problem."""
        runs = []
        for problem in self.problems:
            recorder = Recorder()
            solution = self.solve(problem, problem.start, recorder)
            runs.append((problem, solution, recorder.entries))
        return runs

    def solve(self, problem, w, report=None, solver=None):
        solver = self.solver if solver is None else solver
        return solver.minimize(problem.objective, w.copy(), report or Recorder(), np.random.RandomState(0))

    def allowed(self, problem):
        """The gap of F that `tol` promises."""
        tol = getattr(self.solver, "tol", None)
        return (200 * (1e-12 if tol is None else tol) + 1e-13) * max(1.0, abs(problem.least))


# --- solvers: the rules ---------------------------------------------------------------------------------------------


def solver_arguments_are_kept(trials):
    """scikit-learn's contract: clone and repr work, max_iter and tol can be set, and use changes no argument."""
    solver, before, shown = trials.solver, trials.solver.get_params(), repr(trials.solver)
    demand(repr(clone(solver)) == shown, f"clone gives {clone(solver)!r}. Look at __init__.")
    for name in ("max_iter", "tol"):
        demand(name in before, f"there is no {name}: estimators hand theirs on. Add it to __init__.")
    for problem in trials.problems[:2]:
        trials.solve(problem, problem.start)
    changed = [name for name, value in solver.get_params().items() if value is not before[name]]
    demand(not changed and repr(solver) == shown, f"{shown} became {solver!r} in use: keep state out of self.")


def solution_is_what_it_says(trials):
    """w is finite, value is F(w) and not above F at the start, n_iter >= 1, converged a bool, message a sentence."""
    for problem, solution, _ in trials.runs:
        w, F = solution.w, problem.objective
        on = f"on '{problem.name}'"
        demand(np.shape(w) == (F.size,) and np.isfinite(w).all(), f"w is {w} {on}.")
        demand(isinstance(solution.value, float), f"value is a {type(solution.value).__name__} {on}, not a float.")
        demand_close(solution.value, F.taylor(w, 0)[0], ROUNDING, f"value {on}", None, "It must be F at w.")
        start = F.taylor(problem.start, 0)[0]
        rise = solution.value - start
        demand(rise <= ROUNDING * (1 + abs(start)), f"F rises by {rise:.3g} from the start {on}.")
        demand(isinstance(solution.converged, bool), f"converged is {solution.converged!r} {on}, not a bool.")
        demand(isinstance(solution.message, str) and solution.message, f"message is {solution.message!r} {on}.")
        whole = isinstance(solution.n_iter, int) and solution.n_iter >= 1
        demand(whole, f"n_iter is {solution.n_iter!r} {on}; it is an int >= 1, also for closed forms.")


def optimum_is_reached(trials):
    """Every problem is solved: converged, F within 200 tol of the least, and the gradient as small as that gap."""
    for problem, solution, _ in trials.runs:
        on = f"on '{problem.name}' after {solution.n_iter} iterations: {solution.message}"
        demand(solution.converged, f"no convergence {on}.")
        gap = solution.value - problem.least
        demand(gap <= trials.allowed(problem), f"F is {gap:.3g} above the least; tol allows {trials.allowed(problem):.1g}, {on}.")
        _, g, H = problem.objective.taylor(solution.w, 2)
        # By the curvature, as sizes of a gradient mean nothing; directions without any are left out.
        decrement = 0.5 * float(g @ np.linalg.pinv(H, rcond=1e-10, hermitian=True) @ g)
        demand(decrement <= trials.allowed(problem), f"the gradient promises to lower F by {decrement:.3g} {on}.")


def report_hears_of_every_iteration(trials):
    """report is called with a finite w of the right shape, the value there, and numbers for the rest."""
    for problem, solution, entries in trials.runs:
        on = f"on '{problem.name}'"
        demand(entries, f"report was never called {on}.")
        demand(len(entries) <= solution.n_iter + 1, f"report was called {len(entries)} times in {solution.n_iter} {on}.")
        for w, value, gradient_norm, decrement in entries:
            numbers = [value, gradient_norm, *([] if decrement is None else [decrement])]
            demand(np.shape(w) == problem.start.shape, f"report got a w of shape {np.shape(w)} {on}.")
            demand(np.isfinite([*w, *numbers]).all(), f"report got {numbers} at {w} {on}.")
            demand_close(value, problem.objective.taylor(w, 0)[0], 1e-10, f"the value reported {on}", None, "F at w.")


def same_rng_gives_the_same_bits(trials):
    """Solving again, with a generator of the same seed, repeats every bit."""
    for problem, solution, _ in trials.runs[::3]:
        again = trials.solve(problem, problem.start)
        same = np.array_equal(again.w, solution.w) and again.n_iter == solution.n_iter
        demand(same, f"two runs on '{problem.name}' differ by {np.abs(again.w - solution.w).max():.3g}: use rng only.")


def start_is_not_modified(trials):
    """The array w handed to minimize is not written to, and not handed back either."""
    for problem in trials.problems[::3]:
        w = problem.start.copy()
        solution = trials.solver.minimize(problem.objective, w, Recorder(), np.random.RandomState(0))
        demand(np.array_equal(w, problem.start), f"w was modified in place on '{problem.name}'. Copy it.")
        demand(not np.shares_memory(w, solution.w), f"the solution is the start's own memory on '{problem.name}'.")


def optimum_is_kept(trials):
    """Started at the optimum, F stays within what tol allows."""
    for problem in trials.problems:
        solution = trials.solve(problem, problem.optimum)
        gap = solution.value - problem.least
        what = f"F rises by {gap:.3g} from the optimum on '{problem.name}'"
        demand(gap <= trials.allowed(problem), f"{what}; tol allows {trials.allowed(problem):.1g}.")


def one_iteration_is_honest(trials):
    """With max_iter=1 the result is finite, and converged is True only where the optimum is reached."""
    for problem in trials.problems:
        solution = trials.solve(problem, problem.start, solver=clone(trials.solver).set_params(max_iter=1))
        gap = solution.value - problem.least
        demand(np.isfinite(solution.w).all(), f"w is {solution.w} on '{problem.name}' with max_iter=1.")
        honest = not solution.converged or gap <= trials.allowed(problem)
        demand(honest, f"converged=True on '{problem.name}' with max_iter=1, although F is {gap:.3g} above the least.")


def interruption_passes_through(trials):
    """A KeyboardInterrupt from report ends the search and reaches the caller."""

    def interrupt(w, value, gradient_norm, decrement=None):
        raise KeyboardInterrupt

    for problem in trials.problems[:3]:
        try:
            trials.solve(problem, problem.start, interrupt)
        except KeyboardInterrupt:
            continue
        raise AssertionError(f"the KeyboardInterrupt was swallowed on '{problem.name}'.")


SOLVER_CHECKS = (
    solver_arguments_are_kept,
    solution_is_what_it_says,
    optimum_is_reached,
    report_hears_of_every_iteration,
    same_rng_gives_the_same_bits,
    start_is_not_modified,
    optimum_is_kept,
    one_iteration_is_honest,
    interruption_passes_through,
)
