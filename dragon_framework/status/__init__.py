"""The life of a task as data: keys, status objects, and the store that keeps them."""
