package dev.skep.control;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/** Whether an instance takes connections; blocks for at most about a second. */
interface Reach {
  boolean accepts(InetSocketAddress endpoint);

  Reach TCP = Reach::connects;

  private static boolean connects(InetSocketAddress endpoint) {
    try (var socket = new Socket()) {
      socket.connect(endpoint, 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
