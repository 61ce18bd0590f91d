"""L-BFGS in the metric of a sample of rows: a few passes, where rows are many more than coefficients."""

from collections import deque

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from .base import Solution, Solver, integer, silent
from .kinks import around_kinks
from .newton import LENGTHS, ROUNDING, Newton
from .steps import solve

# A step in a good metric leaves some hundredths of the decrement; if two in a row leave more than the square of this,
# the metric of all rows is worth its time, and after that Newton's steps are.
SLOW = 0.3
# The sample's optimum is a start if a step of about this decrement leads from it to that of all rows.
NEAR = 0.5
# A full step needs no search where its decrement is less than this.
CLOSE = 0.25
# A last step as short as this, in natural units, needs no proof.
SHORT = 1e-4
# Nor does one that is not LONG where the steps before foretell a gap of this share of what is asked.
SURE, LONG = 0.1, 1e-2
# A coordinate of which as many rows tell as of a column with so many ones is known to a third.
INFORMED = 10
# The optimum of n rows has a gap of about d / 2n in F of all: no nearer than a share of that is worth a Hessian.
SETTLED = 0.1
# And Newton's last step, which converges quadratically, leaves less than this share of what it went.
LEFT = 0.3
# Numbers in a sample: memory is bounded, however many rows there are; at 20 columns its curvature is then right to 1 %.
LARGEST = 2**22


class QuasiNewton(Solver):
    """w <- w - B g, with B by L-BFGS from the inverse Hessian of a sample of rows, at the sample's optimum.

    The sample's curvature is that of all rows up to a relative error of about sqrt(d / rows in the sample), so that
    each pass, over gradients only, brings two or three digits. Where it does not, as with rare columns, that of all
    rows takes its place once; then, and where all of this fails, Newton's method goes on.

    Parameters
    ----------
    max_iter : int
    tol : float
        Relative gap of F (absolute where ``|F| < 1``), as estimated by g' B g / 2.
    memory : int
        Number of gradient pairs kept.

    References
    ----------
    Byrd, Hansen, Nocedal and Singer (2016), A stochastic quasi-Newton method for large-scale optimization, SIAM J.
    Optim. 26 (curvature from samples). Nocedal and Wright (2006), Numerical Optimization, algorithm 7.4.

    Examples
    --------
    >>> from sklearn_mle import MLERegressor
    >>> from sklearn_mle.solvers import QuasiNewton
    >>> X, y = [[0], [1], [2], [3], [4]], [1, 0, 2, 4, 9]
    >>> model = MLERegressor("poisson", solver=QuasiNewton(memory=20)).fit(X, y)
    >>> print(model.coef_.round(4), model.converged_)
    [0.7734] True
    """

    rules = {**Solver.rules, "memory": integer(1)}

    def __init__(self, max_iter=100, tol=1e-16, memory=10):
        self.max_iter = max_iter
        self.tol = tol
        self.memory = memory

    @around_kinks
    def minimize(self, objective, w, report, rng):
        newton = Newton(self.max_iter, self.tol)
        for beginning in (from_samples, of_all_but_the_rare):
            nearer, inverse, deficiency = beginning(objective, w, rng)
            if inverse is not None:
                value, g = objective.taylor(nearer, 1)
                if np.isfinite(value) and 0.5 * g @ inverse(g) < NEAR:
                    break
        else:
            return newton.minimize(objective, w, report, rng)
        renewed = beginning is of_all_but_the_rare
        w, pairs, decrements = nearer, deque(maxlen=self.memory), []
        for n_iter in range(1, self.max_iter + 1):
            step = -product(inverse, pairs, g)
            decrement = -0.5 * float(g @ step)
            report(w, value, float(np.linalg.norm(g)), decrement)
            size, longest = max(1.0, abs(value)), np.abs(step).max()
            least = self.tol * size  # from gradients, and so not bound to the rounding of F
            # The share of the gap that the last step has left, this one will leave: no pass is needed to see it.
            share = decrement / decrements[-1] if decrements else 1.0
            foreseen = share * decrement <= SURE * least and longest < LONG
            if foreseen or decrement <= least:
                if foreseen or longest < SHORT:
                    w, value, step = w + step, value - decrement, np.sqrt(share) * step
                return Solution(w, value, n_iter, True, f"the gap of F is below {self.tol:g}", step, deficiency)
            if len(decrements) > 2 and decrement > SLOW**2 * decrements[-2]:
                inverse = None if renewed else of_all_rows(objective, w)[0]
                if inverse is None:
                    break
                renewed, step = True, -inverse(g)
                decrement = -0.5 * float(g @ step)
                pairs.clear(), decrements.clear()
            decrements.append(decrement)
            for length in LENGTHS[:2]:
                trial_value, trial_g = objective.taylor(w + length * step, 1)
                if -np.inf < trial_value <= value - 1e-4 * length * 2 * decrement + ROUNDING * size:
                    break
            else:
                break
            change = trial_g - g
            if length * (step @ change) > 0:
                pairs.append((length * step, change))
            w, value, g = w + length * step, trial_value, trial_g
        left = self.max_iter - n_iter
        if left == 0:
            return Solution(w, value, n_iter, False, f"{n_iter} iterations were not enough", step, deficiency)
        end = Newton(left, self.tol).minimize(objective, w, report, rng)
        return Solution(end.w, end.value, n_iter + end.n_iter, end.converged, end.message, end.step, end.deficiency)


