"""The support desk: conversations, answered from the documents."""
