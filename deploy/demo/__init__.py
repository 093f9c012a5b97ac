"""One eventful Saturday at a seaside force, run through everything."""
