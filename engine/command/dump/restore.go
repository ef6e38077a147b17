package dump

import (
	"errors"
	"math"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/exchange"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/rdb"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Errors of RESTORE.
const (
	errBusyKey  wire.Error = "BUSYKEY Target key name already exists."
	errTTL      wire.Error = "ERR Invalid TTL value, must be >= 0"
	errIdleTime wire.Error = "ERR Invalid IDLETIME value, must be >= 0"
	errFreq     wire.Error = "ERR Invalid FREQ value, must be >= 0 and <= 255"
	errPayload  wire.Error = "ERR DUMP payload version or checksum are wrong"
	errFormat   wire.Error = "ERR Bad data format"
)

// restoration is what RESTORE's options say.
type restoration struct {
	replace, absolute bool
	idle, freq        int64 // -1: not given
}

func (o *restoration) parse(c *command.Call) (err error) {
	o.idle, o.freq = -1, -1
	for i := 4; i < len(c.Args); i++ {
		more := i+1 < len(c.Args)
		switch {
		case c.Is(i, "replace"):
			o.replace = true
		case c.Is(i, "absttl"):
			o.absolute = true
		case c.Is(i, "idletime") && more && o.freq < 0:
			i++
			if o.idle, err = c.Int(i); err != nil {
				return err
			}
			if o.idle < 0 {
				return errIdleTime
			}
		case c.Is(i, "freq") && more && o.idle < 0:
			i++
			if o.freq, err = c.Int(i); err != nil {
				return err
			}
			if o.freq < 0 || o.freq > math.MaxUint8 {
				return errFreq
			}
		default:
			return wire.ErrSyntax
		}
	}
	return nil
}

func runRestore(c *command.Call) error {
	var o restoration
	if err := o.parse(c); err != nil {
		return err
	}
	key := c.Args[1]
	d := c.In(key)
	if !o.replace && d.Exists(key) {
		return errBusyKey
	}
	deadline, err := o.deadline(c)
	if err != nil {
		return err
	}
	v, err := rdb.Open(c.Args[3])
	switch {
	case errors.Is(err, rdb.ErrPayload):
		return errPayload
	case err != nil:
		return errFormat
	}
	existed := d.Exists(key)
	d.Delete(key)
	c.Reply.Status("OK")
	if deadline != 0 && deadline <= c.NowMs() {
		if existed {
			c.Changed(key, hook.Generic, "del")
			c.Log([]byte("DEL"), key)
		}
		return nil
	}
	exchange.Build(d, key, v, stream.Limits{Bytes: c.Config.Memory.StreamNodeMaxBytes, Entries: c.Config.Memory.StreamNodeMaxEntries})
	if deadline != 0 {
		d.SetDeadline(key, deadline)
	}
	if o.idle >= 0 {
		d.SetIdle(key, o.idle)
	}
	if o.freq >= 0 {
		d.SetFreq(key, uint8(o.freq))
	}
	c.Changed(key, hook.Generic, "restore")
	if deadline != 0 && !o.absolute {
		args := append([][]byte(nil), c.Args...)
		args[2] = strconv.AppendInt(nil, deadline, 10)
		c.Log(append(args, []byte("ABSTTL"))...)
	}
	return nil
}

// deadline reads the time to live as a deadline, 0 for none.
func (o *restoration) deadline(c *command.Call) (ms int64, err error) {
	ttl, err := c.Int(2)
	switch {
	case err != nil:
		return 0, err
	case ttl < 0:
		return 0, errTTL
	case ttl == 0 || o.absolute:
		return ttl, nil
	case ttl > math.MaxInt64-c.NowMs(): // Redis 7.0 overflows
		return 0, errTTL
	}
	return ttl + c.NowMs(), nil
}
