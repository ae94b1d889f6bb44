"""The registry as an Excel workbook: written, read back, and a copy with its faults marked."""
