package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/config/file"
	"github.com/spf13/cobra"
)

func serveCommand() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use: "serve", Short: "Run the server", Args: noArgs,
		Long: "Serve listens on 127.0.0.1:6379 and keeps its log in " + defaultDir + " unless told otherwise.\n" +
			"--set appendonly=no keeps everything in memory only.",
		RunE: func(c *cobra.Command, _ []string) error {
			src, err := f.source(c)
			if err != nil {
				return err
			}
			return serve(c.Context(), src, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f.register(c)
	return c
}

// serve runs until a signal: the first SIGINT or SIGTERM ends it in order, a
// second one at once. SIGHUP reads the configuration again.
func serve(ctx context.Context, src file.Source, out, errOut io.Writer) error {
	cfg, err := file.Load(src)
	if err != nil {
		return err
	}
	log, err := newLogging(cfg, errOut)
	if err != nil {
		return err
	}
	defer log.close()
	pace := tune(cfg)
	defer pace.end()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	db, err := kevylua.Open(kevylua.Options{Config: cfg, Log: log.logger, Shutdown: func() { stop(errors.New("SHUTDOWN")) }})
	if err != nil {
		return err
	}
	defer db.Close()
	retune(db.Engine().Live(), pace, log)
	server, err := db.Listen()
	if err != nil {
		return err
	}
	if cfg.Server.Port == 0 {
		// The port that the system chose stays over reloads of the file.
		src.Flags["port"] = strconv.Itoa(db.Engine().Live().Get().Server.Port)
	}
	watcher, err := follow(db, src)
	if err != nil {
		return err
	}
	defer watcher.Close()
	ignoreSignals()
	trimming := make(chan struct{})
	go func() {
		defer close(trimming)
		trimMemory(ctx, readHeap, debug.FreeOSMemory)
	}()
	defer func() {
		stop(nil)
		<-trimming
	}()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	banner(out, db, server.Addrs())
	err = wait(signals, done, stop, watcher, log.logger)
	return errors.Join(err, db.Close())
}

// wait returns when the server has ended.
func wait(signals <-chan os.Signal, done <-chan error, stop context.CancelCauseFunc, w *file.Watcher, log logger) error {
	stopping := false
	for {
		select {
		case err := <-done:
			return err
		case s := <-signals:
			switch {
			case s == syscall.SIGHUP:
				w.Reload()
			case stopping:
				log.Warn("second signal: ending at once", "signal", s.String())
				os.Exit(exitFailure)
			default:
				stopping = true
				log.Info("ending", "signal", s.String())
				stop(fmt.Errorf("signal %s", s))
			}
		}
	}
}

// follow applies changes of the configuration file while the server runs. A
// file that does not load changes nothing.
func follow(db *kevylua.DB, src file.Source) (*file.Watcher, error) {
	log, live := db.Engine().Log(), db.Engine().Live()
	return file.Watch(src,
		func(next *config.Config) {
			changes, err := live.Swap(next, "file")
			if err != nil {
				log.Error("the configuration is refused, the old one stays", "error", err)
				return
			}
			for _, ch := range changes {
				if ch.NeedsRestart {
					log.Warn("a changed parameter needs a restart", "name", ch.Name, "old", ch.Old, "new", ch.New)
				} else {
					log.Info("parameter changed", "name", ch.Name, "old", ch.Old, "new", ch.New)
				}
			}
		},
		func(err error) { log.Error("the configuration is refused, the old one stays", "error", err) })
}

// tune sets what belongs to the whole process. The environment's GOGC is
// stronger than the file.
func tune(cfg *config.Config) *pacer {
	p := &pacer{}
	if os.Getenv("GOGC") == "" {
		p.set(cfg.Memory.GOGC, cfg.Memory.GOGCFloor)
	}
	setMemoryLimit(cfg)
	return p
}

func setMemoryLimit(cfg *config.Config) {
	limit := cfg.Memory.MemoryLimit
	if limit == 0 {
		limit = math.MaxInt64
	}
	debug.SetMemoryLimit(limit)
}

// retune follows the parameters that belong to the whole process.
func retune(live *config.Live, pace *pacer, log *logging) {
	live.OnApply(func(next *config.Config) error {
		pace.set(next.Memory.GOGC, next.Memory.GOGCFloor)
		return nil
	}, "memory.gogc", "memory.gogc-floor")
	live.OnApply(func(next *config.Config) error {
		setMemoryLimit(next)
		return nil
	}, "memory.memory-limit")
	live.OnApply(func(next *config.Config) error {
		log.set(next)
		return nil
	}, "log.level", "log.format")
}
