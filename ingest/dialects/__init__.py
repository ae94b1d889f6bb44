"""Gateways people already own: what they publish, each format in a file, each device in a YAML map."""
