"""The coefficients as a table: to print, as HTML, and as a data frame."""

from dataclasses import dataclass
from html import escape

import numpy as np

COLUMNS = ["coef", "std_error", "z", "p_value", "lower", "upper"]


@dataclass(frozen=True)
class CoefficientTable:
    """Rows of numbers with two names each, below a few facts about the fit.

    Attributes
    ----------
    parameters, columns : list of str
        Of every row.
    numbers : array of shape (rows, 6)
        As COLUMNS.
    statistic : str
        "z" or "t".
    facts : list of (str, str)
    constants : dict
        {name: (estimate, std_error, lower, upper)}.
    notes : list of str
    """

    parameters: list
    columns: list
    numbers: np.ndarray
    statistic: str
    facts: list
    constants: dict
    notes: list

    @classmethod
    def of(cls, inference, baseline=None):
        """The table of an inference, of differences from the class `baseline` where one is given."""
        estimates = inference._estimates
        if baseline is None:
            parameters, where = map(list, zip(*estimates.entries.headings, strict=True))
            values, errors = estimates.values, estimates.errors
        else:
            parameters, where, values, errors = contrasts(inference, baseline)
        with np.errstate(all="ignore"):
            ratio, reach = values / errors, estimates.reach(0.95) * errors
            numbers = [values, errors, ratio, 2 * estimates.law.sf(np.abs(ratio)), values - reach, values + reach]
        statistic = "t" if inference.dispersion == "pearson" else "z"
        constants = {
            name: constant for name, constant in inference.parameters.items() if np.ndim(constant.estimate) == 0
        }
        return cls(
            parameters, where, np.stack(numbers, axis=1), statistic, facts(inference), constants, inference.notes
        )

    def to_frame(self):
        """A data frame of pandas, or else of polars."""
        named = {"parameter": self.parameters, "column": self.columns}
        columns = [self.statistic if name == "z" else name for name in COLUMNS]
        named |= dict(zip(columns, self.numbers.T, strict=True))
        try:
            import pandas
        except ImportError:
            try:
                import polars
            except ImportError:
                raise ImportError("to_frame needs pandas or polars: pip install pandas.") from None
            return polars.DataFrame(named)
        return pandas.DataFrame(named)

    def __str__(self):
        heads = ["", *self.heads]
        shown = [i for i, name in enumerate(self.parameters) if name not in self.constants]
        rows = [[f"  {self.columns[i]}", *self.cells(i)] for i in shown]
        constants = [[f"  {name}", *map(number, constant)] for name, constant in self.constants.items()]
        lines_of_constants = [[*row[:3], "", "", *row[3:]] for row in constants]
        widths = [max(len(row[i]) for row in [heads, *rows, *lines_of_constants]) for i in range(len(heads))]
        widths[0] = max([widths[0], *(len(name) for name in self.parameters)])
        widths[1:] = [width + 2 for width in widths[1:]]

        def line(cells):
            return cells[0].ljust(widths[0]) + "".join(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=False))

        rule = "-" * sum(widths)
        lines = [f"{name}: {value}" for name, value in self.facts]
        lines += [rule, line(heads), rule]
        for i, row in zip(shown, rows, strict=True):
            if i == 0 or self.parameters[i] != self.parameters[i - 1]:
                lines.append(self.parameters[i])
            lines.append(line(row))
        lines.append(rule)
        if constants:
            lines.append("constant, on the scale of the parameter")
            lines += [line(row) for row in lines_of_constants]
            lines.append(rule)
        return "\n".join([*lines, *self.notes])

    @property
    def heads(self):
        """The names of the columns as printed."""
        return ["coef", "std err", self.statistic, f"P>|{self.statistic}|", "[0.025", "0.975]"]

    def cells(self, i):
        """The numbers of a row as printed."""
        coef, error, z, p, lower, upper = self.numbers[i]
        return [number(coef), number(error), z_text(z), p_text(p), number(lower), number(upper)]

    def html(self):
        """The table as HTML."""
        head = "".join(f"<th>{escape(name)}</th>" for name in ["", "", *self.heads])
        body = "".join(
            f"<tr><th>{escape(parameter)}</th><th>{escape(column)}</th>"
            + "".join(f"<td>{escape(cell)}</td>" for cell in self.cells(i))
            + "</tr>"
            for i, (parameter, column) in enumerate(zip(self.parameters, self.columns, strict=True))
            if parameter not in self.constants
        )
        body += "".join(
            f"<tr><th>{escape(name)}</th><th>own scale</th><td>{number(c.estimate)}</td><td>{number(c.std_error)}</td>"
            f"<td></td><td></td><td>{number(c.lower)}</td><td>{number(c.upper)}</td></tr>"
            for name, c in self.constants.items()
        )
        facts = "<br>".join(f"{escape(name)}: {escape(value)}" for name, value in self.facts)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<p>{facts}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"


