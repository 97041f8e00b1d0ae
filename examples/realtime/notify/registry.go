package notify

import "crypto/subtle"

// Registry knows the merchants. It is asked again for every notice and every stream, so that what changes in it holds at
// once. Its methods may be called concurrently.
type Registry interface {
	// Merchant returns the merchant of that ID.
	Merchant(id string) (m Merchant, known bool)

	// ByToken returns the ID of the merchant whose token opens a stream. An empty token is nobody's.
	ByToken(token string) (id string, known bool)
}

// Fixed is a Registry that does not change: merchants by their ID.
type Fixed map[string]Merchant

var _ Registry = Fixed(nil)

// Merchant implements Registry.
func (f Fixed) Merchant(id string) (Merchant, bool) {
	m, known := f[id]
	return m, known
}

// ByToken implements Registry. It compares with every token in constant time.
func (f Fixed) ByToken(token string) (id string, known bool) {
	for _, m := range f {
		if m.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(m.Token)) == 1 {
			id, known = m.ID, true
		}
	}
	return id, known
}
