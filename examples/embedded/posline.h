/* posline.h: a payment terminal for applications in C. It is package firmware of examples/terminal behind plain types.
 * One terminal a process; its functions are called by one thread at a time. Strings are UTF-8 and end with a zero byte. */
#ifndef POSLINE_H
#define POSLINE_H

#include <stddef.h>
#include <stdint.h>

/* What a call came to. */
enum {
	POSLINE_OK = 0,       /* a sale: approved; anything else: not paid */
	POSLINE_DECLINED = 1, /* the host has refused; posline_text is "declined with code NN" */
	POSLINE_UNKNOWN = 2,  /* the outcome is not known: the sale is being reversed, the customer has not paid */
	POSLINE_NOT_SENT = 3, /* no sale was sent: no line, no answer to a sign-in or a reversal, cancelled, a value out of range */
	POSLINE_MISUSE = 4    /* not open, open already, a missing argument */
};

/* The device's PIN pad. Each function returns 0, or anything else for a refusal. Keys and PINs stay in it. */
typedef struct posline_pinpad {
	void *device;
	/* field 62 of a sign-in answer: work keys under the master key; all of them are taken, or none */
	int (*load_work_keys)(void *device, const uint8_t *block, size_t size);
	/* asks for the PIN and makes its ISO 9564-1 format 0 block under the PIN key; not 0 when the customer gives up. The
	 * watchdog is its own business while the customer types */
	int (*pin_block)(void *device, const char *pan, uint8_t block[8]);
	/* UnionPay's MAC of a message, eight hexadecimal characters, under the MAC key */
	int (*mac)(void *device, const uint8_t *message, size_t size, uint8_t code[8]);
} posline_pinpad;

typedef struct posline_config {
	const char *terminal; /* field 41 */
	const char *merchant; /* field 42 */
	uint8_t tpdu[5];
	const char *folder;  /* survives power cuts; reversals and counters are kept there */
	const char *host;    /* address:port */
	const char *backup;  /* tried when there is no line to host; may be NULL */
	int timeout_seconds; /* for one answer; 0 is 30 */
	posline_pinpad pinpad;
	void (*watchdog)(void); /* called at least once a second while the terminal waits for the host; may be NULL */
} posline_config;

typedef struct posline_receipt {
	int64_t amount; /* in fen */
	int32_t stan;
	char batch[7];
	char reference[13];
	char authorisation[7];
	char card[20]; /* masked */
} posline_receipt;
#endif
