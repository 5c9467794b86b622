"""A network, alive or stored: what can be read off it and how it is run.

Four rooms, each built on those before it and entered by its `__init__` alone: `weights` (kernels and their values),
`graphs` (how layers are put together), `passes` (what a run shows) and `gradients`.
"""
