/** Records of the resources, their defaulting and validation. No I/O. */
@NullMarked
package dev.skep.api;

import org.jspecify.annotations.NullMarked;
