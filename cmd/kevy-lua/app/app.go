// Package app is the command kevy-lua: the server and its tools. Its main is a
// package of its own so that other programs can be the same command with
// plugins of theirs imported beside it.
//
// It knows flags, signals and exit codes; everything else is the kevylua
// package's.
package app

import (
	"errors"
	"fmt"
	"os"

	"github.com/kevy-lua/kevy-lua/cmd/kevy-lua/cli"
	"github.com/spf13/cobra"
)

// Exit codes: 0 for success, 1 for what went wrong, 2 for wrong usage.
const (
	exitFailure = 1
	exitUsage   = 2
)

// usageError is a mistake on the command line.
type usageError struct{ error }

// Main is func main of the command: it runs what the command line says and ends
// the process when that fails. The plugins are those that the program imports.
func Main() {
	root := command()
	err := root.Execute()
	if err == nil {
		return
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		os.Exit(coded.ExitCode())
	}
	fmt.Fprintln(os.Stderr, "kevy-lua:", err)
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintln(os.Stderr, "Try 'kevy-lua --help'.")
		os.Exit(exitUsage)
	}
	os.Exit(exitFailure)
}

// exitCode ends the process without a further message.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit status %d", int(c)) }

// ExitCode is what the process exits with.
func (c exitCode) ExitCode() int { return int(c) }

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "kevy-lua",
		Short:         "A programmable, Redis-compatible in-memory store",
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(c *cobra.Command, _ []string) error {
			return c.Help()
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(serveCommand(), cli.Command(), scriptCommand(), buildCommand(), configCommand(), logCommand(), versionCommand())
	return root
}

// noArgs refuses arguments; of the root command, they are unknown sub-commands.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if c.HasParent() {
		return usageError{fmt.Errorf("%s takes no argument %q", c.CommandPath(), args[0])}
	}
	return usageError{fmt.Errorf("there is no command %q", args[0])}
}
