/** The name server that sandboxes ask. */
@NullMarked
package dev.skep.dns;

import org.jspecify.annotations.NullMarked;
