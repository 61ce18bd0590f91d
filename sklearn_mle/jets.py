"""Exact first and second derivatives of code written with ufuncs; differences (`numeric`) for code that is not."""

import functools
import inspect
import itertools
import math

import numpy as np
from scipy import special

# What families take from here instead of scipy.special: under SCIPY_ARRAY_API=1 most of its functions are Python
# functions around the ufunc, which a Jet cannot pass through.
betaln = inspect.unwrap(special.betaln)
digamma = inspect.unwrap(special.digamma)
erf = inspect.unwrap(special.erf)
erfc = inspect.unwrap(special.erfc)
erfcx = inspect.unwrap(special.erfcx)
expit = inspect.unwrap(special.expit)
exprel = inspect.unwrap(special.exprel)
gammaln = inspect.unwrap(special.gammaln)
log_expit = inspect.unwrap(special.log_expit)
log_ndtr = inspect.unwrap(special.log_ndtr)
loggamma = inspect.unwrap(special.loggamma)
logit = inspect.unwrap(special.logit)
ndtr = inspect.unwrap(special.ndtr)
ndtri = inspect.unwrap(special.ndtri)
psi = inspect.unwrap(special.psi)
xlog1py = inspect.unwrap(special.xlog1py)
xlogy = inspect.unwrap(special.xlogy)
zeta = inspect.unwrap(special.zeta)

LN2, LN10 = math.log(2.0), math.log(10.0)


def taylor(f, eta, order):
    """The first order + 1 of (value, gradient, Hessian) of f(*eta), row by row.

    Parameters
    ----------
    f : callable
        Written with ufuncs and np.where; takes K rows, returns one.
    eta : list of K rows
        A row has shape (n,), or (1,) where it is the same for all n.
    order : 0, 1 or 2

    Returns
    -------
    tuple
        The value, a row; K rows; K lists of K rows, with [j][k] and [k][j] the same array. Where the value is not
        finite, gradient and Hessian are 0; a derivative that is 0 by structure is np.zeros(1). Rows may share memory.
    """
    rows = [np.atleast_1d(np.asarray(row, dtype=float)) for row in eta]
    with np.errstate(all="ignore"):
        if order > 0:
            rows = [Jet(row, {k: np.ones(1)}, {}, order) for k, row in enumerate(rows)]
        result = f(*rows)
        if not isinstance(result, Jet):
            result = Jet(result, {}, {}, order)
    value = np.atleast_1d(np.asarray(result.value, dtype=float))
    finite = np.isfinite(value)

    def derivative(rows, key):
        row = rows.get(key, np.zeros(1))
        return row if finite.all() else np.where(finite, row, 0.0)

    K = len(rows)
    gradient = [derivative(result.gradient, k) for k in range(K)] if order > 0 else []
    hessian = [[None] * K for _ in range(K)]
    for j in range(K if order > 1 else 0):
        for k in range(j, K):
            hessian[j][k] = hessian[k][j] = derivative(result.hessian, (j, k))
    return (value, gradient, hessian)[: order + 1]


