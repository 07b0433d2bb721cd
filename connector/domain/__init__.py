"""The words of the house: events, effects, values and Protocols. Pure; imports no I/O."""
