"""Parameters at the end of their range, or on their way there."""

import numpy as np

from ..exceptions import BoundaryWarning

# A share of the largest distance: so near, a parameter is at the end of its range.
AT_EDGE = 1e-6
# Natural units that no parameter moves to a maximum.
LOST = 30.0


def at_edge(objective, w):
    """A parameter that some row has at the end of its range, where a link that knows no such end would go beyond."""
    likelihood = objective.likelihood
    for name, k in likelihood.slices.items():
        if likelihood.parameters[name] != likelihood.links[name]:
            nearest = objective.rows.sum(Nearest.of, likelihood, name, k, objective.layout.unpack(w))
            if nearest.distance < AT_EDGE * nearest.largest:
                usual = likelihood.links[name]
                return BoundaryWarning, (
                    f"{likelihood!r}: {name} of row {nearest.row} is at {nearest.end:g}, the end of its range, beyond "
                    f"which the link {likelihood.parameters[name]!r} leads: the search ends there, at no maximum. Use "
                    f"{usual!r}, which keeps to the range, or drop columns."
                )
    return None


class Nearest:
    """The row in which a parameter is nearest to an end of its range, and the largest distance of all rows."""

    def __init__(self, distance, row, end, largest):
        self.distance, self.row, self.end, self.largest = distance, row, end, largest

    @classmethod
    def of(cls, block, likelihood, name, k, W):
        usual, link = likelihood.links[name], likelihood.parameters[name]
        theta = np.broadcast_to(link.inverse(block.eta(W)[k][0]), len(block))
        distances = np.abs(np.stack([theta - usual.lower, usual.upper - theta]))
        distances[:, [] if block.weight is None else block.weight == 0] = np.nan
        end, row = np.unravel_index(np.nanargmin(distances), distances.shape)
        finite = distances[np.isfinite(distances)]
        largest = finite.max() if finite.size else 0.0
        return cls(distances[end, row], block.first + int(row), (usual.lower, usual.upper)[end], largest)

    def __add__(self, other):
        nearest = min(self, other, key=lambda one: one.distance)
        return Nearest(nearest.distance, nearest.row, nearest.end, max(self.largest, other.largest))


def at_end(objective, solution):
    """What a likelihood says of a constant parameter that is at the end of its range, to all digits, if one is."""
    layout, likelihood = objective.layout, objective.likelihood
    W = layout.unpack(solution.w)
    for name, k in likelihood.slices.items():
        if name in likelihood.limits and not layout.sloped[k].any():
            link = likelihood.parameters[name]
            text = likelihood.limits[name].get(float(link.shown(link.inverse(W[k.start, 0]))))
            if text:
                return BoundaryWarning, f"{likelihood!r} has no maximum of the likelihood: {text}."
    return None


def far_out(objective, start, solution):
    """What to say of a parameter that was on its way to the end of its range when the search stopped, if one was."""
    layout, likelihood = objective.layout, objective.likelihood
    at_mean = np.append(1.0, layout.shift + layout.origin)
    moved = (layout.unpack(solution.w) - layout.unpack(start)) @ at_mean
    for name, k in likelihood.slices.items():
        if name in likelihood.widths or moved[k.start] == 0:
            continue
        end, limits = end_towards(likelihood, name, moved[k.start]), likelihood.limits.get(name, {})
        falls = k.start == 0 and end in limits and "without bound" in solution.message
        if falls or abs(moved[k.start]) > LOST * layout.unit[k.start]:
            text = limits.get(end, f"{name} goes to {end:g}")
            return BoundaryWarning, f"{likelihood!r} seems to have no maximum of the likelihood: {text}."
    return None


def end_towards(likelihood, name, direction):
    """The value of a parameter, as users read it, whose eta goes to infinity in this direction."""
    link, default = likelihood.parameters[name], likelihood.links[name]
    with np.errstate(all="ignore"):
        theta = link.inverse(np.array([np.copysign(np.inf, direction)]))
        return float(link.shown(np.clip(theta, default.lower, default.upper))[0])
