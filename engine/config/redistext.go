package config

// redisText is an error whose text is Redis' own, with its capitals and full stops.
type redisText string

func (t redisText) Error() string { return string(t) }

// Why CONFIG SET refuses to set a parameter at all; a SetError wraps them.
const (
	ErrImmutable redisText = "can't set immutable config"
	ErrProtected redisText = "can't set protected config"
	ErrDuplicate redisText = "duplicate parameter"
)

// Why CONFIG SET refuses a value. Those with a number or a list in them are made where they arise.
const (
	errBool          redisText = "argument must be 'yes' or 'no'"
	errInt           redisText = "argument couldn't be parsed into an integer"
	errOctal         redisText = "argument couldn't be parsed as an octal number"
	errMemory        redisText = "argument must be a memory value"
	errSizeOrPercent redisText = "argument must be a memory or percent value"
	errPercent       redisText = "percentage argument must be less or equal to 100"
	errCount         redisText = "wrong number of arguments"
	errEvents        redisText = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
	errLimitCount    redisText = "Wrong number of arguments in buffer limit configuration."
	errLimitClass    redisText = "Invalid client class specified in buffer limit configuration."
	errLimitValue    redisText = "Error in hard, soft or soft_seconds setting in buffer limit configuration."
	errSave          redisText = "Invalid save parameters"
	errPercentile    redisText = "Invalid latency-tracking-info-percentiles parameters"
	errPercentiles   redisText = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
	errOOMScore      redisText = "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
	errShutdown      redisText = "shutdown options SAVE and NOSAVE can't be used simultaneously"
)
