package app

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/config/file"
	"github.com/spf13/cobra"
)

// defaultDir is where serve keeps its log when nothing says otherwise.
const defaultDir = "./kevy-data"

// flags are the command-line flags that are parameters.
type flags struct {
	config, bind, dir string
	port              int
	set               []string
}

func (f *flags) register(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "configuration file (TOML, YAML or JSON)")
	fl.StringVar(&f.bind, "bind", "", "addresses to listen on, separated by spaces or commas")
	fl.IntVar(&f.port, "port", 0, "port to listen on; 0 picks a free one and prints it")
	fl.StringVar(&f.dir, "dir", "", "data directory (default "+defaultDir+")")
	fl.StringArrayVar(&f.set, "set", nil, "NAME=VALUE: set a parameter, by its name in the file or in CONFIG")
}

// source is where the configuration comes from: flags over environment over
// file over the defaults of serve.
func (f *flags) source(c *cobra.Command) (file.Source, error) {
	src := file.Source{File: f.config, Env: os.Environ(), Flags: map[string]string{}, Base: config.Default()}
	src.Base.Persistence.Dir = defaultDir
	if src.File == "" {
		src.File = os.Getenv(file.EnvFile)
	}
	for _, s := range f.set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return src, usageError{fmt.Errorf("--set %s: NAME=VALUE is expected", s)}
		}
		src.Flags[name] = value
	}
	if c.Flags().Changed("bind") {
		src.Flags["bind"] = f.bind
	}
	if c.Flags().Changed("port") {
		src.Flags["port"] = strconv.Itoa(f.port)
	}
	if c.Flags().Changed("dir") {
		src.Flags["dir"] = f.dir
	}
	return src, nil
}
