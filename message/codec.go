package message

import (
	"errors"

	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/structs"
	"github.com/posline/posline/spec"
)

// Codec is a compiled spec. It is safe for concurrent use.
type Codec struct {
	spec      *spec.Spec
	compiled  *layout.Compiled
	responses []derivation
	reversals []derivation
	plans     structs.Plans
}

// Compile works out everything about a spec that does not depend on a message. Do it once and keep the Codec.
func Compile(s *spec.Spec) (*Codec, error) {
	if s == nil {
		return nil, errors.New("message: no spec")
	}
	config := s.Resolved()
	if len(config.Fields) == 0 {
		return nil, errors.New("message: a spec that was not made by spec.New")
	}
	return &Codec{
		spec: s, compiled: layout.Compile(&config),
		responses: compileDerivations(config.Responses), reversals: compileDerivations(config.Reversals),
	}, nil
}

// MustCompile is Compile for specs that are literals: it panics on an error.
func MustCompile(s *spec.Spec) *Codec {
	c, err := Compile(s)
	if err != nil {
		panic(err)
	}
	return c
}

// Spec returns the spec that was compiled.
func (c *Codec) Spec() *spec.Spec { return c.spec }
