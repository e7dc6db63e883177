@NullMarked
package dev.skep.dns;

import org.jspecify.annotations.NullMarked;
