"""The page about the calls of a capture. From the bottom: tables (tshark's), masking, calls (what a call is made of), story (sentences with
their basis), pictures (SVG), page (HTML), command."""
