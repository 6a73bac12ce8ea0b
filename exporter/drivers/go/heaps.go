package main

/*
#include <malloc.h>

static size_t in_use(void)  { struct mallinfo2 info = mallinfo2(); return info.uordblks; }
static size_t mapped(void)  { struct mallinfo2 info = mallinfo2(); return info.hblkhd; }
static size_t arena(void)   { struct mallinfo2 info = mallinfo2(); return info.arena; }
static size_t unused(void)  { struct mallinfo2 info = mallinfo2(); return info.fordblks; }
*/
import "C"

import (
	"runtime"
	"runtime/debug"
)

// readHeaps reads Go's heap and malloc's, which the SDK's native library allocates from. They do not overlap:
// Go maps its heap itself.
func readHeaps() fields {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return fields{
		"heap_bytes": fields{
			"go":     stats.HeapAlloc,
			"native": uint64(C.in_use()),
			"mmap":   uint64(C.mapped()),
		},
		"allocator_bytes": fields{"arena": uint64(C.arena()), "free": uint64(C.unused())},
		"objects":         stats.HeapObjects,
		"collections":     stats.NumGC,
		"goroutines":      runtime.NumGoroutine(),
	}
}

// trim gives back what Go's heap and malloc hold unused, and tells of malloc whether it gave any.
func trim() bool {
	debug.FreeOSMemory()
	return C.malloc_trim(0) == 1
}
