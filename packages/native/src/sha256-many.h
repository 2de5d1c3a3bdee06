/*
 * SHA-256 over a few long messages of any lengths at once, each a common prefix and a body: several streams are
 * interleaved for as long as there are several messages left (sha256.h says why).
 */
#ifndef DMC_SHA256_MANY_H
#define DMC_SHA256_MANY_H

#include "sha256.h"

#define DMC_BLOCK 64
#define DMC_MOST_PREFIX 256

typedef struct {
  const uint8_t *body;
  size_t length;
} dmc_body;

/* One message in work: its state, and the whole blocks of its body that are still to come. */
typedef struct {
  __m128i abef, cdgh;
  const uint8_t *at;
  size_t blocks;
  size_t index; /* which message it is */
} dmc_lane;

/* Not memcpy: this file links to no C library. The empty assembly keeps the compiler from making it one. */
DMC_INLINE void dmc_copy(uint8_t *to, const uint8_t *from, size_t length) {
  for (size_t i = 0; i < length; i++) {
    to[i] = from[i];
    __asm__ volatile("" ::: "memory");
  }
}

/* `blocks` blocks of each of n lanes. */
DMC_INLINE void dmc_run(dmc_lane *const *lanes, int n, size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i abef[DMC_STREAMS], cdgh[DMC_STREAMS];
  const uint8_t *at[DMC_STREAMS];
  DMC_UNROLL for (int i = 0; i < n; i++) abef[i] = lanes[i]->abef, cdgh[i] = lanes[i]->cdgh, at[i] = lanes[i]->at;
  for (size_t block = 0; block < blocks; block++) {
    __m128i a[DMC_STREAMS], c[DMC_STREAMS], w[DMC_STREAMS][4];
    DMC_UNROLL for (int i = 0; i < n; i++) {
      a[i] = abef[i], c[i] = cdgh[i];
      _mm_prefetch(at[i] + 8 * DMC_BLOCK, _MM_HINT_T0);
      DMC_UNROLL for (int j = 0; j < 4; j++)
        w[i][j] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)at[i] + j), big_endian);
      at[i] += DMC_BLOCK;
    }
    DMC_UNROLL for (int r = 0; r < 16; r++) {
      const __m128i k = _mm_load_si128((const __m128i *)dmc_k + r);
      DMC_UNROLL for (int i = 0; i < n; i++) {
        __m128i m = _mm_add_epi32(w[i][r & 3], k);
        c[i] = _mm_sha256rnds2_epu32(c[i], a[i], m);
        a[i] = _mm_sha256rnds2_epu32(a[i], c[i], _mm_shuffle_epi32(m, 0x0e));
        if (r < 12) {
          __m128i t = _mm_sha256msg1_epu32(w[i][r & 3], w[i][(r + 1) & 3]);
          t = _mm_add_epi32(t, _mm_alignr_epi8(w[i][(r + 3) & 3], w[i][(r + 2) & 3], 4));
          w[i][r & 3] = _mm_sha256msg2_epu32(t, w[i][(r + 3) & 3]);
        }
      }
    }
    DMC_UNROLL for (int i = 0; i < n; i++) {
      abef[i] = _mm_add_epi32(abef[i], a[i]);
      cdgh[i] = _mm_add_epi32(cdgh[i], c[i]);
    }
  }
  DMC_UNROLL for (int i = 0; i < n; i++) {
    lanes[i]->abef = abef[i], lanes[i]->cdgh = cdgh[i], lanes[i]->at = at[i];
    lanes[i]->blocks -= blocks;
  }
}

DMC_HASHES void dmc_run_lanes(dmc_lane *const *lanes, int n, size_t blocks) {
  if (n == 4) dmc_run(lanes, 4, blocks);
  if (n == 3) dmc_run(lanes, 3, blocks);
  if (n == 2) dmc_run(lanes, 2, blocks);
  if (n == 1) dmc_run(lanes, 1, blocks);
}

