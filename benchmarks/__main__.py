"""``python -m benchmarks [NAME ...] [--rows SHARE] [--markdown FILE]`` and ``python -m benchmarks scaling``."""

import argparse

from .measure import run
from .report import machine, table, write_page
from .scaling import scaling
from .workloads import WORKLOADS


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=f"Workloads: {', '.join(WORKLOADS)}.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads (all), or `scaling`")
    parser.add_argument("--rows", type=float, default=1.0, metavar="SHARE", help="share of the rows, for a quick look")
    parser.add_argument("--limit", type=float, default=60.0, metavar="SECONDS", help="no fit may take longer")
    parser.add_argument("--markdown", metavar="FILE", help="the page to write, its numbers beside it as .json")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - {*WORKLOADS, "scaling"}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)} and scaling")
    print(machine(), flush=True)
    if "scaling" in chosen.names:
        scaling(chosen.rows, chosen.limit)
    for name in [name for name in chosen.names or WORKLOADS if name != "scaling"]:
        result = run(WORKLOADS[name], chosen.rows, chosen.limit)
        print("\n" + table(name, result), flush=True)
        if chosen.markdown:
            write_page(chosen.markdown, {name: result})


if __name__ == "__main__":
    main()
