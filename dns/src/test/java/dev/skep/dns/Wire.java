package dev.skep.dns;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;

/** Messages as bytes, written and read without the code under test. */
final class Wire {
  static final int A = 1;
  static final int AAAA = 28;
  static final int TXT = 16;
  static final int SRV = 33;
  private static final int PATIENCE_MILLIS = 10_000;

  private Wire() {}

  static byte[] question(int id, String name, int type) {
    return question(id, name, type, false);
  }

  static byte[] question(int id, String name, int type, boolean edns) {
    var bytes = new ByteArrayOutputStream();
    shorts(bytes, id, 0x0100, 1, 0, 0, edns ? 1 : 0);
    for (String label : name.split("\\.", -1)) {
      byte[] text = label.getBytes(StandardCharsets.US_ASCII);
      bytes.write(text.length);
      bytes.writeBytes(text);
    }
    bytes.write(0);
    shorts(bytes, type, 1);
    if (edns) {
      bytes.write(0);
      shorts(bytes, 41, 4096, 0, 0, 0);
    }
    return bytes.toByteArray();
  }

  private static void shorts(ByteArrayOutputStream out, int... values) {
    for (int value : values) {
      out.write(value >> 8);
      out.write(value);
    }
  }

  static byte[] udp(InetSocketAddress server, byte[] message) throws IOException {
    try (var socket = new DatagramSocket()) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.send(new DatagramPacket(message, message.length, server));
      var packet = new DatagramPacket(new byte[65535], 65535);
      socket.receive(packet);
      return Arrays.copyOf(packet.getData(), packet.getLength());
    }
  }

  static byte[] tcp(InetSocketAddress server, byte[] message) throws IOException {
    try (var socket = new Socket()) {
      socket.connect(server, PATIENCE_MILLIS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      var out = new DataOutputStream(socket.getOutputStream());
      out.writeShort(message.length);
      out.write(message);
      var in = new DataInputStream(socket.getInputStream());
      return in.readNBytes(in.readUnsignedShort());
    }
  }

  static int number(byte[] message, int at) {
    return (message[at] & 0xff) << 8 | message[at + 1] & 0xff;
  }

  static int code(byte[] message) {
    return message[3] & 0xf;
  }

  static int answers(byte[] message) {
    return number(message, 6);
  }

  static int authorities(byte[] message) {
    return number(message, 8);
  }

  static int additional(byte[] message) {
    return number(message, 10);
  }

  /** Of SRV records whose names are written out: HOST:PORT of each. */
  static List<String> targets(byte[] message) {
    var found = new ArrayList<String>();
    int at = afterName(message, 12) + 4;
    for (int i = 0; i < answers(message); i++) {
      int fixed = afterName(message, at);
      if (number(message, fixed) != SRV) {
        throw new IllegalArgumentException("record of type " + number(message, fixed));
      }
      int data = fixed + 10;
      var host = new StringJoiner(".");
      for (int label = data + 6; message[label] != 0; label += 1 + message[label]) {
        host.add(new String(message, label + 1, message[label], StandardCharsets.US_ASCII));
      }
      found.add(host + ":" + number(message, data + 4));
      at = data + number(message, fixed + 8);
    }
    return found;
  }

  private static int afterName(byte[] message, int at) {
    int end = at;
    while (message[end] != 0) {
      end += 1 + message[end];
    }
    return end + 1;
  }

  /** The last four bytes, which are those of the only record's data. */
  static String lastAddress(byte[] message) {
    int end = message.length;
    return "%d.%d.%d.%d"
        .formatted(
            message[end - 4] & 0xff,
            message[end - 3] & 0xff,
            message[end - 2] & 0xff,
            message[end - 1] & 0xff);
  }
}