class Jet(np.lib.mixins.NDArrayOperatorsMixin):
    """A row of numbers with their derivatives in K variables: value + sum_k gradient_k dx_k + ...

    numpy calls `__array_ufunc__` for every ufunc that meets a Jet, whoever wrote the code.

    Parameters
    ----------
    value : row
        Shape (n,), or (1,) as long as nothing of length n was met: constants are not recomputed per row.
    gradient : dict of k to row
    hessian : dict of (j, k), j <= k, to row
        What is absent is 0.
    order : 1 or 2
        Of the highest derivative carried.
    """

    __slots__ = ("gradient", "hessian", "order", "value")

    def __init__(self, value, gradient, hessian, order):
        self.value, self.gradient, self.hessian, self.order = value, gradient, hessian, order

    def __repr__(self):
        return f"Jet(value={self.value}, gradient={self.gradient}, hessian={self.hessian}, order={self.order})"

    shape = property(lambda self: np.shape(self.value))
    ndim = property(lambda self: np.ndim(self.value))
    size = property(lambda self: np.size(self.value))

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "a row with derivatives is no array: write the function with ufuncs (numpy's, or those in "
            "sklearn_mle.jets) and np.where, or wrap it in `jets.numeric`."
        )

    def __array_ufunc__(self, ufunc, method, *args, out=None, **options):
        # `a += jet` comes with out=(a,); Python then binds a to what is returned, so a new Jet is the right answer.
        if method != "__call__" or options or (out is not None and out[0] is not args[0]):
            raise TypeError(f"a row with derivatives takes part in plain np.{ufunc.__name__}(x, ...) only: no methods "
                            "(write functools.reduce for .reduce), no out=, where= or dtype=.")
        x = [value_of(a) for a in args]
        if ufunc in STEPS:
            return ufunc(*x)
        if ufunc in CHOICES:
            return choose(CHOICES[ufunc](*x), *args)
        if ufunc in UNARY:
            first, second = UNARY[ufunc]
            f = ufunc(*x)
            d = evaluate(first, *x, f)
            return chain(f, args, [d], {(0, 0): evaluate(second, *x, f, d)} if self.order > 1 else {})
        if ufunc in BINARY:
            first, second = BINARY[ufunc]
            f = ufunc(*x)
            # The partials in arguments that are plain numbers are never needed, so never computed.
            at = [i for i in (0, 1) if isinstance(args[i], Jet)]
            pairs = [(i, j) for i in at for j in at if i <= j and self.order > 1]
            return chain(
                f, [args[i] for i in at], [evaluate(first[i], *x, f) for i in at],
                {(at.index(i), at.index(j)): evaluate(second[i + j], *x, f) for i, j in pairs},
            )
        raise no_rule(ufunc)

    def __array_function__(self, function, types, args, options):
        if function is np.where:
            return choose(*args, **options)
        if function in PLAIN:
            return function(*map(value_of, args), **options)
        raise no_rule(function)


def value_of(x):
    return x.value if isinstance(x, Jet) else x


def evaluate(partial, *args):
    return partial(*args) if callable(partial) else partial


def no_rule(function):
    return TypeError(f"no derivative rule for '{function.__name__}': add one to sklearn_mle.jets, "
                     "or wrap the function in `jets.numeric`.")


def chain(value, jets, first, second):
    """The Jet of f(a_1, a_2, ...): the chain rule, which all rules share.

    grad_k = sum_i f_i a_i,k and hess_jk = sum_i f_i a_i,jk + sum_ij f_ij a_i,j a_j,k.

    Parameters
    ----------
    value : row
        f itself.
    jets : list of Jet
        a_1, a_2, ...
    first : list of rows
        f_i.
    second : dict of (i, j), i <= j, to row
        f_ij; the number 0 is 0 by structure.
    """
    gradient, hessian = {}, {}

    def add(rows, key, term):
        rows[key] = rows[key] + term if key in rows else term

    for a, d in zip(jets, first, strict=True):
        for k, row in a.gradient.items():
            add(gradient, k, d * row)
        for key, row in a.hessian.items():
            add(hessian, key, d * row)
    for (i, j), d in second.items():
        if isinstance(d, int) and d == 0:
            continue
        for k, row in jets[i].gradient.items():
            # Left to right: a d of 0 meets the two slopes one after the other, and 0 * 1e200 * 1e200 = 0.
            d_row = d * row
            for m, other in jets[j].gradient.items():
                if i != j or k <= m:
                    term = d_row * other
                    add(hessian, (min(k, m), max(k, m)), 2 * term if i != j and k == m else term)
    return Jet(value, gradient, hessian, jets[0].order)


def choose(condition, x, y):
    """np.where: value and derivatives of the branch taken, whatever inf or NaN the other one holds."""
    condition = value_of(condition)
    x, y = (a if isinstance(a, Jet) else Jet(a, {}, {}, 0) for a in (x, y))

    def rows(of_x, of_y):
        return {key: np.where(condition, of_x.get(key, 0.0), of_y.get(key, 0.0)) for key in of_x | of_y}

    return Jet(
        np.where(condition, x.value, y.value), rows(x.gradient, y.gradient), rows(x.hessian, y.hessian),
        max(x.order, y.order),
    )


