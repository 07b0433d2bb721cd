"""Reading what a connection tells: the streams of PBXs and of mailboxes, one listener per account over all machines."""
