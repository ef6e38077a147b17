package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/kevy-lua/kevy-lua/scripting/luatest"
	"github.com/spf13/cobra"
)

func scriptCommand() *cobra.Command {
	parent := &cobra.Command{Use: "script", Short: "Check, run and test Lua scripts and libraries", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	check := &cobra.Command{
		Use: "check FILE|DIR...", Short: "Compile scripts and libraries, and say what they register and what will fail",
		Long: "Check looks at the files, and at the *.lua files in the folders and below.",
		RunE: func(c *cobra.Command, args []string) error { return checkScripts(c.Context(), args, c.OutOrStdout()) }}
	var call string
	run := &cobra.Command{
		Use: "run FILE [KEY...] [, ARG...]", Short: "Run a script, or a function or command of a library, on an empty store",
		Long: "Run prints the reply of a script as the client would. Keys stand before a comma of its own, arguments behind it.\n" +
			"Of a library, --call names the function, or a command of its own, which gets both.",
		RunE: func(c *cobra.Command, args []string) error {
			return runScript(c.Context(), args, call, c.OutOrStdout())
		}}
	run.Flags().StringVar(&call, "call", "", "the function or command to call, when FILE is a library")
	var o luatest.Options
	test := &cobra.Command{
		Use: "test [FILE|DIR]...", Short: "Run tests written in Lua (*_test.lua)",
		Long: "Test runs the tests of the files, and of the *_test.lua files in the folders and below; without any, those of the\n" +
			"current folder. Each test has a fresh store in memory, whose time it controls.",
		RunE: func(c *cobra.Command, args []string) error {
			o.Out = c.OutOrStdout()
			return testScripts(c.Context(), args, o)
		}}
	test.Flags().BoolVarP(&o.Verbose, "verbose", "v", false, "a line for each test")
	test.Flags().StringVar(&o.Match, "run", "", "only tests whose names contain this")
	parent.AddCommand(check, run, test)
	return parent
}

// testScripts runs the tests that are found in the paths.
func testScripts(ctx context.Context, paths []string, o luatest.Options) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	files, err := luatest.Files(paths...)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("there is no *_test.lua in %s", strings.Join(paths, ", "))
	}
	result, err := luatest.Run(ctx, files, o)
	if err != nil {
		return err
	}
	if result.Failed > 0 {
		return exitCode(exitFailure)
	}
	return nil
}
