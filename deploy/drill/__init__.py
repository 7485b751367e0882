"""Failure drills on the local stack: what a cluster does to processes, under load, with the books checked."""
