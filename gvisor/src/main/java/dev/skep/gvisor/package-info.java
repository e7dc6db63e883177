/** Sandboxes under gVisor, driven through runsc's command line. */
@NullMarked
package dev.skep.gvisor;

import org.jspecify.annotations.NullMarked;
