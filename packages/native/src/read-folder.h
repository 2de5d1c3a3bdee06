/*
 * A folder's names with what lstat says of each, by getdents64(2) and statx(2) of Linux on x86-64, without a C library: one call
 * for hundreds of names, and no path that the kernel walks for each of them.
 */
#ifndef DMC_READ_FOLDER_H
#define DMC_READ_FOLDER_H

#include <stddef.h>
#include <stdint.h>

/* One entry: eleven words of 64 bits, then the name, filled up to a word. */
#define DMC_ENTRY_WORDS 11
#define DMC_DENTS 8192
/* The shortest entry that the kernel gives has 24 bytes: so much room holds whatever fits into DMC_DENTS. */
#define DMC_FOLDER_ROOM 65536
_Static_assert(DMC_DENTS / 24 * (8 * DMC_ENTRY_WORDS + 8) + DMC_DENTS <= DMC_FOLDER_ROOM, "an entry is its words and its name");

typedef struct {
  uint64_t ino;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
} dmc_dirent;

typedef struct {
  int64_t seconds;
  uint32_t nanoseconds;
  int32_t unused;
} dmc_statx_time;

/* The kernel's struct statx: 256 bytes. */
typedef struct {
  uint32_t mask, block_size;
  uint64_t attributes;
  uint32_t nlink, uid, gid;
  uint16_t mode, unused;
  uint64_t ino, size, blocks, attributes_mask;
  dmc_statx_time accessed, born, changed, modified;
  uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
  uint64_t more[14];
} dmc_statx;
_Static_assert(sizeof(dmc_statx) == 256, "as the kernel fills it");

static long dmc_getdents(long fd, void *to, long size) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(217L), "D"(fd), "S"(to), "d"(size) : "rcx", "r11", "memory");
  return result;
}

static long dmc_lstat_at(long folder, const char *name, dmc_statx *to) {
  long result;
  register long mask __asm__("r10") = 0x7ff; /* STATX_BASIC_STATS */
  register void *out __asm__("r8") = to;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(332L), "D"(folder), "S"(name), "d"(0x100L /* AT_SYMLINK_NOFOLLOW */), "r"(mask), "r"(out)
                   : "rcx", "r11", "memory");
  return result;
}

/* What 64 bits can't hold, times after the year 2262 or before 1677, is the last that they can. */
static int64_t dmc_nanoseconds(const dmc_statx_time *time) {
  int64_t result;
  if (__builtin_mul_overflow(time->seconds, (int64_t)1000000000, &result) ||
      __builtin_add_overflow(result, (int64_t)time->nanoseconds, &result))
    return time->seconds < 0 ? INT64_MIN : INT64_MAX;
  return result;
}

/* makedev(3) */
static uint64_t dmc_device(uint64_t major, uint64_t minor) {
  return (major & 0xfff) << 8 | (major & ~(uint64_t)0xfff) << 32 | (minor & 0xff) | (minor & ~(uint64_t)0xff) << 12;
}

/*
 * The next entries of an open folder into `out`, which has DMC_FOLDER_ROOM bytes at least; `.` and `..` are left out.
 * Returns how many words were written, 0 at the end, or the kernel's negative error number.
 *
 * An entry's first word holds its length in words (bits 0 to 15), the name's length in bytes (16 to 31) and the error number
 * of its lstat (32 to 63): what follows counts only when that is 0.
 */
static long dmc_read_folder(long fd, int64_t *out) {
  _Alignas(8) unsigned char dents[DMC_DENTS];
  int64_t *to = out;
  while (to == out) {
    long got = dmc_getdents(fd, dents, DMC_DENTS);
    if (got <= 0) return got;
    for (long at = 0; at < got;) {
      const dmc_dirent *entry = (const dmc_dirent *)(dents + at);
      at += entry->length;
      const char *name = entry->name;
      uint64_t length = 0;
      while (name[length] != 0) length++;
      if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'))) continue;
      dmc_statx stat;
      long error = -dmc_lstat_at(fd, name, &stat);
      uint64_t words = DMC_ENTRY_WORDS + (length + 7) / 8;
      to[0] = (int64_t)(words | length << 16 | (uint64_t)error << 32);
      if (error == 0) {
        to[1] = stat.mode;
        to[2] = (int64_t)stat.size;
        to[3] = dmc_nanoseconds(&stat.modified);
        to[4] = dmc_nanoseconds(&stat.changed);
        to[5] = (int64_t)stat.ino;
        to[6] = (int64_t)dmc_device(stat.dev_major, stat.dev_minor);
        to[7] = stat.nlink;
        to[8] = (int64_t)stat.blocks;
        to[9] = stat.uid;
        to[10] = stat.gid;
      } else {
        for (int i = 1; i < DMC_ENTRY_WORDS; i++) to[i] = 0;
      }
      unsigned char *bytes = (unsigned char *)(to + DMC_ENTRY_WORDS);
      for (uint64_t i = 0; i < (length + 7) / 8 * 8; i++) bytes[i] = i < length ? (unsigned char)name[i] : 0;
      to += words;
    }
  }
  return to - out;
}

#endif
