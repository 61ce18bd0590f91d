"""argmin of a quadratic with kinks at 0: blocks of signs are exchanged until they agree, one by one if need be."""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

# Exchanges in a row that leave no fewer wrong signs than there were, before signs are sought along lines.
PATIENCE = 3


def kinked_step(B, g, w, t):
    """argmin_d g'd + d'Bd / 2 + sum_j t_j |w_j + d_j|, with B positive definite."""
    unit = np.sqrt(np.diag(B))  # in these units its diagonal is 1
    C = B / unit
    C /= unit[:, None]
    q, x, r = g / unit, w * unit, t / unit
    noise = 1e-14 * max(1.0, np.abs(q).max())
    v, solved = by_exchanges(C, q, x, r, noise)
    if not solved:
        v = along_lines(C, q, x, r, noise, min(v, x, key=lambda v: height(C, q, x, r, v)))
    return np.where(v == 0, -w, (v - x) / unit)  # exactly -w, so that w becomes exactly 0


def height(C, g, w, t, v):
    """The quadratic at v, its value at w being that of the kinks."""
    d = v - w
    return float(g @ d + 0.5 * d @ (C @ d) + t @ np.abs(v))


def by_exchanges(C, g, w, t, noise):
    """v and whether it is the minimum: guess all signs, solve, exchange those that turn out to be wrong, again.

    Nearly always a handful of exchanges suffices, however many coordinates there are; where they go round in circles,
    v is the last point, without its wrong signs.

    References
    ----------
    Kim and Park (2010), Fast active-set-type algorithms for L1-regularized linear regression, AISTATS 13 (block
    principal pivoting).
    """
    signs, least, left = np.sign(w), np.inf, PATIENCE
    while True:
        free = (signs != 0) | (t == 0)
        d = np.where(free, 0.0, -w)
        at = np.flatnonzero(free)
        slope = g[at] + t[at] * signs[at] + (C[at] @ d if d.any() else 0.0)
        try:
            factor = cho_factor(C[np.ix_(at, at)], lower=True, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            return w, False
        d[at] = -cho_solve(factor, slope, check_finite=False)
        v, q = np.where(free, w + d, 0.0), g + C @ d
        wrong = (t > 0) & (signs * v < 0)
        joining = ~free & (np.abs(q) > t + noise)
        count = np.count_nonzero(wrong | joining)
        if count == 0:
            return v, True
        least, left = (count, PATIENCE) if count < least else (least, left - 1)
        if left == 0 or not np.isfinite(v).all():
            return np.where(wrong, 0.0, v), False
        signs = np.where(wrong, 0.0, np.where(joining, -np.sign(q), signs))


def along_lines(C, g, w, t, noise, start):
    """The minimum, from `start`, by steps that lower the quadratic.

    Signs are guessed, the quadratic is solved, and the search along the line to its solution stops at the best point,
    which may be where a coordinate becomes 0. Coordinates at 0 whose gradient exceeds their threshold join.

    References
    ----------
    Lee, Battle, Raina and Ng (2007), Efficient sparse coding algorithms, NIPS 19, algorithm 1 (feature-sign search).
    """
    v, q = start.copy(), g + C @ (start - w)  # q: the quadratic's gradient at v
    together, settled = True, False  # settled: a full step to where nothing joins
    for _ in range(20 * len(w) + 100):
        free = (v != 0) | (t == 0)
        excess = np.where(free, 0.0, np.maximum(np.abs(q) - t, 0.0))
        joining = excess > noise
        signs = np.where(joining, -np.sign(q), np.sign(v))
        if not together:  # one, when the others have found their place: its sign is then certain
            left = np.where(free, np.abs(q + t * signs), 0.0)
            joining &= (excess == excess.max()) & (settled or left.max() <= noise)
        at = np.flatnonzero(free | joining)
        slope = q[at] + t[at] * signs[at]
        if not at.size or np.abs(slope).max() <= noise or (settled and not joining.any()):
            break
        try:
            factor = cho_factor(C[np.ix_(at, at)], lower=True, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            break
        u = -cho_solve(factor, slope, check_finite=False)
        Cu = C[:, at] @ u
        length = lowest(v[at], u, t[at], float(q[at] @ u), float(u @ Cu[at]))
        if length == 0.0 and not together:
            break
        together, settled = length > 0.0, length == 1.0 and not joining.any()
        moved = v[at] + length * u
        nothing = np.maximum(1e-12 * np.abs(length * u), 1e-15 * np.abs(moved).max())
        moved[(t[at] > 0) & (np.abs(moved) <= nothing)] = 0.0  # it stopped there
        v[at], q = moved, q + length * Cu
    return v


def lowest(v, u, t, slope, curvature):
    """The x in [0, 1] with the least x slope + x^2 curvature / 2 + sum_j t_j |v_j + x u_j|."""
    with np.errstate(all="ignore"):
        kinks = -v / u
    inside = (t > 0) & (kinks > 0) & (kinks < 1)
    order = np.argsort(kinks[inside])
    places, jumps = kinks[inside][order], 2 * (t * np.abs(u))[inside][order]
    # The slope just after 0; every kink adds its jump.
    slope = slope + float(np.sum(t * np.where(v == 0, np.abs(u), np.sign(v) * u)))
    if slope >= 0:
        return 0.0
    for place, jump in zip(places, jumps, strict=True):
        if slope + place * curvature >= 0:
            break
        slope += jump
        if slope + place * curvature >= 0:
            return float(place)
    return min(1.0, -slope / curvature)
