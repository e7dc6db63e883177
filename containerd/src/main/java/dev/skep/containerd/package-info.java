/** Sandboxes that are containers, through containerd's gRPC API. */
@NullMarked
package dev.skep.containerd;

import org.jspecify.annotations.NullMarked;