# ---- what the rules are made of ----

def logistic_density(z):
    """expit(z) expit(-z), without the loss of digits of p (1 - p)."""
    e = np.exp(-np.abs(z))
    return e / (1.0 + e) ** 2


def difference(x, y):
    """x - y, and 0 for two equal infinities: log(0 + 0) has weights one half, not NaN."""
    return np.where(x == y, 0.0, x - y)


def normal_density(x):
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def times_power(c, x, y):
    """c x^y, and 0 where c = 0: the derivatives of x^1 at x = 0 have 0 * 0^-1."""
    return c * x**y if np.all(c) else np.where(c == 0, 0.0, c * x**y)


def times(x, y):
    """x y, and 0 where x = 0, though y be infinite: what fades, fades faster than y grows."""
    return np.where(x == 0, 0.0, x * y)


def over(x, y):
    """x / y, and 0 where x = 0: the slope of 0 log(y) is 0 at y = 0 too."""
    return np.where(x == 0, 0.0, x / y)


def polar(x, y):
    """2 x y / r^4 and (x^2 - y^2) / r^4, one quotient by r at a time: r^4 overflows at 1e77."""
    r = np.hypot(x, y)
    x, y = x / r, y / r
    return 2.0 * x * y / r / r, (x - y) * (x + y) / r / r


def inverse_mills_slope(x, f, ratio):
    """-r (x + r) with r = phi / Phi, which cancels below x = -20: there the asymptotic series of Mills' ratio."""
    # phi / Phi = |x| / M with M = 1 - z + 3 z^2 - 15 z^3 + ..., z = 1 / x^2; the first term left out is < 3e-15.
    coefficients = np.cumprod([1.0, *range(-1, -21, -2)])[::-1]
    z = 1.0 / (x * x)
    mills, rest = np.polyval(coefficients[1:], z), np.polyval(coefficients[:-1], z)     # rest = (M - 1) / z
    return np.where(x < -20.0, rest / mills**2, -times(ratio, x + ratio))


def exprel_moment(m, x, closed_form):
    """The m-th derivative of exprel, int_0^1 t^m e^(x t) dt: a power series where its closed form cancels."""
    series = [1.0 / (math.factorial(k) * (k + m + 1)) for k in reversed(range(18))]
    return np.where(np.abs(x) < 1.0, np.polyval(series, x), closed_form)


BERNOULLI_NUMBERS = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6]


def zeta_difference(s, x, b):
    """psi(x + b) - psi(x) for s = 1, zeta(2, x) - zeta(2, x + b) for s = 2, however large or small b is against x.

    Both are sums over j >= 0 of (x + j)^-s - (x + b + j)^-s: ten terms, then Euler-Maclaurin from x + 10 on.
    But for tiny corrections all terms are positive, so nothing cancels.
    """
    def falls():
        u, v = 1.0 / x, 1.0 / (x + b)
        fall = b * v * u                                # 1 / x - 1 / (x + b)
        return u, v, fall, fall * (u + v)

    total = 0.0
    for _ in range(10):
        total = total + falls()[s + 1]
        x = x + 1.0
    u, v, fall, fall_2 = falls()
    total = total + (np.log1p(b / x) if s == 1 else fall) + 0.5 * (fall if s == 1 else fall_2)
    power = v ** (s + 1)
    fall = fall_2 if s == 1 else fall_2 * u + v * v * fall          # of the power s + 1, then s + 3, ...
    for k, B in enumerate(BERNOULLI_NUMBERS, start=1):
        total = total + (B / (2 * k) if s == 1 else B) * fall
        fall = fall * u * u + power * fall_2
        power = power * v * v
    return total


# ---- the rules ----

# Constant between jumps: a plain array of values. Where only shape counts: likewise.
STEPS = {
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isfinite, np.isinf, np.isnan,
    np.sign, np.signbit, np.floor, np.ceil, np.trunc, np.rint, np.floor_divide, np.logical_not,
}
PLAIN = {np.shape, np.ndim, np.size, np.zeros_like, np.ones_like}

# When the first argument is the result; one that is NaN is.
CHOICES = {
    np.maximum: lambda x, y: (x >= y) | np.isnan(x),
    np.minimum: lambda x, y: (x <= y) | np.isnan(x),
}

