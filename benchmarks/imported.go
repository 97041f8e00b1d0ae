package main

// imported is a spec that was another library's and the built-in one for the same messages. The built-in one stands as
// the floor: an imported spec is to be as fast.
type imported struct {
	name    string
	prepare func() (imported, native *bench, err error)
}

func importedSpecs() []imported { return append(importedFromJPOS(), importedFromMoov()...) }

func importedCases() []Case {
	var list []Case
	for _, s := range importedSpecs() {
		for _, op := range []struct {
			name string
			side func(*bench) Work
		}{
			{"unpack", func(b *bench) Work { return b.unpack().Ours }},
			{"build+pack", func(b *bench) Work { return b.buildPack().Ours }},
			{"edit", func(b *bench) Work { return b.edit().Ours }},
		} {
			list = append(list, Case{Name: "imported/" + op.name + "-" + s.name, Prepare: func() (Variants, error) {
				from, native, err := s.prepare()
				if err != nil {
					return Variants{}, err
				}
				return Variants{Ours: op.side(from), Floor: op.side(native)}, nil
			}})
		}
	}
	return list
}
