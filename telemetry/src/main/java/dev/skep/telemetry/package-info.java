/** Cold-start records, metrics and what they explain. */
@NullMarked
package dev.skep.telemetry;

import org.jspecify.annotations.NullMarked;
