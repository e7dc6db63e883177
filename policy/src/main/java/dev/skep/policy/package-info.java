/** Scaling, keep-alive, balancing: pure decisions with an injected clock and no I/O. */
@NullMarked
package dev.skep.policy;

import org.jspecify.annotations.NullMarked;
