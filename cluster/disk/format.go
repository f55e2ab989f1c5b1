package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
)

// Format is the layout of a node's directory that this program reads and writes.
const Format = "quorumlab node 1\n"

// prepare makes an empty directory ours or checks that it is.
func prepare(dir string, sync bool) error {
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
	return replaceFile(filepath.Join(dir, formatFile), []byte(Format), sync)
}

func checkFormat(dir string, b []byte) error {
	if string(b) == Format {
		return nil
	}
	return fmt.Errorf("%s has the format %s, this program reads %s; use the program that wrote it, or wipe the node",
		dir, strconv.Quote(clip(string(b))), strconv.Quote(Format))
}

// replaceFile writes a small file so that it is there whole or not at all.
func replaceFile(path string, b []byte, sync bool) error {
	tmp := path + ".new"
	if err := writeFile(tmp, b, sync); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	err := os.Rename(tmp, path)
	if err == nil && sync {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("%s cannot be put in its place: %w", path, err)
	}
	return nil
}

func writeFile(path string, b []byte, sync bool) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil && sync {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := fileutil.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(fileutil.Fsync(d), d.Close())
}

// clip keeps foreign text short in sentences.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
