"""pvdstation: recipe and process control for a thermal-evaporation (PVD) station in a glovebox."""
