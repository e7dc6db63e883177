package dev.skep.dns;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** A resolver of the host's: answers every question by a function of its bytes. */
final class Upstream implements AutoCloseable {
  private static final int BIND_ATTEMPTS = 16;
  final List<byte[]> asked = new CopyOnWriteArrayList<>();
  private final DatagramSocket datagrams;
  private final ServerSocket streams;
  private final UnaryOperator<byte[]> behaviour;

  /**
   * @param behaviour an empty answer is none
   */
  Upstream(UnaryOperator<byte[]> behaviour) throws IOException {
    this.behaviour = behaviour;
    streams = new ServerSocket();
    datagrams = bindBoth(streams);
    Thread.ofVirtual().name("upstream-udp").start(this::serveDatagrams);
    Thread.ofVirtual().name("upstream-tcp").start(this::serveStreams);
  }

  /** A free port of UDP may be in use for TCP: others are tried then. */
  private static DatagramSocket bindBoth(ServerSocket streams) throws IOException {
    for (int attempt = 1; ; attempt++) {
      var datagrams = new DatagramSocket(0, InetAddress.getLoopbackAddress());
      try {
        streams.bind(datagrams.getLocalSocketAddress(), 5);
        return datagrams;
      } catch (BindException e) {
        datagrams.close();
        if (attempt == BIND_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /** Marks the question as answered with this code, and appends a tail. */
  static byte[] answered(byte[] question, int code, byte... tail) {
    byte[] answer = Arrays.copyOf(question, question.length + tail.length);
    answer[2] |= (byte) 0x80;
    answer[3] = (byte) code;
    System.arraycopy(tail, 0, answer, question.length, tail.length);
    return answer;
  }

  InetSocketAddress address() {
    return (InetSocketAddress) datagrams.getLocalSocketAddress();
  }

  private void serveDatagrams() {
    try {
      while (true) {
        var packet = new DatagramPacket(new byte[65535], 65535);
        datagrams.receive(packet);
        byte[] answer = answer(Arrays.copyOf(packet.getData(), packet.getLength()));
        if (answer.length > 0) {
          datagrams.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
      }
    } catch (IOException e) {
      // closed
    }
  }

  private void serveStreams() {
    try {
      while (true) {
        try (var client = streams.accept()) {
          var in = new DataInputStream(client.getInputStream());
          byte[] answer = answer(in.readNBytes(in.readUnsignedShort()));
          var out = new DataOutputStream(client.getOutputStream());
          out.writeShort(answer.length);
          out.write(answer);
        }
      }
    } catch (IOException e) {
      // closed
    }
  }

  private byte[] answer(byte[] question) {
    asked.add(question);
    return behaviour.apply(question);
  }

  @Override
  public void close() throws IOException {
    datagrams.close();
    streams.close();
  }
}
