package lessons

import "testing"

// BenchmarkLoad reads all lessons that come with the program, as every start of a server and of a room does.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		clear(memory.of) // a process starts without any
		if _, err := Load(Embedded()); err != nil {
			b.Fatal(err)
		}
	}
}
