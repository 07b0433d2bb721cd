"""The promises of DESIGN.md §1, kept by the running house."""
