"""What the Recipe page is made of: text, messages, procedure, parameters, dry run, and the start."""
