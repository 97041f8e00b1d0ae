//go:build !seeded

package acquirer

import "github.com/posline/posline/examples/realtime/payment"

// The hooks for seeded defects: see internal/defect.

func (s *Switch) seedID(id int64) int64 { return id }

func (t *registered) seedVerified() bool { return false }

func (t *registered) seedCached() bool { return false }

func (t *registered) seedDevice() bool { return false }

func (t *registered) seedReplayed() bool { return false }

func (t *registered) seedForgotten() bool { return false }

func (t *registered) seedOrdered([]int64, int64) bool { return false }

func (x *exchange) seedCard(*payment.Row) {}

func (x *exchange) seedReply([]byte) {}

func (f *flight) seedSubmit(*payment.Command) bool { return false }

func seedAbandon() bool { return false }
