"""What is wrong with a dataset, and its mending: `faceparse data doctor`.

`examination.examine` looks, `mending.mend` writes a mended copy, `sheet.write_sheet` shows the suspects.
"""
