package disk

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// sealBlock is what one checksum of a seal covers.
const sealBlock = 4096

// Seal writes checksums of every block of every file of a stopped node's directory, as a drive with checksums of its own
// has them (ZFS, dm-integrity): bbolt's pages carry none. Open compares them and takes the seal off. A process that was
// killed leaves no seal; its files are checked by the log's own checksums and the stable store's.
func Seal(dir string) error {
	var b bytes.Buffer
	b.WriteString(sealHead)
	err := eachFile(dir, func(name string) error {
		sums, size, err := blockSums(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %d", strconv.Quote(name), size)
		for _, s := range sums {
			fmt.Fprintf(&b, " %08x", s)
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s cannot be sealed: %w", dir, err)
	}
	fmt.Fprintf(&b, "%08x\n", crc32.Checksum(b.Bytes(), castagnoli))
	return replaceFile(filepath.Join(dir, sealFile), b.Bytes(), false)
}

const sealHead = "quorumlab seal 1\n"

// Verify compares a directory with its seal and takes the seal off. It gives a *Damage, and leaves the seal, if a file
// is not what it was. Without a seal there is nothing to compare.
func Verify(dir string) error {
	if err := compareSeal(dir); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(dir, sealFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// compareSeal compares a directory with its seal.
func compareSeal(dir string) error {
	b, err := os.ReadFile(filepath.Join(dir, sealFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the seal of %s cannot be read: %w", dir, err)
	}
	sealed, err := parseSeal(b)
	if err != nil {
		return err
	}
	return compare(dir, sealed)
}

// sealedFile is a line of a seal.
type sealedFile struct {
	size int64
	sums []uint32
}

func parseSeal(b []byte) (map[string]sealedFile, error) {
	broken := &Damage{sealFile, 0, "the seal does not match its own checksum"}
	const sumLine = 9
	n := len(b) - sumLine
	if n < len(sealHead) || string(b[:len(sealHead)]) != sealHead || fmt.Sprintf("%08x\n", crc32.Checksum(b[:n], castagnoli)) != string(b[n:]) {
		return nil, broken
	}
	sealed := map[string]sealedFile{}
	lines := bufio.NewScanner(bytes.NewReader(b[len(sealHead):n]))
	lines.Buffer(nil, len(b)+1)
	for lines.Scan() {
		name, f, err := parseSealLine(lines.Text())
		if err != nil {
			return nil, broken
		}
		sealed[name] = f
	}
	return sealed, nil
}

func parseSealLine(line string) (name string, f sealedFile, err error) {
	quoted, err := strconv.QuotedPrefix(line)
	if err != nil {
		return "", f, err
	}
	if name, err = strconv.Unquote(quoted); err != nil {
		return "", f, err
	}
	words := strings.Fields(line[len(quoted):])
	if len(words) == 0 {
		return "", f, errors.New("no size")
	}
	if f.size, err = strconv.ParseInt(words[0], 10, 64); err != nil {
		return "", f, err
	}
	for _, w := range words[1:] {
		s, err := strconv.ParseUint(w, 16, 32)
		if err != nil {
			return "", f, err
		}
		f.sums = append(f.sums, uint32(s))
	}
	return name, f, nil
}

// compare gives the first difference, by file name.
func compare(dir string, sealed map[string]sealedFile) error {
	seen := 0
	err := eachFile(dir, func(name string) error {
		was, ok := sealed[name]
		if !ok {
			return &Damage{name, 0, "the file was not there when the machine stopped"}
		}
		seen++
		sums, size, err := blockSums(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		return compareFile(name, was, sealedFile{size, sums})
	})
	if err != nil || seen == len(sealed) {
		return err
	}
	for name := range sealed {
		if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
			return &Damage{name, 0, "the file is missing"}
		}
	}
	return nil
}

func compareFile(name string, was, is sealedFile) error {
	for i := range min(len(was.sums), len(is.sums)) {
		end := int64(i+1) * sealBlock
		if was.sums[i] != is.sums[i] && end <= min(was.size, is.size) {
			return blockDamage(name, i)
		}
	}
	if was.size != is.size {
		return &Damage{name, min(was.size, is.size), fmt.Sprintf("the file had %d bytes when the machine stopped, now it has %d", was.size, is.size)}
	}
	if n := len(was.sums) - 1; n >= 0 && was.sums[n] != is.sums[n] {
		return blockDamage(name, n)
	}
	return nil
}

func blockDamage(name string, block int) *Damage {
	return &Damage{name, int64(block) * sealBlock, fmt.Sprintf("the block of %d bytes there does not match its checksum", sealBlock)}
}

// eachFile calls f with the name of every file below dir but the seal, in order.
func eachFile(dir string, f func(name string) error) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name == sealFile || name == sealFile+".new" {
			return err
		}
		return f(filepath.ToSlash(name))
	})
}

func blockSums(path string) (sums []uint32, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	block := make([]byte, sealBlock)
	for {
		n, err := io.ReadFull(f, block)
		if n > 0 {
			sums = append(sums, crc32.Checksum(block[:n], castagnoli))
			size += int64(n)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return sums, size, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}
