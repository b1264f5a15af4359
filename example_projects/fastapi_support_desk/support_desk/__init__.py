"""A support desk that answers from its documents."""
