/** The data plane: routes requests to instances and parks those that came too early. */
@NullMarked
package dev.skep.gateway;

import org.jspecify.annotations.NullMarked;
