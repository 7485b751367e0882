"""All SQL of moderation, a file for each idea."""