def facts(inference):
    """What stands above the table."""
    fit = inference._fit
    found = [(type(fit.model).__name__, f"{fit.likelihood!r}, {inference.n_obs:g} rows")]
    kind = inference.covariance + (", dispersion by Pearson's X2" if inference.dispersion == "pearson" else "")
    found.append(("covariance", kind))
    if not fit.likelihood.proper:
        return found
    fitted = f"{inference.log_likelihood:.6g} (without columns {inference.null_log_likelihood:.6g})"
    found.append(("log-likelihood", f"{fitted}, AIC {inference.aic:.6g}, BIC {inference.bic:.6g}"))
    measures = {"deviance": "deviance", "Pearson dispersion": "pearson_dispersion", "McFadden R2": "mcfadden_r2"}
    if not (hasattr(fit.model, "classes_") or fit.likelihood.support.integer):
        del measures["McFadden R2"]  # of densities, whose unit is that of y
    texts = [f"{name} {getattr(inference, a):.6g}" for name, a in measures.items() if hasattr(inference, a)]
    return [*found, ("fit", ", ".join(texts))] if texts else found


def number(value):
    """Five significant digits; blank where there is none."""
    return "" if np.isnan(value) else f"{value:.5g}"


def z_text(z):
    """Two decimals; blank where there is none."""
    return "" if np.isnan(z) else f"{z:.2f}"


def p_text(p):
    """A p-value as tables print it."""
    return "" if np.isnan(p) else "<0.001" if p < 0.0005 else f"{p:.3f}"


def contrasts(inference, baseline):
    """Parameters, columns, estimates and errors of the differences of all classes' coefficients from one class's."""
    fit, estimates = inference._fit, inference._estimates
    entries = estimates.entries
    classes = list(getattr(fit.model, "classes_", ()))
    wide = [name for name in fit.likelihood.shift_invariant if fit.likelihood.widths[name] == len(classes)]
    if not wide:
        raise ValueError(
            f"baseline is for parameters with one predictor per class (Categorical); got {fit.likelihood!r}."
        )
    if baseline not in classes:
        raise ValueError(f"baseline={baseline!r} is none of the classes {np.array(classes).tolist()}.")
    base, position = classes.index(baseline), {place: i for i, place in enumerate(entries.places)}
    rows = [
        (i, position[name, (base, index[1])], f"{name}[{classes[index[0]]}]", ["intercept", *fit.columns][index[1]])
        for i, (name, index) in enumerate(entries.places)
        if name in wide and index[0] != base
    ]
    mine, others, parameters, columns = zip(*rows, strict=True)
    mine, others = list(mine), list(others)
    J = entries.jacobian[mine] - entries.jacobian[others]
    undetermined, unbounded = estimates.unknown(J, entries.units[mine])
    variances = np.einsum("ij,jk,ik->i", J, estimates.covariance, J)
    errors = np.where(undetermined | unbounded, np.nan, np.sqrt(variances))
    return list(parameters), list(columns), estimates.values[mine] - estimates.values[others], errors
