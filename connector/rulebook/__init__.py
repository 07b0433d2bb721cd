"""The mapping sets of this installation: where they come from, which is in use, what one would do (DESIGN.md §8)."""
