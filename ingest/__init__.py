"""MQTT in: decode, validate, quarantine, spool, acknowledge."""
