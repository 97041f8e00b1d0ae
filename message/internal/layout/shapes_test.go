package layout

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// roomy is a spec in which every bitmap of 62 fields is a message.
func roomy(t testing.TB) *Compiled {
	fields := []spec.Field{{Number: 0, Format: "n 4"}}
	for number := 2; number <= 63; number++ {
		fields = append(fields, spec.Field{Number: number, Name: strconv.Itoa(number), Format: "n 2"})
	}
	s, err := spec.New(spec.Config{Name: "roomy", Fields: fields})
	require.NoError(t, err)
	config := s.Resolved()
	return Compile(&config)
}

func (s *Shapes) count() (n int) {
	for i := range s.sets {
		seen := map[[3]uint64]bool{}
		for k := range s.sets[i].ways {
			if known := s.sets[i].ways[k].Load(); known != nil {
				n++
				if seen[known.Words] {
					return -1
				}
				seen[known.Words] = true
			}
		}
	}
	return n
}

func bitmap(i uint64) *[3]uint64 { return &[3]uint64{(i*0x9E3779B97F4A7C15)>>2&^1 | 2} }

// However many goroutines teach shapes, there are never more than the table has places, and none is there twice.
func TestShapesHaveALimit(t *testing.T) {
	c := roomy(t)
	var group sync.WaitGroup
	for g := range 16 {
		group.Add(1)
		go func() {
			defer group.Done()
			rng := rand.New(rand.NewPCG(1, uint64(g)))
			for range 20_000 {
				words := bitmap(rng.Uint64N(2000))
				if c.Shapes.Find(words) == nil {
					c.Learn(words, []byte("12345678"), 1)
				}
			}
		}()
	}
	group.Wait()
	n := c.Shapes.count()
	require.LessOrEqual(t, n, maxShapes)
	require.Greater(t, n, maxShapes/2)
}

// A shape that was learned is found again, with what it was learned with, and only for its own bitmap.
func TestShapesAreFound(t *testing.T) {
	c := roomy(t)
	words := bitmap(7)
	require.Nil(t, c.Shapes.Find(words))
	learned := c.Learn(words, []byte("bitmap--"), 1)
	require.NotNil(t, learned)
	require.Same(t, learned, c.Shapes.Find(words))
	require.Equal(t, *words, learned.Words)
	require.True(t, learned.Starts([]byte("bitmap--and more")))
	require.False(t, learned.Starts([]byte("bitmap-")))
	require.False(t, learned.Starts([]byte("Bitmap--")))
	require.Same(t, c.Learn(words, []byte("bitmap--"), 1), c.Shapes.Find(words), "taught twice, there once")
	require.Equal(t, 1, c.Shapes.count())
	require.Nil(t, c.Shapes.Find(bitmap(8)))
}

// fill puts shapes into every place.
func fill(c *Compiled) {
	for i := uint64(1); c.Shapes.count() < maxShapes; i++ {
		c.Learn(bitmap(i), []byte("12345678"), 1)
	}
}

// When the table is full, a bitmap that never comes again costs no memory and takes no place, and one that keeps coming
// gets a place within a few sightings, also when others come in between.
func TestFullShapesLetHonestOnesBack(t *testing.T) {
	c := roomy(t)
	fill(c)
	before := map[*Shape]bool{}
	for i := range c.Shapes.sets {
		for k := range c.Shapes.sets[i].ways {
			before[c.Shapes.sets[i].ways[k].Load()] = true
		}
	}
	next := uint64(1 << 40)
	require.Zero(t, testing.AllocsPerRun(5000, func() {
		next++
		if c.Learn(bitmap(next), []byte("12345678"), 1) != nil {
			t.Fatal("a bitmap that came once got a place")
		}
	}))
	for i := range c.Shapes.sets {
		for k := range c.Shapes.sets[i].ways {
			require.True(t, before[c.Shapes.sets[i].ways[k].Load()])
		}
	}

	honest := bitmap(1 << 50)
	seen := 0
	for c.Shapes.Find(honest) == nil {
		seen++
		require.Less(t, seen, 10*sightings, "an honest bitmap stays out")
		for range 20 { // twenty hostile ones for each, which fall on all sets
			next++
			c.Learn(bitmap(next), []byte("12345678"), 1)
		}
		c.Learn(honest, []byte("12345678"), 1)
	}
	require.GreaterOrEqual(t, seen, sightings)
	require.Equal(t, maxShapes, c.Shapes.count())
}

// What was used since it was last looked at stays; what was not goes.
func TestEvictionSparesWhatIsUsed(t *testing.T) {
	c := roomy(t)
	fill(c)
	newcomer := bitmap(1 << 45)
	set := &c.Shapes.sets[c.Shapes.hash(newcomer)%shapeSets]
	for round := range 3 {
		idle := set.ways[(round+1)%shapeWays].Load()
		for k := range set.ways {
			set.ways[k].Load().used.Store(true)
		}
		idle.used.Store(false)
		others := bitmap(1<<45 + uint64(round))
		for i := uint64(round) << 32; c.Shapes.hash(others)%shapeSets != c.Shapes.hash(newcomer)%shapeSets || c.Shapes.Find(others) != nil; i++ {
			others = bitmap(1<<45 + i)
		}
		var learned *Shape
		for range sightings + 1 {
			if learned = c.Learn(others, []byte("12345678"), 1); learned != nil {
				break
			}
		}
		require.NotNil(t, learned)
		for k := range set.ways {
			require.NotSame(t, idle, set.ways[k].Load(), "round %d", round)
		}
	}
}

// Where every shape of a set is in use, one goes all the same.
func TestEvictionEnds(t *testing.T) {
	c := roomy(t)
	fill(c)
	set := &c.Shapes.sets[3]
	for k := range set.ways {
		set.ways[k].Load().used.Store(true)
	}
	first := set.evict()
	require.Contains(t, []int{0, 1, 2, 3}, first)
	require.NotEqual(t, first, set.evict(), "the hand moves on")
}

// Without a front of bitmaps that says all, there is nothing to learn by.
func TestNothingToLearn(t *testing.T) {
	c := roomy(t)
	c.Bitmap.Absent = true
	require.Nil(t, c.Learn(bitmap(1), nil, 0))
	c.Bitmap.Absent, c.Bitmap.Tertiary = false, 65
	require.Nil(t, c.Learn(bitmap(1), nil, 0))
	require.Zero(t, c.Shapes.count())
}

// The bitmaps of shapes are spread over the sets, so that few push one another out.
func TestShapesAreSpread(t *testing.T) {
	for _, seed := range []uint64{0, 0x5EED, ^uint64(0)} {
		s := Shapes{seed: seed}
		var sets [shapeSets]int
		for i := range uint64(16 * shapeSets) {
			sets[s.hash(bitmap(i))%shapeSets]++
		}
		for set, n := range sets {
			require.InDelta(t, 16, n, 15, "seed %x, set %d", seed, set)
		}
	}
}
