"""What the Trends page is made of: samples in bins, curves, and the run that they are compared with."""
