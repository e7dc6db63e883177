/** The contract of a place where one function instance runs, and of the phases of its start. */
@NullMarked
package dev.skep.sandbox;

import org.jspecify.annotations.NullMarked;
