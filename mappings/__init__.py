"""Turns events, given as plain mappings, into Bitrix24 fields. Pure; knows nothing of the connector."""