def from_samples(objective, w, rng):
    """A point near the optimum, the inverse curvature there, and its deficiency: Newton's on few rows, then on more.

    All are None where samples are no guide.
    """
    nowhere = None, None, None
    few, more = least_sample(objective), metric_sample(objective)
    if objective.n_rows <= 2 * few:
        return nowhere
    cheap = objective.fewer_rows(few).cheap_hessian
    for n in (more,) if cheap else (few, more):  # the second may have what the first lacks, as rare columns
        sample = objective.fewer_rows(n)
        if sample.informed(INFORMED).all():
            guess = settled(sample, w, rng)
            if guess.converged and guess.deficiency <= sample.invariances:
                _, g, H = sample.taylor(guess.w, 2)
                inverse = inverse_of(H)
                # On the way to infinity, as where few rows have no event, every step is as long as the last.
                if inverse is not None and g @ inverse(g) <= LEFT * (guess.step @ H @ guess.step):
                    break
    else:
        return nowhere
    # A step on more rows in the metric of few; their own curvature, where that has led; and one more.
    nearer = guess.w
    sample = objective if cheap else objective.fewer_rows(more)
    for order in (1, 2):
        _, g, *H = sample.taylor(nearer, order)
        inverse = inverse_of(*H) if H else inverse
        if inverse is None:
            return nowhere
        if 0.5 * g @ inverse(g) < CLOSE:
            nearer = nearer - inverse(g)
        elif cheap:  # all rows have their optimum elsewhere: perhaps far from where few have flat parts
            return nowhere
        else:
            nearer = Newton(tol=1e-4).minimize(sample, nearer, silent, rng).w
    return nearer, inverse, guess.deficiency


def of_all_but_the_rare(objective, w, rng):
    """As `from_samples`, where columns are rare: the optimum of the others, and the curvature of all rows there."""
    sample = objective.fewer_rows(metric_sample(objective))
    free = sample.informed(INFORMED)
    if not 0 < free.sum() < len(w):
        return None, None, None
    guess, nearer = settled(sample.restrict(free, w), w[free], rng), w.copy()
    nearer[free] = guess.w
    return (nearer, *of_all_rows(objective, nearer)) if guess.converged else (None, None, None)


def settled(sample, w, rng):
    """Newton's solution, no nearer to the optimum of the sample than is worth its time."""
    return Newton(tol=SETTLED * sample.size / sample.n_rows).minimize(sample, w, silent, rng)


def of_all_rows(objective, w):
    """The inverse curvature at w and its deficiency; None where rounding could decide what that is."""
    _, g, H = objective.taylor(w, 2)
    step, ill, rank = solve(H, -g)
    deficiency = len(g) - rank
    clear = step is not None and not ill and deficiency <= objective.invariances
    return (inverse_of(H), deficiency) if clear else (None, None)


def least_sample(objective):
    """Rows whose optimum is near enough to that of all rows to begin with."""
    return max(2000, 10 * objective.size)


def metric_sample(objective):
    """Rows whose Hessian costs about as much as a few gradients of all rows."""
    n, d = objective.n_rows, objective.size
    return int(max(least_sample(objective), min(n / 20, 12 * n / d, LARGEST / d)))


def inverse_of(H):
    """x -> H^-1 x, None if H is not positive semidefinite."""
    with np.errstate(all="ignore"):
        scale = np.sqrt(np.diag(H))
    try:
        # The little more is for the directions in which F is constant by nature.
        factor = cho_factor(H / scale / scale[:, None] + 1e-9 * np.eye(len(H)), lower=True)
    except (np.linalg.LinAlgError, ValueError):  # indefinite, or not finite
        return None
    return lambda x: cho_solve(factor, x / scale) / scale


def product(inverse, pairs, g):
    """B g: the two loops of L-BFGS about the given inverse."""
    g, shares = g.copy(), []
    for s, y in reversed(pairs):
        share = (s @ g) / (s @ y)
        g -= share * y
        shares.append(share)
    x = inverse(g)
    for (s, y), share in zip(pairs, reversed(shares), strict=True):
        x += s * (share - (y @ x) / (s @ y))
    return x
