"""The steps of deploy/Dockerfile run without Docker: ``python -m tests.image`` (make image-steps)."""
