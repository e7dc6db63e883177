/** A Firecracker without guests, as strict as the real one. */
@NullMarked
package dev.skep.testkit.firecracker;

import org.jspecify.annotations.NullMarked;
