"""Local stand-ins for the three providers, faithful to their protocols, and every fault they can have."""
