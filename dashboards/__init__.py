"""Grafana dashboards: what they show as data, the generator, the generated JSON, and how it reaches a Grafana."""
