"""``python -m benchmarks [NAME ...] [--rows SHARE] [--markdown FILE]``; NAME may be ``scaling`` or ``out_of_core``."""

import argparse

from .measure import run
from .out_of_core import out_of_core
from .report import machine, table, write_page
from .scaling import scaling
from .workloads import WORKLOADS

OTHERS = {
    "scaling": lambda chosen: scaling(chosen.rows, chosen.limit),
    "out_of_core": lambda chosen: out_of_core(chosen.rows),
}


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=f"Workloads: {', '.join(WORKLOADS)}.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"workloads (all), or {', '.join(OTHERS)}")
    parser.add_argument("--rows", type=float, default=1.0, metavar="SHARE", help="share of the rows, for a quick look")
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS", help="no fit may take longer")
    parser.add_argument("--markdown", metavar="FILE", help="the page to write, its numbers beside it as .json")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - {*WORKLOADS, *OTHERS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join([*WORKLOADS, *OTHERS])}")
    print(machine(), flush=True)
    for name in [name for name in chosen.names if name in OTHERS]:
        OTHERS[name](chosen)
    for name in [name for name in chosen.names or WORKLOADS if name in WORKLOADS]:
        result = run(WORKLOADS[name], chosen.rows, chosen.limit)
        print("\n" + table(name, result), flush=True)
        if chosen.markdown:
            write_page(chosen.markdown, {name: result})


if __name__ == "__main__":
    main()
