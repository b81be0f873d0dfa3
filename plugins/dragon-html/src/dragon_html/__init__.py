"""Web page tasks for Dragon: `html.scrape`."""
