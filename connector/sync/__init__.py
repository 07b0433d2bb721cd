"""Sync jobs: records of a source come into the CRM and stay in step with it (DESIGN.md §5)."""
