package dev.skep.image;

import dev.skep.api.SkepException;

/** Refusals of images whose content is wrong. */
final class Invalid {
  private Invalid() {}

  static SkepException image(String message) {
    return new SkepException(SkepException.Code.INVALID, message);
  }

  static SkepException entry(byte[] name, String message) {
    return image("tar entry " + Printable.of(name) + ": " + message);
  }
}
