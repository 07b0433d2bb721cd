"""What stands in the logs of a house whose clients, portal and providers say what nobody may read."""
