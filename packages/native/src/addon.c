/*
 * The accelerator as a Node-API addon. It keeps no state, so any number of threads may load and call it; it checks every
 * length before it touches memory, and reads nothing but its arguments.
 *
 * Exports `sourceHash` (what it was built from) and `lacks` (null, or what this CPU can't do); the functions that hash are
 * there only when `lacks` is null, `sealGcm` and `openGcm` only where the process has OpenSSL's; `willNeed` and `readFolder` are
 * always there.
 */
#define NAPI_VERSION 8
#include <node_api.h>

#include "gcm.h"
#include "read-folder.h"
#include "sha256-many.h"
#include "sha256.h"

#ifndef DMC_SOURCE_HASH
#error "build with scripts/build.ts: it embeds the hash of the sources"
#endif

/* Bodies of one call of hashMany. */
#define DMC_MOST_BODIES 64

typedef struct {
  uint8_t *data;
  size_t length;
} dmc_view;

/* A view of an ArrayBuffer or SharedArrayBuffer; a detached one has length 0. Anything but a Uint8Array throws. */
static int view_of(napi_env env, napi_value value, dmc_view *view) {
  napi_typedarray_type type;
  void *data = NULL;
  bool is_array = false;
  if (napi_is_typedarray(env, value, &is_array) == napi_ok && is_array &&
      napi_get_typedarray_info(env, value, &type, &view->length, &data, NULL, NULL) == napi_ok &&
      type == napi_uint8_array) {
    view->data = (uint8_t *)data;
    if (data == NULL) view->length = 0;
    return 1;
  }
  napi_throw_type_error(env, NULL, "Give Uint8Arrays: what to read, and where the result goes.");
  return 0;
}

static int two_views(napi_env env, napi_callback_info info, dmc_view *in, dmc_view *out) {
  size_t count = 2;
  napi_value args[2]; /* missing arguments are undefined, which is no Uint8Array */
  if (napi_get_cb_info(env, info, &count, args, NULL, NULL) != napi_ok) return 0;
  return view_of(env, args[0], in) && view_of(env, args[1], out);
}

static napi_value refuse(napi_env env, const char *message) {
  napi_throw_range_error(env, NULL, message);
  return NULL;
}

/* Two runs of bytes that share some: hashes would be written over what is still to be read. */
static int overlap(const dmc_view *a, const dmc_view *b) {
  return a->length > 0 && b->length > 0 && a->data < b->data + b->length && b->data < a->data + a->length;
}

static napi_value hash_leaves(napi_env env, napi_callback_info info) {
  dmc_view data, out;
  if (!two_views(env, info, &data, &out)) return NULL;
  size_t count = data.length / DMC_LEAF;
  if (data.length % DMC_LEAF != 0 || out.length != count * DMC_HASH || overlap(&data, &out))
    return refuse(env, "hashLeaves: n * 1,024 bytes give n * 32 bytes elsewhere.");
  dmc_hash_leaves(data.data, count, out.data);
  return NULL;
}

static napi_value hash_nodes(napi_env env, napi_callback_info info) {
  dmc_view nodes, out;
  if (!two_views(env, info, &nodes, &out)) return NULL;
  size_t count = nodes.length / DMC_PAIR;
  if (nodes.length % DMC_PAIR != 0 || out.length != count * DMC_HASH || overlap(&nodes, &out))
    return refuse(env, "hashNodes: n * 64 bytes give n * 32 bytes elsewhere.");
  dmc_hash_nodes(nodes.data, count, out.data);
  return NULL;
}

static napi_value chunk_root(napi_env env, napi_callback_info info) {
  dmc_view data, out;
  if (!two_views(env, info, &data, &out)) return NULL;
  size_t leaves = data.length / DMC_LEAF;
  if (data.length % DMC_LEAF != 0 || leaves == 0 || leaves > DMC_CHUNK_LEAVES || out.length != DMC_HASH)
    return refuse(env, "chunkRoot: 1 to 1,024 leaves of 1,024 bytes give 32 bytes.");
  dmc_chunk_root(data.data, leaves, out.data);
  return NULL;
}

