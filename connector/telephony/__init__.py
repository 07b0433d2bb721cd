"""What goes on around calls: streams, who is responsible for a number, what was missed, what never ended."""