# f(x): (f', f''), numbers or functions of (x, f) and (x, f, f').
UNARY = {
    np.positive: (1, 0),
    np.negative: (-1, 0),
    np.absolute: (lambda x, f: np.sign(x), 0),
    np.fabs: (lambda x, f: np.sign(x), 0),
    np.reciprocal: (lambda x, f: -f * f, lambda x, f, d: -2.0 * f * d),
    np.square: (lambda x, f: 2.0 * x, 2),
    np.sqrt: (lambda x, f: 0.5 / f, lambda x, f, d: -0.5 * d / x),
    np.cbrt: (lambda x, f: 1.0 / (3.0 * f * f), lambda x, f, d: -2.0 / 3.0 * d / x),
    np.exp: (lambda x, f: f, lambda x, f, d: f),
    np.exp2: (lambda x, f: LN2 * f, lambda x, f, d: LN2 * d),
    np.expm1: (lambda x, f: np.exp(x), lambda x, f, d: d),
    np.log: (lambda x, f: 1.0 / x, lambda x, f, d: -d * d),
    np.log2: (lambda x, f: 1.0 / (LN2 * x), lambda x, f, d: -d / x),
    np.log10: (lambda x, f: 1.0 / (LN10 * x), lambda x, f, d: -d / x),
    np.log1p: (lambda x, f: 1.0 / (1.0 + x), lambda x, f, d: -d * d),
    np.sin: (lambda x, f: np.cos(x), lambda x, f, d: -f),
    np.cos: (lambda x, f: -np.sin(x), lambda x, f, d: -f),
    np.tan: (lambda x, f: 1.0 + f * f, lambda x, f, d: 2.0 * f * d),
    np.sinh: (lambda x, f: np.cosh(x), lambda x, f, d: f),
    np.cosh: (lambda x, f: np.sinh(x), lambda x, f, d: f),
    np.tanh: (lambda x, f: 1.0 / np.cosh(x) ** 2, lambda x, f, d: -2.0 * f * d),
    np.arctan: (lambda x, f: 1.0 / (1.0 + x * x), lambda x, f, d: -2.0 * times(d * d, x)),
    np.arcsinh: (lambda x, f: 1.0 / np.hypot(1.0, x), lambda x, f, d: -x * d * d * d),
    expit: (lambda x, f: logistic_density(x), lambda x, f, d: -d * np.tanh(0.5 * x)),
    logit: (lambda x, f: 1.0 / (x * (1.0 - x)), lambda x, f, d: (2.0 * x - 1.0) * d * d),
    log_expit: (lambda x, f: expit(-x), lambda x, f, d: -logistic_density(x)),
    gammaln: (lambda x, f: psi(x), lambda x, f, d: zeta(2, x)),
    loggamma: (lambda x, f: psi(x), lambda x, f, d: zeta(2, x)),
    psi: (lambda x, f: zeta(2, x), lambda x, f, d: -2.0 * zeta(3, x)),
    ndtr: (lambda x, f: normal_density(x), lambda x, f, d: -times(d, x)),
    # phi / Phi through erfcx: exp(log phi - log Phi) loses all digits at x = -1e8, where both logs are -5e15.
    log_ndtr: (lambda x, f: math.sqrt(2.0 / math.pi) / erfcx(-x / math.sqrt(2.0)), inverse_mills_slope),
    ndtri: (lambda x, f: 1.0 / normal_density(f), lambda x, f, d: f * d * d),
    erf: (lambda x, f: 2.0 / math.sqrt(math.pi) * np.exp(-x * x), lambda x, f, d: -2.0 * times(d, x)),
    erfc: (lambda x, f: -2.0 / math.sqrt(math.pi) * np.exp(-x * x), lambda x, f, d: -2.0 * times(d, x)),
    exprel: (
        lambda x, f: exprel_moment(1, x, (np.exp(x) - f) / x),
        lambda x, f, d: exprel_moment(2, x, (np.exp(x) - 2.0 * d) / x),
    ),
}


