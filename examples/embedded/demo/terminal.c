/* A terminal's application in C: it signs in and makes one sale. The PIN pad is the software stand-in; an application for a
 * device fills in posline_pinpad with functions that talk to its hardware. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "libposline.h"

static int complain(const char *what, int outcome) {
	char text[160];
	posline_text(text, sizeof text);
	printf("%s: %d %s\n", what, outcome, text);
	return outcome;
}

int main(int argc, char **argv) {
	if (argc != 7) {
		fprintf(stderr, "usage: terminal FOLDER HOST:PORT FEN TRACK2 MASTER-KEY PIN\n");
		return 64;
	}
	posline_config config = {
	    .terminal = "29800013",
	    .merchant = "848290441116000",
	    .tpdu = {0x60, 0x00, 0x03},
	    .folder = argv[1],
	    .host = argv[2],
	    .timeout_seconds = 20,
	};
	int outcome = posline_software_pad(argv[5], argv[6], &config.pinpad);
	if (outcome != POSLINE_OK) {
		return complain("PIN pad", outcome);
	}
	outcome = posline_open(&config);
	if (outcome != POSLINE_OK) {
		return complain("open", outcome);
	}
	if ((outcome = posline_sign_in()) != POSLINE_OK) {
		return complain("sign-in", outcome);
	}
	posline_receipt r;
	outcome = posline_sale(strtoll(argv[3], NULL, 10), argv[4], &r);
	if (outcome != POSLINE_OK) {
		complain("sale", outcome);
	} else {
		printf("APPROVED %" PRId64 " fen, STAN %06" PRId32 ", card %s, reference %s\n", r.amount, r.stan, r.card, r.reference);
	}
	posline_close();
	return outcome;
}
