package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"math"
	"os"

	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/server/v3/lease/leasepb"
	"google.golang.org/protobuf/proto"
)

// checkFile reads bbolt's file before bbolt and etcd do: on a page or a message that they cannot make sense of those
// panic, with goroutines running that never end, or read outside of the file. What still makes sense but is wrong,
// because a bit of a value was flipped, is not found: bbolt has no checksums (disk.Seal has, for a machine that was stopped).
func checkFile(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", path, err)
	}
	if info.Size() == 0 {
		return nil
	}
	if err := checkPages(f, info.Size()); err != nil {
		return fmt.Errorf("%s is damaged: %w; wipe this node and let it join again as a new member, or put the file back from a copy", path, err)
	}
	return nil
}

// Layout of bbolt's file, little-endian as on every machine that it is used on: pages with a header of 16 bytes (number,
// kind, count, overflow), then elements of 16 bytes, then keys and values.
const (
	pageHead, element  = 16, 16
	branchPage         = 0x01
	leafPage           = 0x02
	bucketElement      = 0x01
	bucketHead         = 16
	metaBytes          = 64
	metaMagic          = 0xED0CDAED
	metaVersion        = 2
	noFreelist         = math.MaxUint64 // etcd does not save the list of free pages
	leastPage, topPage = 1 << 10, 1 << 16
)

// pages is a file being checked. Only the pages from the root to the one being looked at are in memory.
type pages struct {
	file io.ReaderAt
	size uint64   // of a page
	high uint64   // no page has this number or a higher one
	seen []uint64 // a bit a page
}

func checkPages(file io.ReaderAt, length int64) error {
	root, p, err := newestMeta(file, length)
	if err != nil {
		return err
	}
	p.seen = make([]uint64, p.high/64+1)
	_, err = p.walk(root, nil, nil, "")
	return err
}

// newestMeta finds the newer whole one of the two meta pages.
func newestMeta(file io.ReaderAt, length int64) (root uint64, p *pages, err error) {
	newest, m := uint64(0), make([]byte, metaBytes)
	for size := uint64(leastPage); size <= topPage; size *= 2 {
		for _, at := range []uint64{0, size} {
			if _, err := file.ReadAt(m, int64(at+pageHead)); err != nil || !wholeMeta(m) || u32(m, 8) != uint32(size) || p != nil && u64(m, 48) < newest {
				continue
			}
			newest, root = u64(m, 48), u64(m, 16)
			p = &pages{file: file, size: size, high: min(u64(m, 40), uint64(length)/size)}
			if u64(m, 32) != noFreelist {
				err = errors.New("it has a list of free pages, which is never written")
			}
		}
	}
	if p == nil {
		return 0, nil, errors.New("both its meta pages are")
	}
	return root, p, err
}

func wholeMeta(m []byte) bool {
	h := fnv.New64a()
	h.Write(m[:metaBytes-8])
	return u32(m, 0) == metaMagic && u32(m, 4) == metaVersion && u64(m, metaBytes-8) == h.Sum64()
}

// walk checks the tree below a page, whose keys lie in [least, most), and gives its last key.
func (p *pages) walk(number uint64, least, most []byte, bucket string) (last []byte, err error) {
	body, err := p.page(number)
	if err != nil {
		return nil, err
	}
	count := uint64(binary.LittleEndian.Uint16(body[10:]))
	switch kind := binary.LittleEndian.Uint16(body[8:]); {
	case kind == branchPage && count > 0:
		last, err = p.branch(body, count, least, most, bucket)
	case kind == leafPage:
		last, err = p.leaf(body, count, least, most, bucket)
	default:
		err = fmt.Errorf("its kind is %#x, with %d elements", kind, count)
	}
	if err != nil {
		return nil, fmt.Errorf("page %d at byte %d: %w", number, number*p.size, err)
	}
	return last, nil
}

// page reads a page with those that continue it, each of which may be used once.
func (p *pages) page(number uint64) ([]byte, error) {
	if number < 2 || number >= p.high {
		return nil, fmt.Errorf("page %d is not there", number)
	}
	body, at := make([]byte, p.size), int64(number*p.size)
	if _, err := p.file.ReadAt(body, at); err != nil {
		return nil, fmt.Errorf("page %d cannot be read: %w", number, err)
	}
	if u64(body, 0) != number {
		return nil, fmt.Errorf("page %d is not there", number)
	}
	n := uint64(u32(body, 12)) + 1
	if n > p.high-number {
		return nil, fmt.Errorf("page %d is continued behind the end", number)
	}
	for i := number; i < number+n; i++ {
		if p.seen[i/64]&(1<<(i%64)) != 0 {
			return nil, fmt.Errorf("page %d is used twice", i)
		}
		p.seen[i/64] |= 1 << (i % 64)
	}
	if n == 1 {
		return body, nil
	}
	body = make([]byte, n*p.size)
	if _, err := p.file.ReadAt(body, at); err != nil {
		return nil, fmt.Errorf("page %d cannot be read: %w", number, err)
	}
	return body, nil
}

