"""Recipes: the notation, the file, the expanded procedure with its implied steps, and the checker."""
