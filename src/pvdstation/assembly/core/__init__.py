"""The core process of a station: idle between runs, one run at a time, and the way in for its clients."""
