"""Makes the sample captures of this directory, byte for byte the same every time.

Reading order: scene.py (the little language in which a capture is written), then any file under
scenes/ (one capture each), then the formats: one file per protocol, each only turning values into bytes.
"""
