"""The namespaces of a client, one module each: declarations only."""
