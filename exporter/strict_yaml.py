"""YAML that is read as it was meant: what a file of settings has no use for is refused."""

from collections.abc import Callable, Hashable
from typing import Any

import yaml

from exporter.checked import shown


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, which YAML forbids and PyYAML lets pass.

    Merge keys (``<<``) don't merge, since what they copy may grow without a bound.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = yaml.constructor.BaseConstructor.construct_mapping(self, node, deep)
        if len(mapping) < len(node.value):
            again = _first_given_twice([key for key, _ in node.value]) or node
            name = f"the key {shown(again.value)}" if isinstance(again, yaml.ScalarNode) else "a key"
            raise yaml.MarkedYAMLError(problem=f"{name} is given twice", problem_mark=again.start_mark)
        return mapping


def _first_given_twice(keys: list[yaml.Node]) -> yaml.Node | None:
    seen: set[str] = set()
    for key in keys:
        if str(key.value) in seen:
            return key
        seen.add(str(key.value))
    return None


def implicit_resolvers(wanted: Callable[[str], bool]) -> dict[str, list[tuple[str, Any]]]:
    """Those of PyYAML's that make values of wanted tags of plain texts; what has none of them stays a text."""
    return {
        first: [(tag, pattern) for tag, pattern in resolvers if wanted(tag)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
