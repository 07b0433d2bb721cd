"""RQ and nothing but RQ. A job carries a name and no data: the journal is the truth, Redis only wakes."""
