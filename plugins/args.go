package plugins

import (
	"fmt"
	"strconv"
)

// Args turns Go values into a command's arguments: strings and byte slices as
// they are, integers in decimal, floats in the shortest form that reads back,
// booleans as 1 and 0.
func Args(args ...any) ([][]byte, error) {
	out := make([][]byte, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case string:
			out[i] = []byte(v)
		case []byte:
			out[i] = v
		case int:
			out[i] = strconv.AppendInt(nil, int64(v), 10)
		case int64:
			out[i] = strconv.AppendInt(nil, v, 10)
		case uint64:
			out[i] = strconv.AppendUint(nil, v, 10)
		case float64:
			out[i] = strconv.AppendFloat(nil, v, 'g', -1, 64)
		case bool:
			out[i] = []byte{'0'}
			if v {
				out[i][0] = '1'
			}
		default:
			return nil, fmt.Errorf("plugins: argument %d of type %T is neither text nor a number", i, a)
		}
	}
	return out, nil
}
