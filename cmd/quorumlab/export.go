package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/quorumlab/quorumlab/static"
	"github.com/quorumlab/quorumlab/web/export"
	"github.com/quorumlab/quorumlab/web/languages"
)

// newExport makes pages of a recording that need no server of ours.
func newExport() *cobra.Command {
	language := ""
	cmd := &cobra.Command{
		Use:   "export FILE FOLDER",
		Short: "Make pages of a recording (.qlr) that any web server can serve",
		Long: "Writes a folder that plays the recording FILE in a browser: everything but acting. Any web server can serve it, below any path; " +
			"its files need no others, and no network once they are loaded. Opening index.html as a file does not work: browsers load no programs so.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			recording, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			if err := export.Write(args[1], recording, static.Files, languages.Of(language)); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s plays %s; serve it with any web server\n", args[1], args[0])
			return nil
		},
	}
	cmd.Flags().StringVar(&language, "language", "", "language of the pages, as \"de\"; English without")
	return cmd
}
