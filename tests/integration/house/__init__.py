"""A harness that runs the real house as processes and plays both of its far sides."""
