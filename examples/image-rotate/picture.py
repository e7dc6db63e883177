"""Draws the picture that the function rotates, when the image is built."""

import sys

from PIL import Image

Image.effect_mandelbrot((640, 480), (-2.5, -1.5, 1.5, 1.5), 50).convert("RGB").save(sys.argv[1], "JPEG", quality=85)
