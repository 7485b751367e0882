"""A believable Chinese community, as events: pure functions of a seed, no clock and no chance besides."""
