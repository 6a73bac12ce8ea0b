"""The Grafana dashboards as code: ``python -m tools.dashboards`` writes ``grafana/dashboards``."""
