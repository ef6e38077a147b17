package hll

import (
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// pfselftest checks on this machine what the group's tests check on others:
// that registers keep what they are given, that both forms hold the same, and
// that the error is what it should be.
func pfselftest(c *command.Call) error {
	if err := checkRegisters(rand.New(rand.NewPCG(1, 2))); err != nil {
		return err
	}
	if err := checkEstimates(); err != nil {
		return err
	}
	c.Reply.Status("OK")
	return nil
}

func checkRegisters(rng *rand.Rand) error {
	s := sketch(make([]byte, denseBytes))
	var want [registers]uint8
	for range 20 {
		for i := range registers {
			want[i] = uint8(rng.IntN(1 << registerBits))
			s.set(i, want[i])
		}
		for i, v := range want {
			if got := s.get(i); got != v {
				return wire.Errorf("ERR TESTFAILED register %d is %d, and was set to %d", i, got, v)
			}
		}
	}
	return nil
}

func checkEstimates() error {
	const most, sparseUpTo = 200_000, 1000
	standard := 1.04 / math.Sqrt(registers)
	dense, _ := newSketch().dense()
	thin := newSketch()
	for n, at := 1, 1; n <= most; n++ {
		register, length := locate(strconv.AppendInt(nil, int64(n), 10))
		if dense.get(register) < length {
			dense.set(register, length)
		}
		if n <= sparseUpTo {
			thin, _ = thin.raise(register, length)
		}
		if n != at {
			continue
		}
		at *= 10
		h, _ := dense.histogram()
		if n <= sparseUpTo {
			if k, ok := thin.histogram(); !ok || k != h {
				return wire.Errorf("ERR TESTFAILED the sparse and the dense form differ at %d elements", n)
			}
		}
		// Six standard errors, and two more elements where they are few.
		if off := math.Abs(float64(h.estimate()) - float64(n)); off > 6*standard*float64(n)+2 {
			return wire.Errorf("ERR TESTFAILED %d elements are counted as %d", n, h.estimate())
		}
	}
	return nil
}
