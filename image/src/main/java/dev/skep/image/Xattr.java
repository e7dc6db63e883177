package dev.skep.image;

/** One extended attribute; name and value are bytes as the kernel takes them. */
@SuppressWarnings("ArrayRecordComponent") // never compared; copies would cost what the record saves
record Xattr(byte[] name, byte[] value) {}
