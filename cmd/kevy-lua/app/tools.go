package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/config/file"
	"github.com/kevy-lua/kevy-lua/persist"
	"github.com/kevy-lua/kevy-lua/persist/vfs"
	"github.com/kevy-lua/kevy-lua/plugins"
	"github.com/spf13/cobra"
)

func configCommand() *cobra.Command {
	parent := &cobra.Command{Use: "config", Short: "Check a configuration, or print the sample", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	var f flags
	check := &cobra.Command{Use: "check", Short: "Check a configuration and say what is wrong with it", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			src, err := f.source(c)
			if err != nil {
				return err
			}
			cfg, err := file.Load(src)
			if err != nil {
				return err
			}
			libraries, err := try(c.Context(), cfg)
			if err != nil {
				return err
			}
			name := src.File
			if name == "" {
				name = "the configuration"
			}
			fmt.Fprintln(c.OutOrStdout(), name, "is good")
			for _, l := range libraries {
				fmt.Fprintln(c.OutOrStdout(), "  library", l)
			}
			for _, p := range cfg.Plugins {
				if p.Enabled {
					fmt.Fprintln(c.OutOrStdout(), "  plugin", p.Name)
				}
			}
			return nil
		}}
	f.register(check)
	sample := &cobra.Command{Use: "default", Short: "Print a configuration file with every parameter, its default and its meaning", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(config.Sample())
			return err
		}}
	parent.AddCommand(check, sample)
	return parent
}

// try loads the script libraries of a configuration into an empty store, as the
// server would, and provisions its plugins, which does no I/O: they are not started.
// It returns the libraries' names.
func try(ctx context.Context, cfg *config.Config) (libraries []string, err error) {
	alone := config.Default()
	alone.Scripting, alone.Hooks = cfg.Scripting, cfg.Hooks
	alone.Reaper.Mode = "manual" // their timers do not run
	db, err := kevylua.Open(kevylua.Options{Config: alone})
	if err != nil {
		return nil, err
	}
	var set plugins.Set
	err = set.Provision(db.Engine(), cfg.Plugins)
	return db.Scripting().Libraries(), errors.Join(err, set.Stop(ctx), db.Close())
}

func logCommand() *cobra.Command {
	parent := &cobra.Command{Use: "log", Short: "Check or repair an append-only log", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	var fix bool
	check := &cobra.Command{
		Use: "check [--fix] DIR", Short: "Check the log in a data directory or an append-only directory",
		Long: "Check reads the whole log and says how far it is good. With --fix it cuts what is damaged off the\n" +
			"end of the last file, after saving the cut bytes beside it.",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("log check takes one directory")}
			}
			ok, err := persist.Check(vfs.OS, args[0], fix, c.OutOrStdout())
			if err != nil {
				return err
			}
			if !ok {
				return exitCode(exitFailure)
			}
			return nil
		}}
	check.Flags().BoolVar(&fix, "fix", false, "cut off a damaged end (the cut bytes are kept beside the file)")
	parent.AddCommand(check)
	return parent
}

func versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version, and the plugins that are compiled in", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "kevy-lua %s (Redis %s compatible, %s %s/%s)\nplugins: %s\n",
				kevylua.Version, engine.RedisVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH, strings.Join(plugins.Registered(), " "))
			return err
		}}
}
