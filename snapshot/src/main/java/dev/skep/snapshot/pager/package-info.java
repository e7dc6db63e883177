/** The process that serves the memory of restored guests. */
@NullMarked
package dev.skep.snapshot.pager;

import org.jspecify.annotations.NullMarked;
