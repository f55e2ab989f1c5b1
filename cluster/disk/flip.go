package disk

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Flip flips the lowest bit of a byte in a file of a stopped node: "log" (also ""), "stable" or "store". Offset 0 picks a
// byte inside the data. It tells the file, below dir, and the byte.
func Flip(dir, file string, offset int64) (name string, at int64, err error) {
	path, err := flipFile(dir, file)
	if err != nil {
		return "", 0, err
	}
	if name, err = filepath.Rel(dir, path); err != nil {
		return "", 0, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", 0, fmt.Errorf("%s cannot be read: %w", path, err)
	}
	if offset == 0 {
		offset = pick(b)
	}
	if offset < 0 || offset >= int64(len(b)) {
		return "", 0, fmt.Errorf("%s has %d bytes, so there is no byte %d to corrupt", name, len(b), offset)
	}
	if err := flipByte(path, offset, b[offset]^1); err != nil {
		return "", 0, fmt.Errorf("%s cannot be corrupted: %w", path, err)
	}
	return filepath.ToSlash(name), offset, nil
}

// flipFile is the file behind the name that a command uses: of the log the newest one.
func flipFile(dir, file string) (string, error) {
	switch file {
	case "stable":
		return filepath.Join(dir, stableFile), nil
	case "store":
		return filepath.Join(dir, storeDir, "db"), nil
	case "log", "":
		found, err := generations(filepath.Join(dir, logDir))
		if err != nil || len(found) == 0 {
			return "", fmt.Errorf("there is no log in %s yet; start the node once", dir)
		}
		files, err := segments(generationDir(filepath.Join(dir, logDir), found[len(found)-1]))
		if err != nil || len(files) == 0 {
			return "", fmt.Errorf("there is no log in %s yet; start the node once", dir)
		}
		return files[len(files)-1].path, nil
	}
	return "", fmt.Errorf("%q is no file of a node: choose log, stable or store", clip(file))
}

// pick chooses a byte that is not zero, so that it is data and not room for it.
func pick(b []byte) int64 {
	var used []int64
	for i, c := range b {
		if c != 0 {
			used = append(used, int64(i))
		}
	}
	if len(used) == 0 {
		return 0
	}
	return used[rand.IntN(len(used))]
}

func flipByte(path string, offset int64, c byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteAt([]byte{c}, offset); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
