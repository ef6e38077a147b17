package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// logLines is a log to look at.
type logLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestConfigSetIsLogged: with the old value and the new one, but for secrets; what
// changes nothing leaves no line.
func TestConfigSetIsLogged(t *testing.T) {
	var log logLines
	e := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	defer e.Close(t.Context())
	for _, line := range []string{"CONFIG SET timeout 7 tcp-keepalive 9", "CONFIG SET requirepass secret", "CONFIG SET timeout 7"} {
		if err := e.Do(t.Context(), 0, words(strings.Fields(line)...), &wire.Collector{}); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	text := log.String()
	for _, want := range []string{"name=timeout old=0 new=7", "name=tcp-keepalive old=300 new=9", `name=requirepass old="" new=(redacted)`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret") || strings.Count(text, "parameter changed") != 3 {
		t.Errorf("the log:\n%s", text)
	}
}
