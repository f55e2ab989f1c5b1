package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Format is the layout of a node's directory that this program reads and writes.
const Format = "quorumlab node 1\n"

// prepare makes an empty directory ours or checks that it is.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("the node's directory cannot be made: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, formatFile))
	if err == nil {
		return checkFormat(dir, b)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the format of %s cannot be read: %w", dir, err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", dir, err)
	}
	if len(files) > 0 && !(len(files) == 1 && files[0].Name() == formatFile+".new") {
		return fmt.Errorf("%s holds files but no %q file, so it is no node's directory; name an empty one", dir, formatFile)
	}
	return replaceFile(filepath.Join(dir, formatFile), []byte(Format))
}

func checkFormat(dir string, b []byte) error {
	if string(b) == Format {
		return nil
	}
	return fmt.Errorf("%s has the format %s, this program reads %s; use the program that wrote it, or wipe the node",
		dir, strconv.Quote(clip(string(b))), strconv.Quote(Format))
}

// replaceFile writes a small file so that it is there whole or not at all.
func replaceFile(path string, b []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("%s cannot be put in its place: %w", path, err)
	}
	return nil
}

// clip keeps foreign text short in sentences.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
