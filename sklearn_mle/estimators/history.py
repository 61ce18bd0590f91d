"""What a solver reports on its way: kept, and printed if asked."""

import numpy as np


class History:
    """The solvers' report: keeps the loss and the gradient norm of every iteration, and prints them if asked."""

    def __init__(self, verbose=0):
        self.verbose, self.loss, self.gradient_norm = verbose, [], []

    def __call__(self, w, value, gradient_norm, decrement=None):
        self.loss.append(value)
        self.gradient_norm.append(gradient_norm)
        if self.verbose:
            gap = "" if decrement is None else f"  gap {decrement:.1e}"
            print(f"iteration {len(self.loss):4d}  F {value:.12g}  |gradient| {gradient_norm:.1e}{gap}")

    def arrays(self):
        """{"loss": array, "gradient_norm": array}."""
        return {"loss": np.array(self.loss), "gradient_norm": np.array(self.gradient_norm)}
