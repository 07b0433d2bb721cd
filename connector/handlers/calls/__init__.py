"""Calls: what a PBX tells in pieces, as one call in Bitrix24 (facts/bitrix24-telephony-crm.md §1.13)."""
