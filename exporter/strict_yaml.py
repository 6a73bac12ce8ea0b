"""YAML that is read as it was meant: what a file of settings has no use for is refused."""

from collections.abc import Callable, Hashable
from typing import Any

import yaml


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, which YAML forbids and PyYAML lets pass.

    Merge keys (``<<``) don't merge, since what they copy may grow without a bound.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = yaml.constructor.BaseConstructor.construct_mapping(self, node, deep)
        if len(mapping) < len(node.value):
            raise yaml.MarkedYAMLError(problem="a key is given twice", problem_mark=node.start_mark)
        return mapping


def implicit_resolvers(wanted: Callable[[str], bool]) -> dict[str, list[tuple[str, Any]]]:
    """Those of PyYAML's that make values of wanted tags of plain texts; what has none of them stays a text."""
    return {
        first: [(tag, pattern) for tag, pattern in resolvers if wanted(tag)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
