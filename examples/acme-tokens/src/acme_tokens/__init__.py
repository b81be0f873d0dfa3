"""An authentication hook for Dragon: signed tokens that expire, instead of stored secrets."""
