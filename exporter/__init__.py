"""A memory-leak soak tester for payment SDKs, as a Prometheus exporter."""

from functools import cache

DISTRIBUTION = "memtest-exporter"  # its name on PyPI


@cache
def version() -> str:
    """The version that is installed, which its tag named when it was built."""
    from importlib import metadata  # 40 ms, which --help does without

    return metadata.version(DISTRIBUTION)