def logaddexp_rule(scale):
    def density(x, y, f):
        return scale * logistic_density(scale * difference(x, y))

    return (
        (lambda x, y, f: expit(scale * difference(x, y)), lambda x, y, f: expit(scale * difference(y, x))),
        (density, lambda x, y, f: -density(x, y, f), density),
    )


POWER = (
    (lambda x, y, f: times_power(y, x, y - 1.0), lambda x, y, f: xlogy(f, x)),
    (
        lambda x, y, f: times_power(y * (y - 1.0), x, y - 2.0),
        lambda x, y, f: x ** (y - 1.0) + y * xlogy(x ** (y - 1.0), x),
        lambda x, y, f: xlogy(xlogy(f, x), x),
    ),
)

# f(x, y): ((f_x, f_y), (f_xx, f_xy, f_yy)), numbers or functions of (x, y, f).
BINARY = {
    np.add: ((1, 1), (0, 0, 0)),
    np.subtract: ((1, -1), (0, 0, 0)),
    np.multiply: ((lambda x, y, f: y, lambda x, y, f: x), (0, 1, 0)),
    np.divide: (
        (lambda x, y, f: 1.0 / y, lambda x, y, f: -f / y),
        (0, lambda x, y, f: -1.0 / y / y, lambda x, y, f: 2.0 * f / y / y),
    ),
    np.power: POWER,
    np.float_power: POWER,
    np.logaddexp: logaddexp_rule(1.0),
    np.logaddexp2: logaddexp_rule(LN2),
    np.arctan2: (
        (lambda x, y, f: y / np.hypot(x, y) / np.hypot(x, y), lambda x, y, f: -x / np.hypot(x, y) / np.hypot(x, y)),
        (lambda x, y, f: -polar(x, y)[0], lambda x, y, f: polar(x, y)[1], lambda x, y, f: polar(x, y)[0]),
    ),
    np.hypot: (
        (lambda x, y, f: x / f, lambda x, y, f: y / f),
        (
            lambda x, y, f: (y / f) ** 2 / f,
            lambda x, y, f: -(x / f) * (y / f) / f,
            lambda x, y, f: (x / f) ** 2 / f,
        ),
    ),
    xlogy: (
        (lambda x, y, f: np.log(y), lambda x, y, f: over(x, y)),
        (0, lambda x, y, f: 1.0 / y, lambda x, y, f: -over(over(x, y), y)),
    ),
    xlog1py: (
        (lambda x, y, f: np.log1p(y), lambda x, y, f: over(x, 1.0 + y)),
        (0, lambda x, y, f: 1.0 / (1.0 + y), lambda x, y, f: -over(over(x, 1.0 + y), 1.0 + y)),
    ),
    betaln: (
        (lambda x, y, f: -zeta_difference(1, x, y), lambda x, y, f: -zeta_difference(1, y, x)),
        (
            lambda x, y, f: zeta_difference(2, x, y),
            lambda x, y, f: -zeta(2, x + y),
            lambda x, y, f: zeta_difference(2, y, x),
        ),
    ),
}


# ---- code that is not written with ufuncs ----


def numeric(f):
    """f with derivatives by central differences in its own arguments; the chain rule around it stays exact.

    First and pure second derivatives are five-point formulas of fourth order, mixed ones differences of two second
    derivatives along diagonals. Every row has its own steps (see `stencil`) and depends on itself only. Where no
    difference can be formed, because f is not finite at the row or right beside it, the derivatives are 0.

    Parameters
    ----------
    f : callable
        f(*args, **constants), vectorised: scalars and rows in, a row out. With no jet among args it is just called.

    Examples
    --------
    >>> log_prob = numeric(scipy.stats.gumbel_r.logpdf)
    """
    @functools.wraps(f)
    def with_differences(*args, **constants):
        at = [i for i, a in enumerate(args) if isinstance(a, Jet)]
        x = [value_of(a) for a in args]
        value = f(*x, **constants)
        if not at:
            return value
        n = max(np.size(value), *(np.size(x[i]) for i in at))
        value = np.array(np.broadcast_to(value, n), dtype=float)

        def moved(shift, rows):
            """f on some rows, argument i moved by shift[i]."""
            part = [np.asarray(a)[rows] if np.shape(a)[:1] == (n,) else a for a in x]
            part = [a + shift[i] if i in shift else a for i, a in enumerate(part)]
            return np.broadcast_to(np.asarray(f(*part, **constants), dtype=float), len(rows))

        with np.errstate(all="ignore"):
            first, second = differences(moved, [x[i] for i in at], at, value, args[at[0]].order)
        return chain(value, [args[i] for i in at], first, second)

    return with_differences


