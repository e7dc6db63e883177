/** Container images to one read-only EROFS file: registry client, layers, writer, store. */
@NullMarked
package dev.skep.image;

import org.jspecify.annotations.NullMarked;
