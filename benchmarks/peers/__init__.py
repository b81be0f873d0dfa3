"""The peers Dragon is measured against, each as its own documentation says to run it."""
