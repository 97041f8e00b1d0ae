package emv

import "iter"

// AUC is the Application Usage Control, tag 9F07: where and for what the issuer allows the application to be used.
// EMV Book 3 Annex C2.
type AUC [2]byte

// AUCBit is one bit of an AUC.
type AUCBit uint8

// The bits of a AUC.
const (
	AUCDomesticCash          AUCBit = octet1 + bit8
	AUCInternationalCash     AUCBit = octet1 + bit7
	AUCDomesticGoods         AUCBit = octet1 + bit6
	AUCInternationalGoods    AUCBit = octet1 + bit5
	AUCDomesticServices      AUCBit = octet1 + bit4
	AUCInternationalServices AUCBit = octet1 + bit3
	AUCATM                   AUCBit = octet1 + bit2
	AUCNotATM                AUCBit = octet1 + bit1

	AUCDomesticCashback      AUCBit = octet2 + bit8
	AUCInternationalCashback AUCBit = octet2 + bit7
)

var aucText = [...]text{
	AUCDomesticCash:          {"valid for domestic cash", "国内现金交易有效"},
	AUCInternationalCash:     {"valid for international cash", "国际现金交易有效"},
	AUCDomesticGoods:         {"valid for domestic goods", "国内商品有效"},
	AUCInternationalGoods:    {"valid for international goods", "国际商品有效"},
	AUCDomesticServices:      {"valid for domestic services", "国内服务有效"},
	AUCInternationalServices: {"valid for international services", "国际服务有效"},
	AUCATM:                   {"valid at ATMs", "ATM有效"},
	AUCNotATM:                {"valid at terminals other than ATMs", "除ATM外的终端有效"},
	AUCDomesticCashback:      {"domestic cashback allowed", "允许国内返现"},
	AUCInternationalCashback: {"international cashback allowed", "允许国际返现"},
}

// ParseAUC reads the value of tag 9F07, 2 octets.
func ParseAUC(b []byte) (AUC, error) { return parseFixed[AUC](0x9F07, b) }

// Has reports whether the bit is set.
func (v AUC) Has(b AUCBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *AUC) Set(b AUCBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *AUC) Clear(b AUCBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set, from byte 1 bit 8 downwards.
func (v AUC) Bits() iter.Seq[AUCBit] { return eachBit[AUCBit](v) }

// String returns what the bit means, in English.
func (b AUCBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b AUCBit) Text(l Language) string { return bitText(aucText[:], b, l) }
