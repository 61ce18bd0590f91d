"""A rule is a function that raises: how rules are run, and what they say where one is broken."""

import warnings

import numpy as np


def run(checks, subject, name):
    for check in checks:
        rule = check.__name__.replace("_", " ")
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check(subject)
        except AssertionError as broken:
            raise AssertionError(f"{name} breaks the rule '{rule}': {broken}") from None
        except Exception as error:
            # Whatever is wrong with a likelihood may raise under the first rule that evaluates it.
            raised = f"it raises {type(error).__name__}: {error}"
            raise AssertionError(f"{name} breaks the rule '{rule}': {raised}") from error


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
