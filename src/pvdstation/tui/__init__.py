"""The terminal UI: what a person at the glovebox sees and presses. Knows the desk, the recipe and the model only."""