/* Blocks that lie in memory of our own, through one lane. */
DMC_HASHES void dmc_run_own(dmc_lane *lane, const uint8_t *bytes, size_t blocks) {
  const uint8_t *at = lane->at;
  size_t left = lane->blocks;
  lane->at = bytes;
  lane->blocks = blocks;
  dmc_run_lanes(&lane, 1, blocks);
  lane->at = at;
  lane->blocks = left;
}

/* Bytes of the body that fill the prefix up to whole blocks. */
DMC_INLINE size_t dmc_bridge(size_t prefix, size_t length) {
  size_t bridge = (DMC_BLOCK - prefix % DMC_BLOCK) % DMC_BLOCK;
  return bridge < length ? bridge : length;
}

DMC_HASHES void dmc_lane_begin(dmc_lane *lane, const uint8_t *prefix, size_t prefix_length, const dmc_body *body,
                               size_t index) {
  uint8_t own[DMC_MOST_PREFIX + DMC_BLOCK];
  size_t bridge = dmc_bridge(prefix_length, body->length);
  dmc_copy(own, prefix, prefix_length);
  dmc_copy(own + prefix_length, body->body, bridge);
  lane->abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
  lane->cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
  lane->at = body->body + bridge;
  lane->blocks = (body->length - bridge) / DMC_BLOCK;
  lane->index = index;
  dmc_run_own(lane, own, (prefix_length + bridge) / DMC_BLOCK);
}

/* The bytes behind the last whole block, and the padding. */
DMC_HASHES void dmc_lane_end(dmc_lane *lane, const uint8_t *prefix, size_t prefix_length, const dmc_body *body,
                             uint8_t *out) {
  uint8_t own[2 * DMC_BLOCK];
  size_t total = prefix_length + body->length;
  size_t rest = total % DMC_BLOCK;
  /* a message shorter than the block that the prefix began: its rest begins in the prefix */
  size_t from_body = rest < body->length ? rest : body->length;
  dmc_copy(own, prefix + prefix_length - (rest - from_body), rest - from_body);
  dmc_copy(own + rest - from_body, body->body + body->length - from_body, from_body);
  size_t blocks = rest < DMC_BLOCK - 8 ? 1 : 2;
  own[rest] = 0x80;
  for (size_t i = rest + 1; i < blocks * DMC_BLOCK - 8; i++) {
    own[i] = 0;
    __asm__ volatile("" ::: "memory");
  }
  uint64_t bits = (uint64_t)total * 8;
  for (int i = 0; i < 8; i++) own[blocks * DMC_BLOCK - 1 - (size_t)i] = (uint8_t)(bits >> (8 * i));
  dmc_run_own(lane, own, blocks);
  dmc_state s;
  s.abef[0] = lane->abef, s.cdgh[0] = lane->cdgh;
  dmc_finish(&s, 1, out);
}

/* out[i] = SHA-256(prefix || bodies[i]), 32 bytes each. */
DMC_HASHES void dmc_hash_many(const uint8_t *prefix, size_t prefix_length, const dmc_body *bodies, size_t count,
                              uint8_t *out) {
  dmc_lane memory[DMC_STREAMS];
  dmc_lane *lanes[DMC_STREAMS];
  size_t next = 0;
  int n = 0;
  for (int i = 0; i < DMC_STREAMS; i++) lanes[i] = &memory[i];
  for (;;) {
    for (; n < DMC_STREAMS && next < count; n++, next++)
      dmc_lane_begin(lanes[n], prefix, prefix_length, &bodies[next], next);
    if (n == 0) return;
    size_t least = lanes[0]->blocks;
    for (int i = 1; i < n; i++)
      if (lanes[i]->blocks < least) least = lanes[i]->blocks;
    if (least > 0) dmc_run_lanes(lanes, n, least);
    for (int i = 0; i < n;) {
      dmc_lane *lane = lanes[i];
      if (lane->blocks > 0) {
        i++;
        continue;
      }
      dmc_lane_end(lane, prefix, prefix_length, &bodies[lane->index], out + lane->index * DMC_HASH);
      lanes[i] = lanes[--n];
      lanes[n] = lane;
    }
  }
}

#endif
