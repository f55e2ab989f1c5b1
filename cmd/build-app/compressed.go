package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"

	"github.com/andybalholm/brotli"
)

// sizes are what a file weighs compressed, in bytes.
type sizes struct{ brotli, gzip int }

// keep writes the file and its compressed siblings. What is already there and right is left alone: brotli at
// its best takes seconds.
func keep(b []byte, path string) (sizes, error) {
	if s, ok := kept(b, path); ok {
		return s, nil
	}
	br, gz := brotlied(b), gzipped(b)
	for suffix, data := range map[string][]byte{".br": br, ".gz": gz, "": b} {
		if err := os.WriteFile(path+suffix, data, 0o644); err != nil {
			return sizes{}, err
		}
	}
	return sizes{len(br), len(gz)}, nil
}

// kept says whether the file and its siblings hold b.
func kept(b []byte, path string) (sizes, bool) {
	plain, _ := os.ReadFile(path)
	br, _ := os.ReadFile(path + ".br")
	gz, _ := os.ReadFile(path + ".gz")
	if !bytes.Equal(plain, b) || len(br) == 0 || len(gz) == 0 {
		return sizes{}, false
	}
	fromBr, err := io.ReadAll(brotli.NewReader(bytes.NewReader(br)))
	if err != nil || !bytes.Equal(fromBr, b) {
		return sizes{}, false
	}
	r, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		return sizes{}, false
	}
	fromGz, err := io.ReadAll(r)
	return sizes{len(br), len(gz)}, err == nil && bytes.Equal(fromGz, b)
}

func brotlied(b []byte) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 24})
	w.Write(b) // into memory: cannot fail
	w.Close()
	return out.Bytes()
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // a level that exists: cannot fail
	w.Write(b)
	w.Close()
	return out.Bytes()
}
