"""What the Overview is drawn from: the mimic of the chamber, the big numbers, the sources and the rate of late."""
