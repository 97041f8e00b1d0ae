//go:build cgo

#include "posline.h"

/* Go cannot call a pointer to a C function, so these do. */

int poslineLoadWorkKeys(const posline_pinpad *p, const uint8_t *block, size_t size) {
	return p->load_work_keys(p->device, block, size);
}

int poslinePINBlock(const posline_pinpad *p, const char *pan, uint8_t *block) {
	return p->pin_block(p->device, pan, block);
}

int poslineMAC(const posline_pinpad *p, const uint8_t *message, size_t size, uint8_t *code) {
	return p->mac(p->device, message, size, code);
}

void poslineWatchdog(void (*watchdog)(void)) {
	if (watchdog) {
		watchdog();
	}
}
