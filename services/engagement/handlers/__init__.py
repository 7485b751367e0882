"""Load, fold, save: one file for each thing that engagement does."""
