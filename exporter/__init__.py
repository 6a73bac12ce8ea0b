"""A memory-leak soak tester for payment SDKs, as a Prometheus exporter."""

__version__ = "0.1.0"
