"""All SQL of rewards, one module for each part of its schema.

Look-ups by many keys are LATERAL behind OFFSET 0, so that they go through the index: a plan made while the
tables are empty would else scan them for as long as it is cached.
"""