/* hashMany(prefix, bodies, out): out[i] = SHA-256(prefix || bodies[i]). */
static napi_value hash_many(napi_env env, napi_callback_info info) {
  size_t argc = 3;
  napi_value args[3], items[DMC_MOST_BODIES];
  dmc_view prefix, out, body;
  dmc_body bodies[DMC_MOST_BODIES];
  uint32_t count = 0;
  bool is_array = false;
  if (napi_get_cb_info(env, info, &argc, args, NULL, NULL) != napi_ok) return NULL;
  if (napi_is_array(env, args[1], &is_array) != napi_ok || !is_array ||
      napi_get_array_length(env, args[1], &count) != napi_ok || count > DMC_MOST_BODIES)
    return refuse(env, "hashMany: give an array of at most 64 Uint8Arrays.");
  /* all elements before any view: reading an element may run code, which may take memory away from a view */
  for (uint32_t i = 0; i < count; i++)
    if (napi_get_element(env, args[1], i, &items[i]) != napi_ok) return NULL;
  if (!view_of(env, args[0], &prefix) || !view_of(env, args[2], &out)) return NULL;
  if (prefix.length > DMC_MOST_PREFIX || out.length != (size_t)count * DMC_HASH || overlap(&prefix, &out))
    return refuse(env, "hashMany: at most 256 bytes of prefix; n bodies give n * 32 bytes elsewhere.");
  for (uint32_t i = 0; i < count; i++) {
    if (!view_of(env, items[i], &body)) return NULL;
    if (overlap(&body, &out)) return refuse(env, "hashMany: the hashes would be written over a body.");
    bodies[i].body = body.data;
    bodies[i].length = body.length;
  }
  dmc_hash_many(prefix.data, prefix.length, bodies, count, out.data);
  return NULL;
}

/* sealGcm(key, nonce, aad, head, body, out): AES-256-GCM of head || body, and the tag, fill `out`. The body may lie exactly
 * where its ciphertext goes. */
static napi_value seal_gcm(napi_env env, napi_callback_info info) {
  size_t argc = 6;
  napi_value args[6];
  dmc_view key, nonce, aad, head, body, out;
  if (napi_get_cb_info(env, info, &argc, args, NULL, NULL) != napi_ok) return NULL;
  if (!view_of(env, args[0], &key) || !view_of(env, args[1], &nonce) || !view_of(env, args[2], &aad) ||
      !view_of(env, args[3], &head) || !view_of(env, args[4], &body) || !view_of(env, args[5], &out))
    return NULL;
  if (key.length != DMC_GCM_KEY || nonce.length != DMC_GCM_NONCE || aad.length > DMC_GCM_MOST ||
      head.length > DMC_GCM_MOST || body.length > DMC_GCM_MOST ||
      out.length != head.length + body.length + DMC_GCM_TAG ||
      (overlap(&body, &out) && body.data != out.data + head.length) || overlap(&head, &out) || overlap(&key, &out) ||
      overlap(&nonce, &out) || overlap(&aad, &out))
    return refuse(env, "sealGcm: a key of 32 bytes and a nonce of 12; n bytes give n + 16 bytes elsewhere or in place.");
  if (!dmc_seal_gcm(key.data, nonce.data, aad.data, aad.length, head.data, head.length, body.data, body.length, out.data))
    napi_throw_error(env, NULL, "OpenSSL does not encrypt.");
  return NULL;
}

/* openGcm(key, nonce, aad, sealed, out): true when it authenticates; else `out` is zeros. */
static napi_value open_gcm(napi_env env, napi_callback_info info) {
  size_t argc = 5;
  napi_value args[5], result;
  dmc_view key, nonce, aad, sealed, out;
  if (napi_get_cb_info(env, info, &argc, args, NULL, NULL) != napi_ok) return NULL;
  if (!view_of(env, args[0], &key) || !view_of(env, args[1], &nonce) || !view_of(env, args[2], &aad) ||
      !view_of(env, args[3], &sealed) || !view_of(env, args[4], &out))
    return NULL;
  if (key.length != DMC_GCM_KEY || nonce.length != DMC_GCM_NONCE || aad.length > DMC_GCM_MOST ||
      sealed.length < DMC_GCM_TAG || sealed.length > DMC_GCM_MOST || out.length != sealed.length - DMC_GCM_TAG ||
      overlap(&sealed, &out) || overlap(&key, &out) || overlap(&nonce, &out) || overlap(&aad, &out))
    return refuse(env, "openGcm: a key of 32 bytes and a nonce of 12; n + 16 bytes give n bytes elsewhere.");
  int opened = dmc_open_gcm(key.data, nonce.data, aad.data, aad.length, sealed.data, sealed.length, out.data);
  if (opened < 0) {
    napi_throw_error(env, NULL, "OpenSSL does not decrypt.");
    return NULL;
  }
  return napi_get_boolean(env, opened == 1, &result) == napi_ok ? result : NULL;
}

