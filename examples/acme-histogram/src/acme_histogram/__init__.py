"""The task acme.histogram for Dragon: how light and dark a picture is."""
