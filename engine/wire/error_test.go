package wire

import "testing"

// TestErrorTexts: redis-server 7.0.15 formats errors with C's functions, and takes
// line breaks off their end.
func TestErrorTexts(t *testing.T) {
	for _, tc := range []struct {
		e    Error
		want string
	}{
		{Errorf("ERR option %s", "a\x00b"), "-ERR option a\r\n"},
		{Errorf("ERR option '%s' of %d", []byte("a\x00b"), 3), "-ERR option 'a' of 3\r\n"},
		{Errorf("ERR option %s", "a\r\nb\r\n"), "-ERR option a  b\r\n"},
		{Errorf("ERR option %s", "\r\n"), "-ERR option \r\n"},
	} {
		var w Writer
		w.Error(tc.e)
		if string(w.Buf) != tc.want {
			t.Errorf("%q, want %q", w.Buf, tc.want)
		}
		var c Collector
		c.Error(tc.e)
		if v, err := c.Typed(); err != nil || "-"+string(v.Str)+"\r\n" != tc.want {
			t.Errorf("collected %q, %v, want %q", v.Str, err, tc.want)
		}
	}
}
