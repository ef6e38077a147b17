package app

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

type logger = *slog.Logger

// newLogger makes the logger that the [log] section describes. close ends its file.
func newLogger(cfg *config.Config, stderr io.Writer) (log *slog.Logger, closeFile func() error, err error) {
	out, closeFile := stderr, func() error { return nil }
	if cfg.Log.File != "" {
		f, err := os.OpenFile(cfg.Log.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, nil, fmt.Errorf("log file: %w", err)
		}
		out, closeFile = f, f.Close
	}
	o := &slog.HandlerOptions{Level: level(cfg.Log.Level)}
	var h slog.Handler = slog.NewTextHandler(out, o)
	if cfg.Log.Format == "json" {
		h = slog.NewJSONHandler(out, o)
	}
	return slog.New(h), closeFile, nil
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
