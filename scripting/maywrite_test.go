package scripting_test

import "testing"

// TestMayWrite: a pause of writes tells scripts that declare no-writes from others.
func TestMayWrite(t *testing.T) {
	r := newRig(t)
	sha := func(script string) string { return text(r.do("SCRIPT", "LOAD", script)) }
	quiet, loud := sha("#!lua flags=no-writes\nreturn 1"), sha("return 1")
	r.expect("l", "FUNCTION", "LOAD", "#!lua name=l\nredis.register_function{function_name='q', callback=function() end, flags={'no-writes'}}\n"+
		"redis.register_function('w', function() end)")
	for _, tc := range []struct {
		name, arg string
		want      bool
	}{
		{"eval", "#!lua flags=no-writes\nreturn 2", false}, {"eval", "return 2", true}, {"eval", "#!lua\nreturn 2", true}, {"eval", "#!lua flags=foo\nreturn 2", true},
		{"evalsha", quiet, false}, {"evalsha", loud, true}, {"evalsha", "nosuch", true},
		{"fcall", "q", false}, {"fcall", "w", true}, {"fcall", "nosuch", true},
	} {
		spec, ok := r.Table().Lookup([]byte(tc.name))
		if !ok {
			t.Fatalf("no %s", tc.name)
		}
		if got := spec.MayWrite(byteArgs([]string{tc.name, tc.arg, "0"})); got != tc.want {
			t.Errorf("%s %q: %v", tc.name, tc.arg, got)
		}
	}
}
