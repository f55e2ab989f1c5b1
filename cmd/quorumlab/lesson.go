package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/lessons/play"
)

func newLesson() *cobra.Command {
	lesson := &cobra.Command{
		Use:   "lesson",
		Short: "List lessons, or check and play those that you write",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	lesson.AddCommand(newLessonList(), newLessonCheck())
	return lesson
}

func newLessonList() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the lessons: id, minutes, steps, title",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			library, err := newSchool(dir).load()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, l := range library.Lessons() {
				fmt.Fprintf(w, "%s\t%d min\t%d steps\t%s\t%s\n", l.ID, l.Minutes, len(l.Steps), l.Track.Name(), l.Title)
			}
			return w.Flush()
		},
	}
	c.Flags().StringVar(&dir, "lessons", "", "directory of further lesson files")
	return c
}

func newLessonCheck() *cobra.Command {
	var solved bool
	c := &cobra.Command{
		Use:   "check DIR [ID…]",
		Short: "Check the lesson files in DIR and play their solutions, wrong ways and idle hours",
		Long: "Check reads the lesson files in DIR beside those that come with the program and says what is wrong with them, by file\n" +
			"and line. Then it plays each lesson of DIR, or those named, in rooms of its own, in virtual time: as its solutions say,\n" +
			"in each wrong way, with a learner who waits a minute before each step, and with one who does nothing for an hour.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			library, err := newSchool(args[0]).load()
			if err != nil {
				return problemsOf(c.OutOrStdout(), err)
			}
			chosen, err := choose(library, args[0], args[1:])
			if err != nil {
				return err
			}
			return inScratch(func(scratch string) error {
				t := trial{c: c, library: library, scratch: scratch, solved: solved}
				return t.play(chosen)
			})
		},
	}
	c.Flags().BoolVar(&solved, "solved-only", false, "play only the solutions")
	return c
}

// problemsOf prints what is wrong with the files, one a line, and returns how much it is.
func problemsOf(w io.Writer, err error) error {
	var problems lessons.Problems
	if !errors.As(err, &problems) {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
	return fmt.Errorf("the lessons have %s", counted(len(problems), "problem"))
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// choose finds the lessons with these ids among those that the directory has; all of them if no id is given.
func choose(library *lessons.Library, dir string, ids []string) (chosen []*lessons.Lesson, err error) {
	for _, l := range library.Lessons() {
		if strings.HasPrefix(l.File, dir+"/") && (len(ids) == 0 || slices.Contains(ids, l.ID)) {
			chosen = append(chosen, l)
		}
	}
	for _, id := range ids {
		if !slices.ContainsFunc(chosen, func(l *lessons.Lesson) bool { return l.ID == id }) {
			return nil, fmt.Errorf("%s has no lesson %q", dir, id)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("%s has no lessons: they are files that end in .md", dir)
	}
	return chosen, nil
}

// trial plays lessons and prints a line about each part.
type trial struct {
	c       *cobra.Command
	library *lessons.Library
	scratch string
	solved  bool // only the solutions
	played  int
	failed  int
}

func (t *trial) play(chosen []*lessons.Lesson) error {
	for _, l := range chosen {
		for _, part := range play.Parts(t.library, l) {
			if t.solved && part.Name != "solved" {
				continue
			}
			if err := t.c.Context().Err(); err != nil {
				return err
			}
			t.part(l, part)
		}
	}
	if t.failed > 0 {
		return fmt.Errorf("%d of %s went wrong", t.failed, counted(t.played, "rehearsal"))
	}
	return nil
}

func (t *trial) part(l *lessons.Lesson, part play.Part) {
	dir := filepath.Join(t.scratch, l.ID+"-"+part.Name)
	began := time.Now()
	virtual, err := part.Play(dir)
	verdict := "ok"
	t.played++
	if err != nil {
		t.failed++
		verdict = "wrong\n  " + strings.ReplaceAll(err.Error(), "\n", "\n  ")
	}
	fmt.Fprintf(t.c.OutOrStdout(), "%-10s %-10s %8.1f virtual s %6d ms  %s\n", l.ID, part.Name, float64(virtual)/1e6, time.Since(began).Milliseconds(), verdict)
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(t.c.ErrOrStderr(), "a room of a rehearsal is left on disk:", err)
	}
}
