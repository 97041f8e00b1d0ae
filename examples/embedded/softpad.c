//go:build cgo

#include "_cgo_export.h"

/* The software stand-in for a PIN pad: package firmware's, behind the functions of posline_pinpad. */

static int loadWorkKeys(void *device, const uint8_t *block, size_t size) {
	(void)device;
	return poslineSoftLoadWorkKeys((uint8_t *)block, size);
}

static int pinBlock(void *device, const char *pan, uint8_t block[8]) {
	(void)device;
	return poslineSoftPINBlock((char *)pan, block);
}

static int mac(void *device, const uint8_t *message, size_t size, uint8_t code[8]) {
	(void)device;
	return poslineSoftMAC((uint8_t *)message, size, code);
}

void poslineSoftPad(posline_pinpad *pad) {
	pad->device = 0;
	pad->load_work_keys = loadWorkKeys;
	pad->pin_block = pinBlock;
	pad->mac = mac;
}
