"""A network, alive or stored: what can be read off it and how it is run."""
