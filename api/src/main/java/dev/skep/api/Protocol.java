package dev.skep.api;

/**
 * What the function speaks on its port; chosen by the container port's name ({@code h2c}), HTTP/1.1
 * otherwise.
 */
public enum Protocol {
  HTTP1,
  H2C
}
