"""Dedups as systems define them."""
