"""Ingest: takes posts from files and over HTTP, checks them and sends them to `[posts]`."""
