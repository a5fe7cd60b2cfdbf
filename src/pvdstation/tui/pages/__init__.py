"""The six pages of the screen."""
