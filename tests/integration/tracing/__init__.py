"""One id leads from a client's message to the request that carried it, in the journal, the log and the portal."""
