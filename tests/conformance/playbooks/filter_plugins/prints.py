"""Prints by itself, in whatever process it is called."""

import sys
import warnings


def prints(value):
    print(f"a filter prints {value}")
    print("without an end", end="", flush=True)
    print(" and its end")
    sys.stderr.write("a filter writes to stderr\n")
    warnings.warn("a filter warns", UserWarning, stacklevel=1)
    return value


class FilterModule:
    def filters(self):
        return {"prints": prints}
