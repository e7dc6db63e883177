/** The skep command: a thin client of the daemon. */
@NullMarked
package dev.skep.cli;

import org.jspecify.annotations.NullMarked;
