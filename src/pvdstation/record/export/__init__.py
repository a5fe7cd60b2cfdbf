"""A run in the forms of others: CSV, HDF5/NeXus, NOMAD; each from the record alone."""
