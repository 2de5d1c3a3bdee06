/*
 * AES-256-GCM by the OpenSSL that Node itself is linked with, straight from one buffer into another. What node:crypto gives
 * for each update is memory of its own: one copy more there, and one more to where the bytes belong.
 *
 * Node offers OpenSSL's functions to addons; they are weak symbols here, so that the addon loads without them as well and
 * only offers less. Names, types and values: OpenSSL 3, EVP_EncryptInit(3).
 */
#ifndef DMC_GCM_H
#define DMC_GCM_H

#include <stddef.h>
#include <stdint.h>

#define DMC_GCM_KEY 32
#define DMC_GCM_NONCE 12
#define DMC_GCM_TAG 16
/* Bytes of one call: what OpenSSL counts in an int, with room to spare. */
#define DMC_GCM_MOST ((size_t)1 << 30)

#define EVP_CTRL_AEAD_GET_TAG 0x10
#define EVP_CTRL_AEAD_SET_TAG 0x11

typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct evp_cipher_st EVP_CIPHER;
typedef struct engine_st ENGINE;

#define DMC_WEAK __attribute__((weak)) extern
DMC_WEAK EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void);
DMC_WEAK void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *);
DMC_WEAK const EVP_CIPHER *EVP_aes_256_gcm(void);
DMC_WEAK int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *, int, int, void *);
DMC_WEAK int EVP_EncryptInit_ex(EVP_CIPHER_CTX *, const EVP_CIPHER *, ENGINE *, const unsigned char *,
                                const unsigned char *);
DMC_WEAK int EVP_EncryptUpdate(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
DMC_WEAK int EVP_EncryptFinal_ex(EVP_CIPHER_CTX *, unsigned char *, int *);
DMC_WEAK int EVP_DecryptInit_ex(EVP_CIPHER_CTX *, const EVP_CIPHER *, ENGINE *, const unsigned char *,
                                const unsigned char *);
DMC_WEAK int EVP_DecryptUpdate(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
DMC_WEAK int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *, unsigned char *, int *);

/* Whether this process has all of them. */
static inline int dmc_gcm_here(void) {
  return EVP_CIPHER_CTX_new && EVP_CIPHER_CTX_free && EVP_aes_256_gcm && EVP_CIPHER_CTX_ctrl && EVP_EncryptInit_ex &&
         EVP_EncryptUpdate && EVP_EncryptFinal_ex && EVP_DecryptInit_ex && EVP_DecryptUpdate && EVP_DecryptFinal_ex;
}

/* Ciphertext of head || body, then the tag: head_size + body_size + 16 bytes into out. 0 when OpenSSL refuses. */
static int dmc_seal_gcm(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_size, const uint8_t *head,
                        size_t head_size, const uint8_t *body, size_t body_size, uint8_t *out) {
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  if (ctx == NULL) return 0;
  uint8_t *end = out + head_size + body_size;
  int took = 0;
  int ok = EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
           (aad_size == 0 || EVP_EncryptUpdate(ctx, NULL, &took, aad, (int)aad_size) == 1) &&
           (head_size == 0 || (EVP_EncryptUpdate(ctx, out, &took, head, (int)head_size) == 1 && took == (int)head_size)) &&
           (body_size == 0 ||
            (EVP_EncryptUpdate(ctx, out + head_size, &took, body, (int)body_size) == 1 && took == (int)body_size)) &&
           EVP_EncryptFinal_ex(ctx, end, &took) == 1 && took == 0 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, DMC_GCM_TAG, end) == 1;
  EVP_CIPHER_CTX_free(ctx);
  return ok;
}

/* 1: opened. 0: it does not authenticate, and out is zeros. -1: OpenSSL refuses. sealed_size is at least 16. */
static int dmc_open_gcm(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad, size_t aad_size,
                        const uint8_t *sealed, size_t sealed_size, uint8_t *out) {
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  if (ctx == NULL) return -1;
  size_t size = sealed_size - DMC_GCM_TAG;
  uint8_t tag[DMC_GCM_TAG], none[DMC_GCM_TAG];
  for (int i = 0; i < DMC_GCM_TAG; i++) tag[i] = sealed[size + (size_t)i];
  int took = 0, opened = -1;
  if (EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
      (aad_size == 0 || EVP_DecryptUpdate(ctx, NULL, &took, aad, (int)aad_size) == 1) &&
      (size == 0 || (EVP_DecryptUpdate(ctx, out, &took, sealed, (int)size) == 1 && took == (int)size)) &&
      EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, DMC_GCM_TAG, tag) == 1) {
    opened = EVP_DecryptFinal_ex(ctx, none, &took) == 1 ? 1 : 0;
  }
  EVP_CIPHER_CTX_free(ctx);
  /* nobody sees what was not authenticated */
  if (opened != 1)
    for (size_t i = 0; i < size; i++) ((volatile uint8_t *)out)[i] = 0;
  return opened;
}

#endif
