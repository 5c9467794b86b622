"""A checked configuration and its weights, made into a live network or stored kernels."""
