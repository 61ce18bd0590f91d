"""How strongly each row draws its own fitted value: the diagonal of the hat matrix, and variances of predictors."""

import numpy as np

from .layout import designs


def leverage(block, layout, coordinates, h):
    """h_i z_i' (Z'[h]Z)^+ z_i of the first predictor, shape (n,).

    Parameters
    ----------
    block : Block
    layout : Layout
        Its first predictor is the one that counts; its basis, if any, is ignored.
    coordinates : array of shape (number of free columns, rank)
        B with B'Z'[h]Z B = I, from the QR decomposition of sqrt(h) Z.
    h : array of shape (n,)
        The curvature of each row.

    References
    ----------
    Pregibon (1981), Logistic regression diagnostics, Annals of Statistics 9.
    """
    leverage = np.empty(len(block))
    columns = layout.mask[0][layout.used]
    for rows, Z in block.tiles(layout):
        leverage[rows] = h[rows] * np.square(Z[:, columns] @ coordinates).sum(axis=1)
    return leverage


def predictor_covariances(block, layout, C):
    """cov(eta_k, eta_m) of each row where the coordinates w have covariance C: K lists of K rows."""
    K = len(layout.mask)
    covariances = [[np.zeros(len(block)) for _ in range(K)] for _ in range(K)]
    for rows, Z in block.tiles(layout):
        parts = list(designs(Z, layout))
        for k, (Z_k, at_k, unit_k) in enumerate(parts):
            for m, (Z_m, at_m, unit_m) in enumerate(parts[: k + 1]):
                covariances[k][m][rows] = unit_k * unit_m * ((Z_k @ C[at_k, at_m]) * Z_m).sum(axis=1)
                covariances[m][k] = covariances[k][m]
    return covariances
