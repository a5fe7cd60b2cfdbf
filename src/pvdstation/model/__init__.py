"""Words of the lab: quantities, signals, messages, materials, the station file. Imports nothing of the house."""