def differences(moved, x, at, value, order):
    """f_i and f_ij, as `chain` takes them, in the arguments number `at`, whose values are x."""
    first, second, steps = [], {}, []
    for p, i in enumerate(at):
        h, (down_2, down, up, up_2) = stencil(moved, x[p], i, value)
        steps.append(h)
        first.append((8.0 * (up - down) - (up_2 - down_2)) / (12.0 * h))
        if order > 1:
            bends = 16.0 * ((up - value) + (down - value)) - ((up_2 - value) + (down_2 - value))
            second[p, p] = bends / (12.0 * h) / h
    everywhere = np.arange(len(value))
    for p, q in itertools.combinations(range(len(at)) if order > 1 else (), 2):
        # At half steps the outermost points lie between those of the stencils: inside, if f's domain is convex.
        h, k = 0.5 * steps[p], 0.5 * steps[q]
        bends = sum(
            weight * sign * moved({at[p]: m * h, at[q]: sign * m * k}, everywhere)
            for sign in (1, -1) for m, weight in ((-1, 16.0), (1, 16.0), (-2, -1.0), (2, -1.0))
        )
        second[p, q] = bends / (48.0 * h) / k
    first = [np.where(np.isfinite(d), d, 0.0) for d in first]
    return first, {key: np.where(np.isfinite(d), d, 0.0) for key, d in second.items()}


def stencil(moved, x, i, value):
    """The step h of every row for argument i, and f at x - 2 h, x - h, x + h, x + 2 h.

    h is a power of two, so that x + h is exact, about |x| / 512 (1 / 512 where x = 0) to begin with. It is divided by
    8 while f is not finite, or changes beyond all proportion, or its differences do not fall off with their order as
    those of a smooth function; it is multiplied by 8 while they are too small to tell from rounding, which in f may
    be a million times that of its value. It never grows after it shrank, and a growth that went too far is taken back.
    With r = h / (length on which f changes its character) the errors are r^4 and 1e-15 / r^2 of f; r ends near 1e-3.
    """
    h = np.exp2(np.rint(np.log2(np.abs(np.where(x == 0, 1.0, x)))) - 9.0) * np.ones(len(value))
    points = np.full((4, len(value)), np.nan)
    went = np.zeros(len(value))
    rows = np.flatnonzero(np.isfinite(value))
    for _ in range(40):                                 # 36 decades
        if len(rows) == 0:
            break
        new = np.stack([moved({i: m * h[rows]}, rows) for m in (-2, -1, 1, 2)])
        (down_2, down, up, up_2), centre = new, value[rows]
        size = np.maximum(np.abs(new).max(axis=0), np.abs(centre))
        slope, bend = np.abs(up - down) / 2, np.abs(up + down - 2 * centre)
        third = np.abs(up_2 - down_2 - 2 * (up - down)) / 2
        fourth = np.abs(up_2 + down_2 - 4 * (up + down) + 6 * centre)
        natural = np.maximum(slope, 200 * bend)
        smooth = (third <= 5e-5 * natural) & (fourth <= 2.5e-7 * natural)
        telling = (bend > 2e-8 * size) | (np.maximum(third, fourth) > 1e-8 * size)
        wild = ~(size < 100 * (1 + np.abs(centre)))
        move = np.where(wild | (telling & ~smooth), -1.0, np.where(telling, 0.0, 1.0))
        overshot = (move < 0) & (went[rows] > 0)
        points[:, rows[~overshot]] = new[:, ~overshot]
        move[(move > 0) & (went[rows] < 0)] = 0.0
        h[rows] *= 8.0**move
        went[rows] = move
        rows = rows[(move != 0) & ~overshot]
    return h, points