/* fadvise64(2) of Linux on x86-64, without a C library. Advice may be ignored, so its result is no error. */
static long fadvise_will_need(long fd, long offset, long length) {
  long result;
  register long advice __asm__("r10") = 3; /* POSIX_FADV_WILLNEED */
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(221L), "D"(fd), "S"(offset), "d"(length), "r"(advice)
                   : "rcx", "r11", "memory");
  return result;
}

/* willNeed(fd, offset, length): asks the kernel to read that part of a file ahead; true when it takes the advice. */
static napi_value will_need(napi_env env, napi_callback_info info) {
  size_t argc = 3;
  napi_value args[3], taken;
  int64_t fd, offset, length;
  if (napi_get_cb_info(env, info, &argc, args, NULL, NULL) != napi_ok) return NULL;
  if (napi_get_value_int64(env, args[0], &fd) != napi_ok || napi_get_value_int64(env, args[1], &offset) != napi_ok ||
      napi_get_value_int64(env, args[2], &length) != napi_ok)
    return refuse(env, "willNeed: give a descriptor, an offset and a length.");
  if (fd < 0 || fd > 0x7fffffff || offset < 0 || length < 0)
    return refuse(env, "willNeed: descriptor, offset and length are not negative.");
  return napi_get_boolean(env, fadvise_will_need((long)fd, (long)offset, (long)length) == 0, &taken) == napi_ok ? taken
                                                                                                              : NULL;
}

/* readFolder(fd, out): the next entries of an open folder into a BigInt64Array; how many words of it they take, 0 at the end, or
 * the negative error number of the system. Which word is what: read-folder.h. */
static napi_value read_folder(napi_env env, napi_callback_info info) {
  size_t argc = 2, length = 0;
  napi_value args[2], words;
  napi_typedarray_type type;
  int64_t fd;
  void *data = NULL;
  bool is_array = false;
  if (napi_get_cb_info(env, info, &argc, args, NULL, NULL) != napi_ok) return NULL;
  if (napi_get_value_int64(env, args[0], &fd) != napi_ok || fd < 0 || fd > 0x7fffffff ||
      napi_is_typedarray(env, args[1], &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, args[1], &type, &length, &data, NULL, NULL) != napi_ok ||
      type != napi_bigint64_array || data == NULL || length * 8 < DMC_FOLDER_ROOM)
    return refuse(env, "readFolder: give the descriptor of a folder, and a BigInt64Array of 65,536 bytes or more.");
  return napi_create_int64(env, dmc_read_folder((long)fd, data), &words) == napi_ok ? words : NULL;
}

static int set(napi_env env, napi_value exports, const char *name, napi_value value) {
  return napi_set_named_property(env, exports, name, value) == napi_ok;
}

static int set_function(napi_env env, napi_value exports, const char *name, napi_callback run) {
  napi_value made;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, run, NULL, &made) == napi_ok &&
         set(env, exports, name, made);
}

NAPI_MODULE_INIT() {
  napi_value text;
  const char *lacks = dmc_cpu_lacks();
  if (napi_create_string_latin1(env, DMC_SOURCE_HASH, NAPI_AUTO_LENGTH, &text) != napi_ok ||
      !set(env, exports, "sourceHash", text))
    return NULL;
  if ((lacks == NULL ? napi_get_null(env, &text) : napi_create_string_latin1(env, lacks, NAPI_AUTO_LENGTH, &text)) !=
          napi_ok ||
      !set(env, exports, "lacks", text))
    return NULL;
  if (!set_function(env, exports, "willNeed", will_need) || !set_function(env, exports, "readFolder", read_folder))
    return NULL;
  if (dmc_gcm_here() &&
      !(set_function(env, exports, "sealGcm", seal_gcm) && set_function(env, exports, "openGcm", open_gcm)))
    return NULL;
  if (lacks == NULL && !(set_function(env, exports, "hashLeaves", hash_leaves) &&
                         set_function(env, exports, "hashNodes", hash_nodes) &&
                         set_function(env, exports, "chunkRoot", chunk_root) &&
                         set_function(env, exports, "hashMany", hash_many)))
    return NULL;
  return exports;
}
