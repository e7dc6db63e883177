/** Versioned resources with watch, kept in SQLite. */
@NullMarked
package dev.skep.store;

import org.jspecify.annotations.NullMarked;
