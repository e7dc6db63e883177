/** Composition root: configuration, wiring and life cycle of skepd. */
@NullMarked
package dev.skep.daemon;

import org.jspecify.annotations.NullMarked;
