"""Faces in the wild: found anywhere in a photo, turned upright, parsed and painted back."""
