package app

import (
	"fmt"

	"github.com/kevy-lua/kevy-lua/cmd/kevy-lua/builder"
	"github.com/spf13/cobra"
)

func buildCommand() *cobra.Command {
	var o builder.Options
	var with []string
	c := &cobra.Command{
		Use: "build --with PACKAGE[@VERSION|=DIRECTORY]...", Short: "Build a kevy-lua with more plugins", Args: noArgs,
		Long: "Build makes a program like this one with the named packages imported, which register their plugins. It needs the\n" +
			"Go toolchain. A package comes from its module's latest version, the version behind @, or the folder behind =.",
		RunE: func(c *cobra.Command, _ []string) error {
			for _, text := range with {
				p, err := builder.ParsePlugin(text)
				if err != nil {
					return usageError{err}
				}
				o.With = append(o.With, p)
			}
			if len(o.With) == 0 {
				return usageError{fmt.Errorf("build needs at least one --with")}
			}
			o.Out = c.ErrOrStderr()
			if err := builder.Build(c.Context(), o); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), "built", o.Output)
			return err
		}}
	f := c.Flags()
	f.StringArrayVar(&with, "with", nil, "a package with a plugin (may be given several times)")
	f.StringVar(&o.Output, "output", "./kevy-lua", "where the program goes")
	f.StringVar(&o.Kevy, "kevy", "", "a checkout of kevy-lua to build from (default: the source of this program)")
	f.BoolVar(&o.Keep, "keep", false, "keep the generated module, and say where it is")
	return c
}
