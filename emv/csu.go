package emv

import "iter"

// CSU is the Card Status Update, four octets of issuer authentication data (tag 91) in method 2: what the issuer tells
// the card to do. EMV Book 3 Annex C10.
type CSU [4]byte

// CSUBit is one bit of a CSU.
type CSUBit uint8

// The bits of a CSU. Octet 3 is reserved and octet 4 the issuer's own.
const (
	CSUProprietaryData CSUBit = octet1 + bit8

	CSUApproved         CSUBit = octet2 + bit8
	CSUCardBlock        CSUBit = octet2 + bit7
	CSUApplicationBlock CSUBit = octet2 + bit6
	CSUUpdatePINTries   CSUBit = octet2 + bit5
	CSUGoOnlineNext     CSUBit = octet2 + bit4
	CSUByProxy          CSUBit = octet2 + bit3
)

var csuText = [...]text{
	CSUProprietaryData:  {"proprietary authentication data follow", "包含专有认证数据"},
	CSUApproved:         {"issuer approves the transaction", "发卡行批准联机交易"},
	CSUCardBlock:        {"block the card", "锁定卡片"},
	CSUApplicationBlock: {"block the application", "锁定应用"},
	CSUUpdatePINTries:   {"set the PIN try counter", "更新PIN重试计数器"},
	CSUGoOnlineNext:     {"go online with the next transaction", "下次交易联机"},
	CSUByProxy:          {"made by a proxy for the issuer", "由代理代发卡行生成"},
}

// ParseCSU reads a card status update, 4 octets.
func ParseCSU(b []byte) (CSU, error) { return parseFixed[CSU](0x91, b) }

// Has reports whether the bit is set.
func (v CSU) Has(b CSUBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *CSU) Set(b CSUBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *CSU) Clear(b CSUBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set and are no part of a number, from byte 1 bit 8 downwards.
func (v CSU) Bits() iter.Seq[CSUBit] {
	v[0] &^= csuPINTries
	v[1] &^= csuCounters
	return eachBit[CSUBit](v)
}

// String returns what the bit means, in English.
func (b CSUBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b CSUBit) Text(l Language) string { return bitText(csuText[:], b, l) }

// The numbers in a CSU.
const (
	csuPINTries = 0x0F // of octet 1
	csuCounters = 0x03 // of octet 2
)

// PINTries returns how many PIN tries the card is to have; they count only with CSUUpdatePINTries.
func (v CSU) PINTries() int { return int(v[0] & csuPINTries) }

// SetPINTries sets the number of PIN tries, 0 to 15: 0 blocks the PIN. It sets CSUUpdatePINTries as well. ErrDigits, in a
// *ValueError: another number.
func (v *CSU) SetPINTries(n int) error {
	if n < 0 || n > csuPINTries {
		return &ValueError{Tag: 0x91, Err: ErrDigits}
	}
	v[0] = v[0]&^csuPINTries | byte(n)
	v.Set(CSUUpdatePINTries)
	return nil
}

// CounterUpdate is what the card does with its counters of offline transactions.
type CounterUpdate uint8

// What a card can be told about its counters.
const (
	CountersStay CounterUpdate = iota
	CountersToUpperLimit
	CountersToZero
	CountersAdd // the transaction counts as one made offline
)

var counterUpdates = [...]text{
	CountersStay:         {"leave the counters", "不更新频度检查计数器"},
	CountersToUpperLimit: {"set the counters to their upper limits", "将频度检查计数器置为上限"},
	CountersToZero:       {"reset the counters to zero", "将频度检查计数器清零"},
	CountersAdd:          {"add the transaction to the counters", "将交易累加到频度检查计数器"},
}

// Counters returns what the card does with its counters.
func (v CSU) Counters() CounterUpdate { return CounterUpdate(v[1] & csuCounters) }

// SetCounters says what the card is to do with its counters.
func (v *CSU) SetCounters(u CounterUpdate) { v[1] = v[1]&^csuCounters | byte(u)&csuCounters }

// String returns what the update means, in English.
func (u CounterUpdate) String() string { return u.Text(English) }

// Text returns what the update means.
func (u CounterUpdate) Text(l Language) string { return bitText(counterUpdates[:], u, l) }
