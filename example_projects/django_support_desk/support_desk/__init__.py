"""The project: its settings, its addresses, and what servers load."""
