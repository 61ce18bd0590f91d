"""Rules of the protocol: constructor, parameters, support, shapes, rows, weights and start."""

import inspect

import numpy as np
from sklearn.base import clone

from ..design import Block, Layout
from ..links import LINKS, Link
from ..objective import Objective
from ..penalty import ElasticNet
from ..rows import Rows
from .base import demand, demand_close
from .specimen import arrays, inside, number, rows_of

# Same code, same rows: what regrouping and vectorisation may change.
ROUNDING = 1e-12
# Derivatives through `jets.numeric`: its gradient and Hessian are good to 1e-9 and 1e-6.
GRADIENT, HESSIAN = 1e-7, 1e-5


def demand_same_taylor(found, expected, what, where, look):
    """Equality of two taylors as arrays, as close as `jets.numeric` allows."""
    names, tolerances = ("nll", "gradient", "Hessian"), (ROUNDING, GRADIENT, HESSIAN)
    for name, tolerance, a, b in zip(names, tolerances, found, expected, strict=False):
        demand_close(a, b, tolerance, f"the {name} {what}", where, look)


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
    round_trip = copy.set_params(**before).get_params(deep=False)
    demand(round_trip == before, f"set_params(**{before}) gives {round_trip}.")
    likelihood.taylor(specimen.y.copy(), specimen.eta, 2)
    likelihood.start(specimen.y.copy(), np.ones(len(specimen.y)))
    likelihood.point(*likelihood.theta(specimen.eta))
    after = likelihood.get_params(deep=False)
    same = all(after[name] is before[name] for name in before) and repr(likelihood) == shown
    demand(same, f"{shown} became {likelihood!r} in use. Work on a clone.")


def default_constructor_estimates_everything(specimen):
    """Every parameter that can be fixed in the constructor is estimated by default."""
    _, default = _default(specimen.likelihood)
    for name in default.links:
        value = default.get_params(deep=False).get(name)
        demand(value is None, f"{name} is fixed at {value!r} by default. Let {name}=None, estimated, be the default.")


def _default(likelihood):
    """The constructor's arguments, and what it makes of their defaults; those without one are the likelihood's own."""
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
            found,
            [nll, g[rest], h[np.ix_(rest, rest)]],
            f"with {name}={value:.4g} fixed",
            specimen.at(y, eta),
            "Look at `parameters`, and at how `derivatives` uses a fixed parameter.",
        )


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
            finite = np.isfinite(nll).all()
            demand(finite, f"there is no `start`, and the nll at eta = 0 is not finite {described}. Write one.")
            continue
        demand(len(values) == len(likelihood.links), f"start gives {len(values)} values for {list(likelihood.links)}.")
        for (name, default), value in zip(likelihood.links.items(), values, strict=True):
            finite = np.isfinite(default(np.asarray(value, dtype=float))).all()
            demand(finite, f"start is {value} for {name} {described}. Keep it inside the domain.")
        eta = likelihood.eta(values)
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
    theta = default.theta(values[0])

    def reaches(link):
        eta = link(np.asarray(values[0], dtype=float))
        return np.isfinite(eta) and abs(link.inverse(eta) - theta) <= 1e-8 * (1 + abs(theta))

    if not (reaches(link) and reaches(likelihood.parameters[first])) or other.parameters == likelihood.parameters:
        return  # log for a negative mean, identity for a probability; or a link= with another meaning
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
