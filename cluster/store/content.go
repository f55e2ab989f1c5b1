package store

import "io"

// Content is the store's file as it is now, for another node: its size in bytes, and what reads it. Close it; what is read
// after that is an error.
func (s *Store) Content() (size int64, content io.ReadCloser) {
	s.bemu.RLock()
	shot := s.be.Snapshot()
	s.bemu.RUnlock()
	r, w := io.Pipe()
	go func() {
		_, err := shot.WriteTo(w)
		shot.Close()
		w.CloseWithError(err)
	}()
	return shot.Size(), r
}
