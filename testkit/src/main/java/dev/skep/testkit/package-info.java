/** Fakes with behaviour, fixtures and the sandbox test kit. Test scope only. */
@NullMarked
package dev.skep.testkit;

import org.jspecify.annotations.NullMarked;
