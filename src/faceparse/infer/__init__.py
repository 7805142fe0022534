"""Parsing with a trained network and no PyTorch."""
