"""What stands around every page: what the station is and does, what is wrong, and which keys do what."""
