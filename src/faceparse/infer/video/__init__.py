"""Videos: `reader.py` (upright frames) → network and smoothing → `painter.py` → `writer.py`; `parse.py` joins them.

This needs the package `av` (PyAV), the extra `faceparse[video]`.
"""
