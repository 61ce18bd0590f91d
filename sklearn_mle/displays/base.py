"""What all displays share: axes to draw on, and matters of style that follow the user's own."""

import numpy as np

# Axes so wide, in points, have a legend in letters a size smaller.
NARROW = 250
# The width of a letter, as a share of its size.
WIDTH = 0.6


class Display:
    """Arrays, and the picture that `plot` draws of them.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Of the last picture.
    """

    def _on(self, ax):
        """The axes to draw on: those given, or those of a new figure."""
        try:
            import matplotlib.pyplot as plt
        except ImportError:
            raise ImportError(
                f'{type(self).__name__}.plot needs matplotlib: pip install "sklearn-mle[plot]".'
            ) from None
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        return ax


def style(artist, given, **defaults):
    """The defaults with what the user gave for the artist, whatever name (lw, linewidth) it came by."""
    from matplotlib import cbook, collections, lines, patches

    kind = {"line": lines.Line2D, "patch": patches.Patch, "points": collections.PathCollection}[artist]
    return {**defaults, **cbook.normalize_kwargs(given, kind)}


def unstick(bars):
    """Let the axes have a margin beyond the bars."""
    for bar in bars:
        bar.sticky_edges.y.clear()


def ink(ax):
    """The colour of the axes' own text: black on white, white on black."""
    return ax.xaxis.label.get_color()


def tint(color, share, ax):
    """So much of a colour on the background of the axes."""
    from matplotlib.colors import to_rgb

    return tuple(share * np.array(to_rgb(color)) + (1 - share) * np.array(to_rgb(ax.get_facecolor())))


def points(ax):
    """Width and height of the axes, in points."""
    box = ax.get_window_extent()
    return 72 * np.array([box.width, box.height]) / ax.figure.dpi


def legend(ax, **options):
    """A small legend that does not hide what lies behind it."""
    size = "small" if points(ax)[0] > NARROW else "x-small"
    look = {"framealpha": 0.6, "borderpad": 0.3, "labelspacing": 0.3, "handlelength": 1.6, "columnspacing": 1.0}
    return ax.legend(fontsize=size, **look, **options)


def name_axes(ax, xlabel, ylabel):
    """Label the axes, with long names shortened to their length."""
    for length, axis, name in zip(points(ax), (ax.xaxis, ax.yaxis), (xlabel, ylabel), strict=True):
        axis.set_label_text(shortened(name, int(length / (WIDTH * axis.label.get_fontsize()))))


def shortened(name, length):
    """A name of at most so many characters: its beginning and its end."""
    name = str(name)
    if len(name) <= length:
        return name
    tail = (length - 1) // 3
    return f"{name[: length - 1 - tail]}…{name[len(name) - tail :]}"


def name_of(y, default="y"):
    """What a series calls itself."""
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name else default
