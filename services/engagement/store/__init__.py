"""All SQL of engagement, one module for each subject."""
