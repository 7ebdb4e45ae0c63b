"""JupyterLab in a real browser: what a learner does, done by a machine."""