func (p *pages) branch(body []byte, count uint64, least, most []byte, bucket string) (last []byte, err error) {
	key := func(i uint64) []byte {
		at := pageHead + i*element
		e := slice(body, at, element)
		if e == nil {
			return nil
		}
		return slice(body, at+uint64(u32(e, 0)), uint64(u32(e, 4)))
	}
	last = least
	for i := range count {
		k, end := key(i), most
		if i+1 < count {
			end = key(i + 1)
		}
		if err := inOrder(k, last, end, i == 0); err != nil {
			return nil, err
		}
		child := u64(body, int(pageHead+i*element+8))
		if last, err = p.walk(child, k, end, bucket); err != nil {
			return nil, err
		}
	}
	return last, nil
}

func (p *pages) leaf(body []byte, count uint64, least, most []byte, bucket string) (last []byte, err error) {
	last = least
	for i := range count {
		at := pageHead + i*element
		e := slice(body, at, element)
		if e == nil {
			return nil, fmt.Errorf("it has no room for %d elements", count)
		}
		k := slice(body, at+uint64(u32(e, 4)), uint64(u32(e, 8)))
		v := slice(body, at+uint64(u32(e, 4))+uint64(u32(e, 8)), uint64(u32(e, 12)))
		if v == nil {
			return nil, fmt.Errorf("element %d lies outside of it", i)
		}
		if err := inOrder(k, last, most, i == 0); err != nil {
			return nil, err
		}
		if u32(e, 0)&bucketElement != 0 {
			err = p.bucket(string(k), v)
		} else {
			err = checkValue(bucket, k, v)
		}
		if err != nil {
			return nil, err
		}
		last = k
	}
	return last, nil
}

// bucket is a tree of its own, or a leaf inside its element if it is small.
func (p *pages) bucket(name string, v []byte) error {
	if len(v) < bucketHead {
		return fmt.Errorf("bucket %q is cut short", clip(name))
	}
	if root := u64(v, 0); root != 0 {
		_, err := p.walk(root, nil, nil, name)
		return err
	}
	body := v[bucketHead:]
	if len(body) < pageHead || binary.LittleEndian.Uint16(body[8:]) != leafPage {
		return fmt.Errorf("bucket %q is no leaf", clip(name))
	}
	_, err := p.leaf(body, uint64(binary.LittleEndian.Uint16(body[10:])), nil, nil, name)
	return err
}

// inOrder checks a key against the one before it and the end of its range. The first key of a page may be the least one.
func inOrder(k, before, most []byte, first bool) error {
	order := bytes.Compare(before, k)
	if k == nil || before != nil && (order > 0 || order == 0 && !first) || most != nil && bytes.Compare(k, most) >= 0 {
		return fmt.Errorf("its keys are not in order at %x", k)
	}
	return nil
}

// The parts of etcd's file that hold encoded messages.
var messages = map[string]func() proto.Message{
	"key":       func() proto.Message { return &mvccpb.KeyValue{} },
	"lease":     func() proto.Message { return &leasepb.Lease{} },
	"authUsers": func() proto.Message { return &authpb.User{} },
	"authRoles": func() proto.Message { return &authpb.Role{} },
}

func checkValue(bucket string, k, v []byte) error {
	if bucket == "key" && !isRevision(k) {
		return fmt.Errorf("%x is no revision", k)
	}
	if message, ok := messages[bucket]; ok && proto.Unmarshal(v, message()) != nil {
		return fmt.Errorf("%x in %q cannot be decoded", k, clip(bucket))
	}
	return nil
}

// isRevision knows the form of etcd's keys: main revision, "_", sub revision and, if it is a deletion, "t".
func isRevision(k []byte) bool {
	return (len(k) == 17 || len(k) == 18 && k[17] == 't') && k[8] == '_' && k[0] < 0x80 && k[9] < 0x80
}

// slice is b[at:at+n], or nil if that lies outside.
func slice(b []byte, at, n uint64) []byte {
	if at > uint64(len(b)) || n > uint64(len(b))-at {
		return nil
	}
	return b[at : at+n : at+n]
}

func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
