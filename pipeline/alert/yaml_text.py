"""YAML as people expect it, with the line of everything in it.

Read by PyYAML's safe loader, without what YAML 1.1 takes for something else: ``22:00`` is no number in base 60, ``no`` and
``on`` are words, and so is a date. A key that stands twice is a mistake and not the last one's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

MOST_BYTES: Final = 1024 * 1024
MOST_NODES: Final = 100_000
"""Keys and values with every alias written out: nine lines of aliases of aliases can stand for billions."""

Path = tuple[str | int, ...]
"""Keys and places in lists that lead to a value, from the outside in."""


class Unreadable(ValueError):
    """It is no YAML, or not as we take it. The message completes "Line n: …" and quotes no value."""

    def __init__(self, line: int, says: str) -> None:
        super().__init__(says)
        self.line = line


@dataclass(frozen=True, slots=True)
class YamlText:
    """``data`` in lists, dicts, texts, numbers, true, false and null."""

    data: Any
    _root: yaml.Node | None
    twice: Sequence[Path] = ()
    """Keys that stand in their mapping for a second time; the last one counts."""
    begins: int = 1
    """Line of the first word."""

    def line_of(self, path: Path) -> int:
        """Where ``path`` begins, counted from 1; of its longest part that is there."""
        node, line = self._root, self.begins
        for step in path:
            found = _below(node, step)
            if found is None:
                break
            line, node = found
        return line


def read_yaml(text: str) -> YamlText:
    """Raises `Unreadable`."""
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise Unreadable(1, f"more than {MOST_BYTES:,} bytes")
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        _require_few(root)
        twice = list(_twice(root))
        return YamlText(loader.construct_document(root) if root else None, root, twice)
    except Unreadable:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(mark.line + 1 if mark else 1, f"no YAML ({error.problem or error.context})") from None
    except yaml.reader.ReaderError as error:
        raise Unreadable(text.count("\n", 0, error.position) + 1, "a character that YAML does not allow") from None
    except RecursionError:
        raise Unreadable(1, "nested too deeply") from None
    except (ValueError, TypeError, KeyError, AttributeError):  # PyYAML's, of a value that its !!tag does not fit
        raise Unreadable(1, "a value that is not of the kind that its tag says") from None


class _Loader(yaml.SafeLoader):
    """Resolves plain words as YAML 1.2's core schema does, in decimal."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML asks for a class's own)


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?", "-+0123456789."),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def _require_few(root: yaml.Node | None) -> None:
    """Raises `Unreadable` for more than `MOST_NODES`, and for an anchor that holds itself."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        known = sizes.get(id(node))
        if known == 0:
            raise Unreadable(node.start_mark.line + 1, "an anchor that holds itself")
        if known is not None:
            return known
        sizes[id(node)] = 0
        parts = node.value if isinstance(node, yaml.CollectionNode) else []
        below = [one for part in parts for one in part] if isinstance(node, yaml.MappingNode) else parts
        sizes[id(node)] = 1 + sum(map(size, below))
        if sizes[id(node)] > MOST_NODES:
            raise Unreadable(node.start_mark.line + 1, f"more than {MOST_NODES:,} values, with aliases written out")
        return sizes[id(node)]

    if root is not None:
        size(root)


def _below(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    """The line and the node that ``step`` leads to."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found = node.value[step]
        return found.start_mark.line + 1, found
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # what `<<` brought in stands before what was written
            if key.value == step:
                return key.start_mark.line + 1, value
    return None


def _twice(root: yaml.Node | None) -> Iterator[Path]:
    """Every key that stands in its mapping for a second time."""
    seen: set[int] = set()
    waiting: list[tuple[Path, yaml.Node | None]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        if node is None or id(node) in seen:  # an anchor's
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += (((*path, place), value) for place, value in enumerate(node.value))
        elif isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, value in node.value:
                name = key.value if isinstance(key, yaml.ScalarNode) else ""
                waiting.append(((*path, name), value))
                if name in names and name != "<<":
                    yield *path, name
                if isinstance(key, yaml.ScalarNode):
                    names.add(name)
