package dev.skep.control;

import java.net.InetSocketAddress;

/** A ready instance, as the data plane knows it. */
public record Endpoint(String instance, InetSocketAddress address) {}
