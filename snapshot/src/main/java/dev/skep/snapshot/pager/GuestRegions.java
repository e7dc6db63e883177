package dev.skep.snapshot.pager;

import dev.skep.api.SkepException;
import dev.skep.api.SkepException.Code;
import dev.skep.snapshot.WorkingSet;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Where the pages of the memory file are in the VMM's address space. Pages are numbered by their
 * position in the file.
 */
final class GuestRegions {
  /** Of the VMM's memory, in bytes. */
  record Region(long address, long size, long offset) {
    boolean holds(long where) {
      return where >= address && where - address < size;
    }
  }

  static final int UNKNOWN = -1;

  private final List<Region> regions;
  private final int pageBytes;

  private GuestRegions(List<Region> regions, int pageBytes) {
    this.regions = regions;
    this.pageBytes = pageBytes;
  }

  /** A whole memory in one piece, in small pages. */
  static GuestRegions single(long address, long bytes) {
    return new GuestRegions(List.of(new Region(address, bytes, 0)), WorkingSet.PAGE_BYTES);
  }

  /**
   * Reads Firecracker's message.
   *
   * @throws SkepException if it does not describe parts of a memory of that size
   */
  static GuestRegions of(JsonNode message, long memoryBytes) {
    var regions = new ArrayList<Region>();
    int pageBytes = 0;
    for (JsonNode json : message) {
      int size = pageBytes(json);
      if (pageBytes != 0 && size != pageBytes) {
        throw invalid(json, "pages of " + pageBytes + " bytes, as in the region before");
      }
      pageBytes = size;
      regions.add(region(json, pageBytes, memoryBytes));
    }
    if (regions.isEmpty()) {
      throw invalid(message, "one region or more");
    }
    return new GuestRegions(List.copyOf(regions), pageBytes);
  }

  /** Size of all pages. */
  int pageBytes() {
    return pageBytes;
  }

  /** The page at an address, or {@link #UNKNOWN}. */
  int page(long address) {
    for (int i = 0; i < regions.size(); i++) {
      Region region = regions.get(i);
      if (region.holds(address)) {
        return (int) ((region.offset() + address - region.address()) / pageBytes);
      }
    }
    return UNKNOWN;
  }

  /** Where a page begins, or {@link #UNKNOWN}. */
  long address(int page) {
    long offset = (long) page * pageBytes;
    for (int i = 0; i < regions.size(); i++) {
      Region region = regions.get(i);
      if (offset >= region.offset() && offset - region.offset() < region.size()) {
        return region.address() + offset - region.offset();
      }
    }
    return UNKNOWN;
  }

  List<Region> all() {
    return regions;
  }

  /** In bytes under both names: the second is a misnomer of Firecracker's. */
  private static int pageBytes(JsonNode json) {
    int bytes = json.path("page_size").asInt(json.path("page_size_kib").asInt(0));
    if (bytes < 4096 || Integer.bitCount(bytes) != 1) {
      throw invalid(json, "a page_size of 4096 or 2097152 bytes");
    }
    return bytes;
  }

  private static Region region(JsonNode json, int pageBytes, long memoryBytes) {
    long address = json.path("base_host_virt_addr").asLong(-1);
    long size = json.path("size").asLong(-1);
    long offset = json.path("offset").asLong(-1);
    if (address < 0 || size <= 0 || offset < 0 || (address | size | offset) % pageBytes != 0) {
      throw invalid(json, "base_host_virt_addr, size and offset in whole pages");
    }
    if (offset > memoryBytes - size) {
      throw invalid(json, "a part of the memory file, which has " + memoryBytes + " bytes");
    }
    return new Region(address, size, offset);
  }

  private static SkepException invalid(JsonNode found, String expected) {
    String text = found.toString();
    String shown = text.length() > 200 ? text.substring(0, 200) + "..." : text;
    return new SkepException(
        Code.INVALID, "the VMM's memory regions: " + shown + ", expected " + expected);
  }
}
