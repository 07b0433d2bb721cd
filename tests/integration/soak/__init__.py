"""Hours of a portal's life in minutes: the portal's clock runs faster than ours."""
