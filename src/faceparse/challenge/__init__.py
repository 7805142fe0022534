"""Entering a challenge: its rules as data, zips packed, checked and rehearsed, and the tries counted."""
