"""What is reported of a fit: coefficients for X as the user gave it, and how they depend on the coordinates."""

from dataclasses import dataclass

import numpy as np

from .. import jets

# A reported number counts as undetermined if it moves by more of its unit than this along such a direction.
MOVES = 1e-6


@dataclass(frozen=True)
class Entries:
    """The reported numbers, in order, and where they stand in {parameter: array [intercept, columns]}.

    Attributes
    ----------
    names : list of str
    headings : list of (str, str)
        Parameter (with the class where it has several predictors) and column.
    places : list of (parameter, index)
    shapes : dict
        {parameter: shape of its array}.
    functions : list of callables
        Each of w, returns the number and its gradient (d,).
    units : array of shape (q,)
        What counts as a change of the number by one in natural units.
    estimates : array of shape (q,)
    jacobian : array of shape (q, d)
        At the fit.
    slopes : boolean array of shape (q,)
        Which numbers are slopes.
    """

    names: list
    headings: list
    places: list
    shapes: dict
    functions: list
    units: np.ndarray
    estimates: np.ndarray
    jacobian: np.ndarray
    slopes: np.ndarray

    def __len__(self):
        return len(self.names)

    def arrays(self, values):
        """{parameter: array} of one number for each entry, or of rows of them; NaN where there is no entry."""
        values = np.asarray(values, dtype=float)
        arrays = {name: np.full((*shape, *values.shape[1:]), np.nan) for name, shape in self.shapes.items()}
        for (name, index), value in zip(self.places, values, strict=True):
            arrays[name][index] = value
        return arrays


def coefficient_map(layout):
    """dW / dw, shape (K, 1 + p, d): W for X as the user gave it is linear in the coordinates w."""
    return np.stack([layout.coefficients(e) for e in np.eye(layout.size)], axis=-1)


def entries(fit):
    """The free coefficients of a fit, or the constants that its likelihood reports in place of some."""
    likelihood, layout, names = fit.likelihood, fit.objective.layout, ["intercept", *fit.columns]
    J = coefficient_map(layout)
    units = layout.unit[:, None] / np.concatenate([[1.0], layout.scale])
    for name in likelihood.shift_invariant:
        k = likelihood.slices[name]
        J[k] -= J[k].mean(axis=0)
    first, *others = likelihood.slices
    replaced = likelihood.constants is not None and not any(layout.sloped[likelihood.slices[k]].any() for k in others)
    found, shapes = [], {}

    def add(place, name, heading, function, unit, is_slope, exact=None):
        value, gradient = function(fit.w)
        found.append((name, heading, place, function, unit, value if exact is None else exact, gradient, is_slope))

    for name, k in likelihood.slices.items():
        if replaced and name != first:
            continue
        regressed = layout.sloped[k].any()
        wide = name in likelihood.widths
        columns = 1 + len(fit.columns) if regressed else 1
        shapes[name] = (k.stop - k.start, columns) if wide else (columns,)
        for row in range(k.start, k.stop):
            for j in np.flatnonzero(layout.mask[row]):
                if replaced and j == 0:
                    continue
                parameter = f"{name}[{row_label(fit.model, row - k.start, k)}]" if wide else name
                heading = parameter, names[j] if regressed else parameter
                first_of_one = name == first and regressed and not wide
                label = names[j] if first_of_one else ":".join(heading) if regressed else parameter
                place = (name, (row - k.start, j) if wide else (j,))
                add(place, label, heading, Linear(J[row, j]), units[row, j], j > 0, fit.W[row, j])
    if replaced:
        free = layout.mask[:, 0]
        at_zero = [np.zeros(1)] * len(J)
        for name, rows in likelihood.constants(*likelihood.theta(at_zero)).items():
            shapes[name] = (len(rows),)
            for i in range(len(rows)):
                function = OfIntercepts(likelihood, name, i, J[:, 0] * free[:, None])
                label = f"{name}[{i}]"
                add((name, (i,)), label, (name, label), function, layout.unit[0], False)
    labels, headings, places, functions, unit, values, gradients, slopes = zip(*found, strict=True)
    return Entries(
        list(labels),
        list(headings),
        list(places),
        shapes,
        list(functions),
        np.array(unit),
        np.array(values),
        np.array(gradients),
        np.array(slopes),
    )


def row_label(model, row, k):
    """How the predictors of a wide parameter are told apart: by their class where each has one."""
    classes = getattr(model, "classes_", ())
    return classes[row] if len(classes) == k.stop - k.start else row


def moves(J, units, N):
    """Which of the numbers with derivatives J (q, d) change along one of the directions N (d, ...)."""
    if N.shape[1] == 0:
        return np.zeros(len(J), dtype=bool)
    N = N / np.linalg.norm(N, axis=0)
    rounding = 1e-9 * (np.abs(J) @ np.abs(N))
    return (np.abs(J @ N) > MOVES * units[:, None] + rounding).any(axis=1)


@dataclass(frozen=True)
class Linear:
    """A coefficient, linear in w."""

    gradient: np.ndarray

    def __call__(self, w):
        return self.gradient @ w, self.gradient


@dataclass(frozen=True)
class OfIntercepts:
    """A number that the likelihood reports of its parameters at X = 0."""

    likelihood: object
    name: str
    row: int
    intercepts: np.ndarray  # d intercepts / dw, shape (K, d)

    def __call__(self, w):
        def reported(*eta):
            return self.likelihood.constants(*self.likelihood.theta(eta))[self.name][self.row]

        value, gradient = jets.taylor(reported, [np.array([b]) for b in self.intercepts @ w], 1)
        return value[0], np.concatenate(gradient) @ self.intercepts
