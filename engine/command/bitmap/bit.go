package bitmap

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errOffset wire.Error = "ERR bit offset is not an integer or out of range"
	errBit    wire.Error = "ERR bit is not an integer or out of range"
)

// offsetAt reads argument i as the offset of a bit. width > 0 allows #n, the
// n-th integer of that width. Offsets behind proto-max-bulk-len are refused;
// what was logged has passed the check of its time.
func offsetAt(c *command.Call, i, width int) (offset int64, err error) {
	arg, step := c.Args[i], int64(1)
	if width > 0 && len(arg) > 0 && arg[0] == '#' {
		arg, step = arg[1:], int64(width)
	}
	n, ok := command.ParseInt(arg)
	if !ok || n < 0 || n > math.MaxInt64/step {
		return 0, errOffset
	}
	n *= step
	if !c.Replay && n>>3 >= c.Config.Server.ProtoMaxBulkLen {
		return 0, errOffset
	}
	return n, nil
}

func setbit(c *command.Call) error {
	offset, err := offsetAt(c, 2, 0)
	if err != nil {
		return err
	}
	bit, ok := command.ParseInt(c.Args[3])
	if !ok || bit != 0 && bit != 1 {
		return errBit
	}
	key := c.Args[1]
	val, exists, err := c.String(key)
	if err != nil {
		return err
	}
	at := int(offset >> 3)
	old := bitOf(val, offset)
	if exists && at < len(val) && old == bit {
		c.Reply.Int(old)
		return nil
	}
	var b [1]byte
	if at < len(val) {
		b[0] = val[at]
	}
	mask := byte(0x80) >> (offset & 7)
	b[0] &^= mask
	if bit == 1 {
		b[0] |= mask
	}
	c.In(key).SetRange(key, at, b[:])
	c.Changed(key, hook.String, "setbit")
	c.Reply.Int(old)
	return nil
}

// bitOf returns a bit, 0 behind the end.
func bitOf(val []byte, offset int64) int64 {
	if at := offset >> 3; at < int64(len(val)) {
		return int64(val[at]>>(7-offset&7)) & 1
	}
	return 0
}

func getbit(c *command.Call) error {
	offset, err := offsetAt(c, 2, 0)
	if err != nil {
		return err
	}
	val, _, err := c.String(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Int(bitOf(val, offset))
	return nil
}
