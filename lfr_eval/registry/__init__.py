"""Registered matchers: registering, loading after inspection, parity, versions."""
