/** MicroVM sandboxes: VMM drivers, guest network, agent client. */
@NullMarked
package dev.skep.microvm;

import org.jspecify.annotations.NullMarked;
