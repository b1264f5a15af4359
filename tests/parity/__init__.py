"""Our requests against those of the official SDK, method by method: the next release of it shows as failures here."""
