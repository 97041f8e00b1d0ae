package emv

import (
	"sort"
	"strconv"
	"strings"
)

// Currency is a currency of ISO 4217.
type Currency struct {
	Code     uint16 // numeric: 156
	Alpha    string // alphabetic: "CNY"
	Exponent uint8  // decimals of the major unit: 2 for CNY, 0 for JPY, 3 for KWD
}

// CurrencyByCode returns the currency with the numeric code, as tags 5F2A and 9F42 have it.
func CurrencyByCode(code uint16) (Currency, bool) {
	i := sort.Search(len(currencies)/currencyRow, func(i int) bool { return currencyAt(i).Code >= code })
	if i == len(currencies)/currencyRow || currencyAt(i).Code != code {
		return Currency{}, false
	}
	return currencyAt(i), true
}

// CurrencyByAlpha returns the currency with the alphabetic code, in upper case.
func CurrencyByAlpha(alpha string) (Currency, bool) {
	for i := range len(currencies) / currencyRow {
		if c := currencyAt(i); c.Alpha == alpha {
			return c, true
		}
	}
	return Currency{}, false
}

// Format writes an amount of minor units with the currency: 1999 of CNY is "19.99 CNY".
func (c Currency) Format(minor uint64) string {
	digits, decimals := strconv.FormatUint(minor, 10), int(c.Exponent)
	if len(digits) <= decimals {
		digits = strings.Repeat("0", decimals+1-len(digits)) + digits
	}
	if decimals > 0 {
		digits = digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
	}
	if c.Alpha == "" {
		return digits
	}
	return digits + " " + c.Alpha
}

// Parse reads an amount in major units, as people and QR codes write it, into minor units: "19.9" of CNY is 1990. It is
// ErrDigits for anything but digits with at most one dot between them, and for more decimals than the currency has.
func (c Currency) Parse(amount string) (uint64, error) {
	whole, decimals, dot := strings.Cut(amount, ".")
	missing := int(c.Exponent) - len(decimals)
	if whole == "" || dot && decimals == "" || missing < 0 || strings.IndexFunc(whole+decimals, notDigit) >= 0 {
		return 0, &ValueError{Err: ErrDigits}
	}
	minor, err := strconv.ParseUint(whole+decimals+strings.Repeat("0", missing), 10, 64)
	if err != nil {
		return 0, &ValueError{Err: ErrDigits}
	}
	return minor, nil
}

// currencyRow is the width of a row of currencies: three digits, three letters, the exponent.
const currencyRow = 7

func currencyAt(i int) Currency {
	row := currencies[i*currencyRow:][:currencyRow]
	code, _ := strconv.Atoi(row[:3])
	return Currency{Code: uint16(code), Alpha: row[3:6], Exponent: row[6] - '0'}
}

// currencies is ISO 4217, ordered by numeric code, with a few withdrawn currencies that cards in use still carry.
const currencies = "" +
	"008ALL2012DZD2032ARS2036AUD2044BSD2048BHD3050BDT2051AMD2052BBD2060BMD2064BTN2068BOB2" +
	"072BWP2084BZD2090SBD2096BND2104MMK2108BIF0116KHR2124CAD2132CVE2136KYD2144LKR2152CLP0" +
	"156CNY2170COP2174KMF0188CRC2191HRK2192CUP2203CZK2208DKK2214DOP2222SVC2230ETB2232ERN2" +
	"238FKP2242FJD2262DJF0270GMD2292GIP2320GTQ2324GNF0328GYD2332HTG2340HNL2344HKD2348HUF2" +
	"352ISK0356INR2360IDR2364IRR2368IQD3376ILS2388JMD2392JPY0398KZT2400JOD3404KES2408KPW2" +
	"410KRW0414KWD3417KGS2418LAK2422LBP2426LSL2430LRD2434LYD3446MOP2454MWK2458MYR2462MVR2" +
	"480MUR2484MXN2496MNT2498MDL2504MAD2512OMR3516NAD2524NPR2532XCG2533AWG2548VUV0554NZD2" +
	"558NIO2566NGN2578NOK2586PKR2590PAB2598PGK2600PYG0604PEN2608PHP2634QAR2643RUB2646RWF0" +
	"654SHP2682SAR2690SCR2694SLL2702SGD2704VND0706SOS2710ZAR2728SSP2748SZL2752SEK2756CHF2" +
	"760SYP2764THB2776TOP2780TTD2784AED2788TND3800UGX0807MKD2818EGP2826GBP2834TZS2840USD2" +
	"858UYU2860UZS2882WST2886YER2901TWD2924ZWG2925SLE2926VED2927UYW4928VES2929MRU2930STN2" +
	"931CUC2932ZWL2933BYN2934TMT2936GHS2938SDG2940UYI0941RSD2943MZN2944AZN2946RON2947CHE2" +
	"948CHW2949TRY2950XAF0951XCD2952XOF0953XPF0967ZMW2968SRD2969MGA2970COU2971AFN2972TJS2" +
	"973AOA2975BGN2976CDF2977BAM2978EUR2979MXV2980UAH2981GEL2984BOV2985PLN2986BRL2990CLF4" +
	"997USN2"
