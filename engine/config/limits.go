package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// OutputLimit says when a client that does not read its replies is disconnected: at once above Hard
// bytes, or after For without interruption above Soft bytes. Zero switches a limit off.
type OutputLimit struct {
	Hard, Soft int64
	For        time.Duration
}

// OutputLimits is client-output-buffer-limit: a limit for each class of clients.
type OutputLimits struct {
	Normal, Replica, Pubsub OutputLimit
}

// with returns the limits with those replaced that text names: groups of class, hard, soft, seconds,
// separated by single spaces.
func (l OutputLimits) with(text string) (OutputLimits, error) {
	if text == "" {
		return l, nil
	}
	words := strings.Split(text, " ")
	if len(words)%4 != 0 {
		return OutputLimits{}, errLimitCount
	}
	for ; len(words) > 0; words = words[4:] {
		var class *OutputLimit
		switch strings.ToLower(words[0]) {
		case "normal":
			class = &l.Normal
		case "replica", "slave":
			class = &l.Replica
		case "pubsub":
			class = &l.Pubsub
		default:
			return OutputLimits{}, errLimitClass
		}
		hard, hardErr := ParseSize(words[1])
		soft, softErr := ParseSize(words[2])
		seconds, secondsErr := strconv.ParseInt(words[3], 10, 64)
		if hardErr != nil || softErr != nil || secondsErr != nil || seconds < 0 || seconds > math.MaxInt32 {
			return OutputLimits{}, errLimitValue
		}
		*class = OutputLimit{Hard: hard, Soft: soft, For: time.Duration(seconds) * time.Second}
	}
	return l, nil
}

// String writes all classes as CONFIG GET does; replicas have their old name there.
func (l OutputLimits) String() string {
	return fmt.Sprintf("normal %s slave %s pubsub %s", l.Normal, l.Replica, l.Pubsub)
}

func (l OutputLimit) String() string {
	return fmt.Sprintf("%d %d %d", l.Hard, l.Soft, int64(l.For/time.Second))
}
