"""How a network is put together, and what that makes of its inputs and outputs."""
