"""The picture of README.md, which is that of the site's first page: `python docs/pictures/readme.py` writes it."""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).resolve().parent
LOOK = {
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}

if __name__ == "__main__":
    with plt.rc_context(LOOK):
        runpy.run_path(HERE / "landing.py")
        plt.savefig(HERE / "readme.png", dpi=110)
