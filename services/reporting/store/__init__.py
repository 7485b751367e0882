"""All SQL of reporting: facts and roll-ups in, numbers out."""
