"""The HTTP edge: take what comes, keep it durably, answer in milliseconds."""
