package disk

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// LosePower makes of a node's directory, whose process was killed, what a power cut at that instant might have left.
// The note is what Options.Witness named. It gives sentences about what was taken. The rules:
//
//   - Of writes to the log behind the last fsync, each sector may be there or not.
//   - Of bbolt's files, the last transaction may be missing if its fsync had not returned; pages that no transaction on
//     disk uses, among them those of an unfinished one, may hold anything. A page that names a transaction is there or
//     not, because it is smaller than a sector.
//   - Names of files, and their lengths, are as the process left them: file systems with a journal keep them in order, and
//     a file is only relied on when its directory was fsynced.
//   - Snapshots and what was read at start were fsynced before anybody relied on them, and stay.
func LosePower(dir, note string, dice *rand.Rand) (lost []string, err error) {
	n, err := readNote(note)
	if err != nil {
		return nil, err
	}
	what, err := n.cutLog(dir, dice)
	if err != nil {
		return nil, err
	}
	lost = append(lost, what...)
	for _, name := range []string{stableFile, dbFile} {
		what, err := n.cutBolt(dir, name, dice)
		if err != nil {
			return nil, err
		}
		lost = append(lost, what...)
	}
	return lost, nil
}

// note is what a witness wrote down last.
type note struct {
	generation, write uint64
	sums              map[string]uint64
}

func readNote(path string) (*note, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the note of what is on disk cannot be read: %w", err)
	}
	n := &note{sums: map[string]uint64{}}
	lines := bufio.NewScanner(strings.NewReader(string(b)))
	for lines.Scan() {
		var name string
		var g, w, sum uint64
		if _, err := fmt.Sscanf(lines.Text()+"\n", logNote, &g, &w); err == nil {
			n.generation, n.write = g, w
		} else if _, err := fmt.Sscanf(lines.Text()+"\n", boltNote, &name, &sum); err == nil {
			n.sums[name] = sum
		} else {
			return nil, fmt.Errorf("the note %s has the line %q, which no node has written", path, clip(lines.Text()))
		}
	}
	return n, lines.Err()
}

// cutLog takes sectors of the newest file that were written behind the last fsync. Older files are on disk: the next one
// is begun after their fsync.
func (n *note) cutLog(dir string, dice *rand.Rand) (lost []string, err error) {
	found, err := generations(filepath.Join(dir, logDir))
	if err != nil || len(found) == 0 || found[len(found)-1] != n.generation {
		return nil, err
	}
	files, err := segments(generationDir(filepath.Join(dir, logDir), n.generation))
	if err != nil || len(files) == 0 {
		return nil, err
	}
	path := files[len(files)-1].path
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	from, to := n.unsynced(b)
	if from == to {
		return nil, nil
	}
	const keepAll, keepNone = 0, 1 // and anything else: each sector by itself
	mode, gone := dice.IntN(4), 0
	for at := from; at < to; at = nextSector(at) {
		if mode == keepAll || mode != keepNone && dice.IntN(2) == 0 {
			continue
		}
		clear(b[at:min(nextSector(at), to)])
		gone++
	}
	if gone == 0 {
		return nil, nil
	}
	return []string{fmt.Sprintf("%d sectors of the log's last write", gone)}, os.WriteFile(path, b, 0o600)
}

// unsynced is where in the newest file the writes behind the last fsync lie.
func (n *note) unsynced(b []byte) (from, to int) {
	to = len(b)
	for to > 0 && b[to-1] == 0 {
		to--
	}
	var crc uint32
	for off := 0; off < to; {
		f := readFrame(b, off, crc)
		if f.end || f.what != "" {
			return off, max(off, to)
		}
		if size, _ := frameSize(b, off); off > 0 {
			if w, ok := writeOf(b[off+8 : off+8+size]); ok && w.number > n.write {
				return off, to
			}
		}
		crc = f.rec.GetCrc()
		off += f.size
	}
	return to, to
}

// cutBolt may take the last transaction of a file, and scrambles pages that nothing on disk uses.
func (n *note) cutBolt(dir, name string, dice *rand.Rand) (lost []string, err error) {
	path := filepath.Join(dir, name)
	found, err := readMetas(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(found) == 2 && found[1].sum() == n.sums[name] && dice.IntN(2) == 0 {
		if err := found[0].replace(path, found[1]); err != nil {
			return nil, err
		}
		lost = append(lost, fmt.Sprintf("the last transaction of %s", name))
	}
	return lost, scramble(path, dice)
}

// replace writes over a meta what older says, as it was there two transactions before.
func (m meta) replace(path string, older meta) error {
	b := append([]byte(nil), older.b...)
	binary.LittleEndian.PutUint64(b[metaTxid:], older.txid()-1)
	binary.LittleEndian.PutUint64(b[metaSum:], meta{b: b}.sumOf())
	return patch(path, m.at+metaHead, b)
}

func patch(path string, at int64, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, at)
	return errors.Join(err, f.Close())
}

// scramble fills some of the free pages with noise.
func scramble(path string, dice *rand.Rand) error {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: lockFor})
	if err != nil {
		return err
	}
	var free []int64
	size := int64(db.Info().PageSize)
	err = db.View(func(tx *bolt.Tx) error {
		for id := 2; int64(id)*size < tx.Size(); id++ {
			info, err := tx.Page(id)
			if err != nil {
				return err
			}
			if info == nil || info.Type == "free" { // nil: behind the last one in use
				free = append(free, int64(id)*size)
				continue
			}
			id += info.OverflowCount
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	noise := make([]byte, size)
	for _, at := range free {
		if dice.IntN(2) == 0 {
			continue
		}
		for i := range noise {
			noise[i] = byte(dice.Uint32())
		}
		if err := patch(path, at, noise); err != nil {
			return err
		}
	}
	return nil
}
