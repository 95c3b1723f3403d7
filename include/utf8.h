/*
 * utf8.h - one step over UTF-8 (RFC 3629).
 *
 * utf8_step returns the length (1 to 4) of the well-formed character at s,
 * or 0: no overlong forms, no surrogates, nothing over U+10FFFF.
 */
#ifndef POSTSEAL_UTF8_H
#define POSTSEAL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t utf8_step(const char *, size_t len);
/* All of it well-formed? */
bool utf8_valid(const char *, size_t);
/* The number of a well-formed character of n bytes. */
uint32_t utf8_code(const char *, size_t n);
/* Encode one code point into at most 4 bytes; returns their number. */
size_t utf8_put(char dst[4], uint32_t);

#endif
