"""A row with its derivatives, which ufuncs carry along: exact first and second derivatives by the chain rule."""

import numpy as np

from .rules import BINARY, CHOICES, PLAIN, STEPS, UNARY


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
            raise TypeError(
                f"a row with derivatives takes part in plain np.{ufunc.__name__}(x, ...) only: no methods "
                "(write functools.reduce for .reduce), no out=, where= or dtype=."
            )
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
                f,
                [args[i] for i in at],
                [evaluate(first[i], *x, f) for i in at],
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
    return TypeError(
        f"no derivative rule for '{function.__name__}': add one to sklearn_mle.jets, "
        "or wrap the function in `jets.numeric`."
    )


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
        np.where(condition, x.value, y.value),
        rows(x.gradient, y.gradient),
        rows(x.hessian, y.hessian),
        max(x.order, y.order),
    )
