"""Parsing with a trained network; without PyTorch, but for `torch.py`, which training uses."""
