/** Saved microVMs: files, store and working sets. */
@NullMarked
package dev.skep.snapshot;

import org.jspecify.annotations.NullMarked;
