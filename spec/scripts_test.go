package spec

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

// TestSessionsScript runs scripts/hooks/sessions.lua as its comment says.
func TestSessionsScript(t *testing.T) {
	ctx := context.Background()
	now := time.UnixMilli(1_700_000_000_000)
	cfg := config.Default()
	cfg.Reaper.Mode = "manual"
	cfg.Scripting.Libraries = []string{"../scripts/hooks/*.lua"}
	db, err := kevylua.Open(kevylua.Options{Config: cfg, Now: func() time.Time { return now }})
	must(t, err)
	defer db.Close()
	for _, cmd := range [][]any{
		{"SET", "session:1", "alice", "PX", 1000}, {"HSET", "session:2", "user", "bob"}, {"PEXPIRE", "session:2", 2000},
		{"SET", "other", "x", "PX", 1000},
	} {
		_, err := db.Do(ctx, cmd...)
		must(t, err)
	}
	now = now.Add(1005 * time.Millisecond)
	db.Tick(ctx)
	now = now.Add(time.Second)
	db.Tick(ctx)
	v, err := db.Do(ctx, "SESSIONS.ENDED", 10)
	must(t, err)
	list := v.Array()
	if len(list) != 2 {
		t.Fatalf("ended: %v", v)
	}
	var alice struct {
		ID, Value, Cause string
		LateMs           int `json:"late_ms"`
	}
	must(t, json.Unmarshal(list[1].Bytes(), &alice))
	if alice.ID != "1" || alice.Value != "alice" || alice.Cause != "deadline" || alice.LateMs != 5 {
		t.Errorf("%s", list[1])
	}
	var bob struct{ Value map[string]string }
	must(t, json.Unmarshal(list[0].Bytes(), &bob))
	if bob.Value["user"] != "bob" {
		t.Errorf("%s", list[0])
	}
	if n, err := db.Do(ctx, "FCALL", "sessions_count", 0); err != nil || n.Integer() != 2 {
		t.Errorf("FCALL: %v, %v", n, err)
	}
}
