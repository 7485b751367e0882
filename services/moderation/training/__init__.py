"""Trains the spam classifier from labelled texts; for tools, never imported by the running service."""
