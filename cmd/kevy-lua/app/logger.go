package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

type logger = *slog.Logger

// logging is the logger of the [log] section, whose level and format may change.
type logging struct {
	logger
	level slog.LevelVar
	json  atomic.Bool
	close func() error // of the file
}

func newLogging(cfg *config.Config, stderr io.Writer) (*logging, error) {
	l := &logging{close: func() error { return nil }}
	out := stderr
	if cfg.Log.File != "" {
		f, err := os.OpenFile(cfg.Log.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, fmt.Errorf("log file: %w", err)
		}
		out, l.close = f, f.Close
	}
	l.set(cfg)
	out = &oneWriter{w: out} // of two handlers
	o := &slog.HandlerOptions{Level: &l.level}
	l.logger = slog.New(eitherHandler{json: &l.json, handlers: [2]slog.Handler{slog.NewTextHandler(out, o), slog.NewJSONHandler(out, o)}})
	return l, nil
}

// set makes level and format those of the configuration.
func (l *logging) set(cfg *config.Config) {
	l.level.Set(level(cfg.Log.Level))
	l.json.Store(cfg.Log.Format == "json")
}

// oneWriter lets several write lines at a time.
type oneWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *oneWriter) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(b)
}

// eitherHandler writes text or JSON, as json says at the moment.
type eitherHandler struct {
	json     *atomic.Bool
	handlers [2]slog.Handler
}

func (h eitherHandler) now() slog.Handler {
	if h.json.Load() {
		return h.handlers[1]
	}
	return h.handlers[0]
}

// Enabled implements slog.Handler.
func (h eitherHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.now().Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h eitherHandler) Handle(ctx context.Context, r slog.Record) error {
	return h.now().Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h eitherHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.each(func(one slog.Handler) slog.Handler { return one.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h eitherHandler) WithGroup(name string) slog.Handler {
	return h.each(func(one slog.Handler) slog.Handler { return one.WithGroup(name) })
}

func (h eitherHandler) each(derive func(slog.Handler) slog.Handler) slog.Handler {
	for i, one := range h.handlers {
		h.handlers[i] = derive(one)
	}
	return h
}

// level maps Redis' log levels to slog's.
func level(name string) slog.Level {
	switch name {
	case "debug":
		return slog.LevelDebug
	case "warning":
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// banner prints what was loaded and how to try it.
func banner(out io.Writer, db *kevylua.DB, addrs []net.Addr) {
	fmt.Fprintf(out, "kevy-lua %s listens on", kevylua.Version)
	hint := ""
	for _, a := range addrs {
		fmt.Fprintf(out, " %s", a)
		if tcp, ok := a.(*net.TCPAddr); ok && hint == "" {
			hint = fmt.Sprintf("-p %d", tcp.Port)
		} else if a.Network() == "unix" && hint == "" {
			hint = "-s " + a.String()
		}
	}
	fmt.Fprintf(out, "\n  %s\n  try it:  kevy-lua cli %s SET greeting hello\n", db.Loaded(), hint)
}
