"""Read Python source into its syntax tree, whatever earlier tests left for the garbage collector."""

from __future__ import annotations

import ast
import gc


def parse(source: str) -> ast.Module:
    """`ast.parse`, with no collection in its midst.

    CPython 3.11 counts its depth for the whole process. Something collected half way that logs a traceback, as asyncio does
    for a future whose error nobody took, parses as well and upsets the count: "AST constructor recursion depth mismatch",
    https://github.com/python/cpython/issues/106905.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source)
    finally:
        if enabled:
            gc.enable()
