"""A fetch policy for Dragon: sources come from hosts on a list alone."""
