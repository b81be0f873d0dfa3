"""For the authors of task plugins: pytest fixtures that run a task without a server.

Installed with the core as a pytest plugin; see `dragon_framework.testing.plugin`.
"""
