"""Letters on their way in and out: which conversation they belong to, and what is said about them."""
