package kevylua

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/server"
)

// Server serves connections for a DB.
type Server struct{ *server.Server }

// Listen opens the listeners that the [server] section names. Connections are
// served once Run is called.
func (db *DB) Listen() (*Server, error) {
	cfg := &db.live.Get().Server
	port := cfg.Port
	if port == 0 && cfg.UnixSocket == "" {
		port = -1 // the system chooses
	}
	s := server.New(db.engine, db.log)
	if err := s.Listen(cfg.Bind, port, cfg.UnixSocket, fs.FileMode(cfg.UnixSocketPerm)); err != nil {
		return nil, err
	}
	if tcp, ok := s.Addrs()[0].(*net.TCPAddr); ok && port == -1 {
		// From now on this is the port, for CONFIG GET and for changes of others.
		chosen := config.Pair{Name: "port", Value: strconv.Itoa(tcp.Port)}
		if _, err := db.live.Set([]config.Pair{chosen}, "system"); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return &Server{s}, nil
}

// Serve listens as configured and serves connections until ctx ends; then it
// lets the commands in progress finish. The DB stays open.
func (db *DB) Serve(ctx context.Context) error {
	s, err := db.Listen()
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// Loaded says where the data is kept, what was loaded from there, and which script
// libraries and plugins there are.
func (db *DB) Loaded() string {
	s := db.loadedData()
	if libs := db.scripts.Libraries(); len(libs) > 0 {
		s += "; libraries: " + strings.Join(libs, ", ")
	}
	var names []string
	for _, p := range db.plugins.List() {
		names = append(names, p.Name)
	}
	if len(names) > 0 {
		s += "; plugins: " + strings.Join(names, ", ")
	}
	return s
}

func (db *DB) loadedData() string {
	if db.journal == nil {
		return "everything is kept in memory only"
	}
	p, r := &db.live.Get().Persistence, &db.replay
	s := fmt.Sprintf("log in %s (appendfsync %s): loaded %d keys from %d commands in %s",
		p.Dir, p.AppendFsync, db.loaded, r.Commands, r.Elapsed.Round(time.Millisecond))
	if r.TornBytes > 0 {
		s += fmt.Sprintf("; a torn tail of %d bytes was cut off and saved beside the log", r.TornBytes)
	}
	return s
}
